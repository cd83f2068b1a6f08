package import Basics
package import Diagnostics
package import Pipelines

/// One step from a partition's rows to its release.
///
/// A stage is a pure function of what `keyInputs` names. Its files must not depend on the clock,
/// host, run, locale of the process, hash order or number of threads. It runs on one of the
/// engine's threads and can block.
package protocol Stage: Sendable {
  /// `aggregate`, `render`, `stitch`
  var name: String { get }

  /// Everything that decides the result. `inputs` are the files of the stages before it; of the
  /// environment it may use the templates, the messages and the digests of media.
  func keyInputs(
    _ work: PartitionWork, inputs: [Artifact], environment: any StageEnvironment
  ) throws -> KeyInputs

  /// Makes the result. Throws a `Diagnostic` if it cannot. A fault that does not prevent a result
  /// is a warning.
  func run(
    _ work: PartitionWork, inputs: [Artifact], environment: any StageEnvironment
  ) throws -> StageOutput
}

/// What a stage works on: one tenant × one period of one pipeline, with its rows.
package struct PartitionWork: Sendable {
  package var tenant: Tenant
  package var settings: TenantSettings
  package var period: Period
  package var pipeline: Pipeline
  /// min(today, the period's last day) in the tenant's time zone; `nil` unless the pipeline has
  /// `as_of: day`.
  package var asOf: CivilDate?
  /// In the order of the pipeline file.
  package var datasets: [Dataset]
  /// Of the pipelines that pages link to, those with a release of this tenant and period; `nil`
  /// stands for all.
  package var linked: Set<String>?

  package init(
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

  /// The dataset of a query; `nil` if the query was not extracted.
  package func dataset(_ name: String) -> Dataset? { datasets.first { $0.name == name } }
}

/// A file that a stage made, in the workspace.
package struct Artifact: Sendable, Hashable {
  /// `[a-z0-9._/-]+`, the published name below `data/`.
  package var name: String
  package var mediaType: String
  /// Whether it is part of the release; otherwise only later stages use it.
  package var isPublished: Bool
  /// For a table: its description for the data package.
  package var table: TableDescription?
  package var bytes: Int
  /// SHA-256, lower-case hexadecimal.
  package var digest: String
  /// The path of the file in the workspace.
  package var path: String

  package init(
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

/// A table's part of a data package: Frictionless Table Schema and CSV dialect, as JSON texts.
package struct TableDescription: Sendable, Hashable, Codable {
  package var schemaJSON: String
  package var dialectJSON: String
  package var rows: Int

  package init(schemaJSON: String, dialectJSON: String, rows: Int) {
    self.schemaJSON = schemaJSON
    self.dialectJSON = dialectJSON
    self.rows = rows
  }
}

/// The files and warnings that a stage made.
package struct StageOutput: Sendable {
  /// A file that the stage made.
  package struct File: Sendable {
    /// Where the file's bytes are.
    package enum Content: Sendable {
      case bytes([UInt8])
      /// A finished file below the environment's scratch folder. The engine moves it.
      case file(String)
      /// A file of an earlier stage, unchanged.
      case artifact(Artifact)
    }

    package var name: String
    package var mediaType: String
    package var isPublished: Bool
    package var table: TableDescription?
    package var content: Content

    package init(
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

  package var files: [File]
  package var warnings: [Warning]

  package init(files: [File], warnings: [Warning] = []) {
    self.files = files
    self.warnings = warnings
  }
}
