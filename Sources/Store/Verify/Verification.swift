/// Something in the store that is not as it was published.
public struct Fault: Hashable, Sendable {
  /// What is wrong. A struct round a private enum, so that it can grow without breaking a `switch`.
  public struct Kind: Hashable, Sendable, CustomStringConvertible {
    private enum Word: String, Sendable {
      case missing, extra, altered, unreadable, symlink, halfMade, badHead, badManifest, rolledBack
      case wrongTenant, unreferenced, leftover, unsigned, badSignature
    }

    private var word: Word

    /// A file or release that a manifest or a head names is not there.
    public static let missing = Kind(word: .missing)
    /// Nothing names it.
    public static let extra = Kind(word: .extra)
    /// Its size or its digest is not the one it was published with.
    public static let altered = Kind(word: .altered)
    /// The system cannot read it.
    public static let unreadable = Kind(word: .unreadable)
    /// A symbolic link, which a store never holds.
    public static let symlink = Kind(word: .symlink)
    /// A release's folder without any manifest.
    public static let halfMade = Kind(word: .halfMade)
    /// A head or `latest.json` that cannot be read or has another number than its name.
    public static let badHead = Kind(word: .badHead)
    /// A manifest or data package that cannot be read or contradicts another.
    public static let badManifest = Kind(word: .badManifest)
    /// `latest.json` is an older head than the newest, or older than one that was seen before.
    public static let rolledBack = Kind(word: .rolledBack)
    /// `tenant.json` does not say whose folder it is.
    public static let wrongTenant = Kind(word: .wrongTenant)
    /// A signature is asked for and not there.
    public static let unsigned = Kind(word: .unsigned)
    /// A signature that is damaged, of other bytes, or by nobody who may sign.
    public static let badSignature = Kind(word: .badSignature)
    /// What a publisher or a pruner that died did not get to remove. Harmless.
    public static let leftover = Kind(word: .leftover)
    /// A release no head names: a publisher died before readers could see it. Harmless.
    public static let unreferenced = Kind(word: .unreferenced)

    /// `half-made`
    public var description: String {
      word.rawValue.reduce(into: "") { text, letter in
        text += letter.isUppercase ? "-" + letter.lowercased() : String(letter)
      }
    }

    private init(word: Word) { self.word = word }
  }

  /// Relative to the store's root.
  public var path: String
  public var kind: Kind

  public init(_ kind: Kind, _ path: String) {
    self.kind = kind
    self.path = path
  }

  /// Whether no reader can meet it.
  public var isHarmless: Bool { kind == .unreferenced || kind == .leftover }
}

/// How closely to look.
public struct VerifyOptions: Sendable {
  /// Whether the payload's bytes are read and hashed; else only its names and sizes are looked at. Heads,
  /// manifests and data packages are always read.
  public var isDeep = false
  /// Whose signatures all heads and releases must have; without it a signature need only fit its bytes, and
  /// that is looked at in depth alone.
  public var signers: AllowedSigners?
  /// The least sequence a partition's newest head must have: what the record or somebody else has seen.
  public var sequences: [ReleasePartition: Int] = [:]

  public init(
    isDeep: Bool = false, signers: AllowedSigners? = nil, sequences: [ReleasePartition: Int] = [:]
  ) {
    self.isDeep = isDeep
    self.signers = signers
    self.sequences = sequences
  }
}

/// What verifying found.
public struct Verification: Hashable, Sendable {
  /// In the order of the folders.
  public var faults: [Fault] = []
  public var releaseCount = 0
  /// Files of payloads.
  public var fileCount = 0
  /// Bytes of payloads, a file with several names counted by each.
  public var byteCount = 0

  public init() {}

  /// Whether readers get what was published.
  public var isSound: Bool { faults.allSatisfy(\.isHarmless) }

  /// Adds what another part of the store's verifying found.
  public mutating func add(_ other: Verification) {
    faults += other.faults
    releaseCount += other.releaseCount
    fileCount += other.fileCount
    byteCount += other.byteCount
  }
}
