package import Basics
package import Diagnostics
package import Pipelines

/// One step from a partition's rows to its release.
///
/// A stage is a pure function of the inputs that it names. Its files must not depend on the clock,
/// host, run, locale of the process, hash order or number of threads. It runs on one of the
/// engine's threads and can block.
package protocol Stage: Sendable {
  /// `aggregate`, `render`, `stitch`
  var name: String { get }
  /// Whether making the result takes the datasets' rows, not only their digests.
  var readsRows: Bool { get }

  /// Plans the work: names everything that decides the result, and how the result is made.
  ///
  /// - Parameters:
  ///   - inputs: The files of the stages before it.
  ///   - environment: Planning can use its templates, messages and digests of media.
  func prepare(
    _ work: PartitionWork, inputs: [Artifact], environment: any StageEnvironment
  ) throws -> PreparedStage
}

/// A stage whose work is planned and not yet done.
package struct PreparedStage {
  /// Everything that decides the result. Their key is the stage's key.
  package var inputs: KeyInputs
  /// Makes the result. The engine calls it again after a transient failure.
  ///
  /// Throws a `Diagnostic` if there is no result. A fault that does not prevent a result is a
  /// warning.
  package var run: () throws -> StageOutput

  package init(_ inputs: KeyInputs, run: @escaping () throws -> StageOutput) {
    self.inputs = inputs
    self.run = run
  }
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
  /// How far the period has come, and what it is compared with.
  package var progress: PeriodProgress
  /// In the order of the pipeline file.
  package var datasets: [Dataset]
  /// Of the pipelines that pages link to, those with a release of this tenant and period; `nil`
  /// stands for all.
  package var linked: [String: LinkedRelease]?
  /// The name of the person whose report it is; `nil`: it is the tenant's.
  var person: String?
  /// What its stages hand on in memory, beside their files.
  let memory = PartitionMemory()

  /// - Parameter progress: without it, the period has ended.
  package init(
    tenant: Tenant, settings: TenantSettings, period: Period, pipeline: Pipeline,
    asOf: CivilDate?, progress: PeriodProgress? = nil, datasets: [Dataset],
    linked: [String: LinkedRelease]? = nil
  ) {
    self.progress = progress ?? PeriodProgress(ended: period)
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
package typealias Artifact = ResultFile<StoredContent>

/// The files and warnings that a stage made.
package struct StageOutput: Sendable {
  /// A file that the stage made.
  package enum Content: Sendable {
    case bytes([UInt8])
    /// A finished file below the environment's scratch folder, which the engine moves away.
    case file(String)
    /// A file of an earlier stage, taken over as it is.
    case artifact(StoredContent)
  }

  package typealias File = ResultFile<Content>

  package var files: [File]
  package var warnings: [Warning]

  package init(files: [File], warnings: [Warning] = []) {
    self.files = files
    self.warnings = warnings
  }
}
