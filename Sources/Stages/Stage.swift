package import Basics
package import Diagnostics
package import Pipelines

/// One step of a partition's way from rows to a release.
///
/// A stage is a pure function of the inputs that it names: no clock, host, run, locale of the process, hash
/// order or number of threads may reach its files. It runs on one of the engine's threads and may block.
package protocol Stage: Sendable {
  /// `aggregate`, `render`, `stitch`
  var name: String { get }

  /// Plans the work: names everything that decides the result, and how the result is made.
  ///
  /// - Parameters:
  ///   - inputs: The files of the stages before it.
  ///   - environment: Of it, planning may use the templates, the messages and the digests of media.
  func prepare(
    _ work: PartitionWork, inputs: [Artifact], environment: any StageEnvironment
  ) throws -> PreparedStage
}

/// A stage whose work is planned and not yet done.
package struct PreparedStage {
  /// Everything that decides the result; their key is the stage's key.
  package var inputs: KeyInputs
  /// Makes the result; may be called again after a failure that may pass. Throws a `Diagnostic` where it
  /// cannot; what it can do without is a warning.
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
  /// min(the run's now, the period's last day) in the tenant's zone; `nil` unless the pipeline asks for it.
  package var asOf: CivilDate?
  /// In the order of the pipeline file.
  package var datasets: [Dataset]
  /// The pipelines that have a release of this tenant and period, of those that pages link to; `nil`: taken for all.
  package var linked: Set<String>?
  /// What its stages hand on in memory, beside their files.
  let memory = PartitionMemory()

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

  package func dataset(_ name: String) -> Dataset? { datasets.first { $0.name == name } }
}

/// A file that a stage made, in the workspace: its digest, its size, and where it lies.
package typealias Artifact = ResultFile<StoredContent>

/// What a stage hands over.
package struct StageOutput: Sendable {
  /// The bytes of a file that a stage has just made.
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
