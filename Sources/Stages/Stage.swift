public import Diagnostics
public import Pipelines

/// One step of a partition's way from rows to a release.
///
/// A stage is a pure function of what `keyInputs` names: no clock, host, run, locale of the process, hash
/// order or number of threads may reach its files. It runs on one of the engine's threads and may block.
public protocol Stage: Sendable {
  /// `aggregate`, `render`, `stitch`
  var name: String { get }

  /// Everything that decides the result. `inputs` are the files of the stages before it; of the environment
  /// it may use the templates, the messages and the digests of media.
  func keyInputs(
    _ work: PartitionWork, inputs: [Artifact], environment: any StageEnvironment
  ) throws -> KeyInputs

  /// Makes the result. Throws a `Diagnostic` where it can't; what it can do without is a warning.
  func run(
    _ work: PartitionWork, inputs: [Artifact], environment: any StageEnvironment
  ) throws -> StageOutput
}

/// What a stage works on: one tenant × one period of one pipeline, with its rows.
public struct PartitionWork: Sendable {
  public var tenant: Tenant
  public var settings: TenantSettings
  public var period: Period
  public var pipeline: Pipeline
  /// min(the run's now, the period's last day) in the tenant's zone; `nil` unless the pipeline asks for it.
  public var asOf: CivilDate?
  /// In the order of the pipeline file.
  public var datasets: [Dataset]
  /// The pipelines that have a release of this tenant and period, of those that pages link to; `nil`: taken for all.
  public var linked: Set<String>?

  public init(
    tenant: Tenant, settings: TenantSettings, period: Period, pipeline: Pipeline,
    asOf: CivilDate?, datasets: [Dataset], linked: Set<String>? = nil
  ) {
    self.tenant = tenant
    self.settings = settings
    self.period = period
    self.pipeline = pipeline
    self.asOf = asOf
    self.datasets = datasets
    self.linked = linked
  }

  public func dataset(_ name: String) -> Dataset? { datasets.first { $0.name == name } }
}

/// The rows of one query for one partition as CSV: in memory while they are few, else a file in the workspace.
///
/// RFC 4180 with LF as PostgreSQL prints it: a header line, NULL an unquoted empty field, `''` a quoted one.
public struct Dataset: Sendable, Hashable {
  public struct Column: Sendable, Hashable, Codable {
    public var name: String
    /// PostgreSQL's name of the type: `text`, `integer`, `numeric`, `timestamp with time zone` …
    public var type: String

    public init(name: String, type: String) {
      self.name = name
      self.type = type
    }
  }

  /// Where the bytes are.
  public enum Content: Sendable, Hashable {
    case memory(HeldBytes)
    case file(path: String)
  }

  public var name: String
  public var columns: [Column]
  public var rows: Int
  public var bytes: Int
  /// SHA-256 of the content, lower-case hexadecimal.
  public var digest: String
  public var content: Content

  public init(
    name: String, columns: [Column], rows: Int, bytes: Int, digest: String, content: Content
  ) {
    self.name = name
    self.columns = columns
    self.rows = rows
    self.bytes = bytes
    self.digest = digest
    self.content = content
  }
}

/// Bytes that count against a limit for as long as somebody holds them.
public final class HeldBytes: Sendable, Hashable {
  public let bytes: [UInt8]
  private let release: @Sendable () -> Void

  /// - Parameter release: called when the last holder lets go.
  public init(_ bytes: [UInt8], release: @escaping @Sendable () -> Void = {}) {
    self.bytes = bytes
    self.release = release
  }

  deinit { release() }

  public static func == (one: HeldBytes, other: HeldBytes) -> Bool { one.bytes == other.bytes }
  public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

/// A file that a stage made, in the workspace.
public struct Artifact: Sendable, Hashable {
  /// `[a-z0-9._/-]+`, the published name below `data/`.
  public var name: String
  public var mediaType: String
  /// Whether it belongs in the release, or only feeds the next stage.
  public var isPublished: Bool
  /// For a table: its Table Schema and dialect as JSON, for the data package.
  public var table: TableDescription?
  public var bytes: Int
  /// SHA-256, lower-case hexadecimal.
  public var digest: String
  /// Where the file lies now.
  public var path: String

  public init(
    name: String, mediaType: String, isPublished: Bool, table: TableDescription?, bytes: Int,
    digest: String, path: String
  ) {
    self.name = name
    self.mediaType = mediaType
    self.isPublished = isPublished
    self.table = table
    self.bytes = bytes
    self.digest = digest
    self.path = path
  }
}

/// What a data package says of a table: Frictionless' Table Schema and CSV dialect, as JSON texts.
public struct TableDescription: Sendable, Hashable, Codable {
  public var schemaJSON: String
  public var dialectJSON: String
  public var rows: Int

  public init(schemaJSON: String, dialectJSON: String, rows: Int) {
    self.schemaJSON = schemaJSON
    self.dialectJSON = dialectJSON
    self.rows = rows
  }
}

/// What a stage hands over.
public struct StageOutput: Sendable {
  public struct File: Sendable {
    public enum Content: Sendable {
      case bytes([UInt8])
      /// A finished file below the environment's scratch folder, which the engine moves away.
      case file(String)
      /// A file of an earlier stage, taken over as it is.
      case artifact(Artifact)
    }

    public var name: String
    public var mediaType: String
    public var isPublished: Bool
    public var table: TableDescription?
    public var content: Content

    public init(
      name: String, mediaType: String, isPublished: Bool = true, table: TableDescription? = nil,
      content: Content
    ) {
      self.name = name
      self.mediaType = mediaType
      self.isPublished = isPublished
      self.table = table
      self.content = content
    }
  }

  public var files: [File]
  public var warnings: [Warning]

  public init(files: [File], warnings: [Warning] = []) {
    self.files = files
    self.warnings = warnings
  }
}
