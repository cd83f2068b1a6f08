import Basics

/// Something in the store that is not as it was published.
package struct Fault: Hashable, Sendable {
  /// What is wrong. A struct around a private enum: a new kind breaks no `switch`.
  package struct Kind: Hashable, Sendable, CustomStringConvertible {
    private enum Word: String, Sendable {
      case missing, extra, altered, unreadable, symlink, halfMade, badHead, badManifest, rolledBack
      case wrongTenant, wrongPlace, unreferenced, leftover, outdated, unsigned, badSignature
    }

    private var word: Word

    /// A file or release that a manifest or a head names is not there.
    package static let missing = Kind(word: .missing)
    /// Nothing names it.
    package static let extra = Kind(word: .extra)
    /// Its size or its digest is not the one it was published with.
    package static let altered = Kind(word: .altered)
    /// The system cannot read it.
    package static let unreadable = Kind(word: .unreadable)
    /// A symbolic link, which a store never holds.
    package static let symlink = Kind(word: .symlink)
    /// A release's folder without any manifest.
    package static let halfMade = Kind(word: .halfMade)
    /// A head or `latest.json` that cannot be read or has another number than its name.
    package static let badHead = Kind(word: .badHead)
    /// A manifest or data package that cannot be read or contradicts another.
    package static let badManifest = Kind(word: .badManifest)
    /// `latest.json` is an older head than the newest, or older than one that was seen before.
    package static let rolledBack = Kind(word: .rolledBack)
    /// `tenant.json` does not say whose folder it is.
    package static let wrongTenant = Kind(word: .wrongTenant)
    /// A signed file that is another tenant's, pipeline's or period's, or a release under another
    /// id than its own.
    package static let wrongPlace = Kind(word: .wrongPlace)
    /// A signature is required and missing.
    package static let unsigned = Kind(word: .unsigned)
    /// A signature that is damaged, is of other bytes, or is not by an allowed signer.
    package static let badSignature = Kind(word: .badSignature)
    /// What a publisher or a pruner that died did not remove. Harmless.
    package static let leftover = Kind(word: .leftover)
    /// A page that other templates made, or that is renewed later than what it is made from. The
    /// next run renews it. Harmless.
    package static let outdated = Kind(word: .outdated)
    /// A release that no head names: a publisher died before readers could see it. Harmless.
    package static let unreferenced = Kind(word: .unreferenced)

    /// `half-made`
    package var description: String {
      word.rawValue.reduce(into: "") { text, letter in
        text += letter.isUppercase ? "-" + letter.lowercased() : String(letter)
      }
    }

    private init(word: Word) { self.word = word }
  }

  /// Relative to the store's root.
  package var path: String
  package var kind: Kind

  /// A fault of this kind at this path.
  package init(_ kind: Kind, _ path: String) {
    self.kind = kind
    self.path = path
  }

  /// Whether it can never reach a reader.
  package var isHarmless: Bool { [.unreferenced, .leftover, .outdated].contains(kind) }
}

/// Makes the pages of a folder again, by the slug of its tenant, or the operator's name.
package typealias PageMaking = @Sendable (String) -> MadePages

/// What the pages of one folder must be, as they were made again.
package struct MadePages: Sendable {
  /// By path from the store's root.
  package var pages: [String: [UInt8]] = [:]
  /// Pages that were made from older heads than the newest: they were put back, or their publisher
  /// died.
  package var behind: Set<String> = []
  /// Pages that can differ for a while, because they are renewed only at the end of a run.
  package var isLate: Set<String> = []
  /// Pages that could not be made again, because what they are made from is damaged, or that are
  /// made from more than the store.
  package var unknown: Set<String> = []
  /// What the pages show to be wrong elsewhere.
  package var faults: [Fault] = []
  /// Whether nobody can tell what the pages must be.
  package var isUnknown = false
  /// Why pages could not be made again.
  package var problem: String?

  /// No pages.
  package init() {}
}

/// How closely to look.
package struct VerifyOptions: Sendable {
  /// Whether the payload's bytes are read and hashed; otherwise only its names and sizes are
  /// checked. Heads, manifests and data packages are always read.
  package var isDeep = false
  /// Who must have signed all heads and releases. Without it, a signature must only fit its bytes,
  /// and that is checked only if `isDeep`.
  package var signers: AllowedSigners?
  /// The lowest sequence that a partition's newest head can have: what the record or somebody else
  /// has seen.
  package var sequences: [ReleasePartition: Int] = [:]
  /// Makes the pages of a tenant, or the operator's, again: the store knows no templates. Without
  /// it, pages are only compared with their signed list.
  package var pages: PageMaking?

  /// Options with the given values; the defaults check names, sizes and manifests.
  package init(
    isDeep: Bool = false, signers: AllowedSigners? = nil, sequences: [ReleasePartition: Int] = [:],
    pages: PageMaking? = nil
  ) {
    self.pages = pages
    self.isDeep = isDeep
    self.signers = signers
    self.sequences = sequences
  }
}

/// What verifying found.
package struct Verification: Hashable, Sendable {
  /// In the order of the folders.
  package var faults: [Fault] = []
  package var releaseCount = 0
  /// Files of payloads.
  package var fileCount = 0
  /// Bytes of payloads; a file with several names counts once per name.
  package var byteCount = 0
  /// Heads that do not name their tenant, pipeline and period, because an older version made them.
  package var unboundCount = 0
  /// What could not be compared, and why.
  package var notes: [String] = []

  /// Nothing verified yet, no faults.
  package init() {}

  /// Whether readers get what was published.
  package var isSound: Bool { faults.allSatisfy(\.isHarmless) }

  /// Adds what the verification of another part of the store found.
  package mutating func add(_ other: Verification) {
    faults += other.faults
    releaseCount += other.releaseCount
    fileCount += other.fileCount
    byteCount = byteCount.saturatingAdd(other.byteCount)
    unboundCount += other.unboundCount
    notes += other.notes
  }
}
