import Diagnostics
import Foundation
package import Pipelines
import Postgres
import Stages
import Store

/// What a run would do with one partition.
package struct Forecast: Sendable {
  /// Whether a stage would run, and why.
  package enum Verdict: Sendable, Equatable {
    /// The record has a result under the stage's key.
    case found
    /// There is no result. `changed` names the key inputs that differ from the stage's last result;
    /// it is `nil` without a last result.
    case runs(changed: [String]?)
    /// An earlier stage runs, and its files decide this stage's key.
    case follows(String)
    /// Its key cannot be made.
    case fails(String)
  }

  /// One stage of the partition.
  package struct Stage: Sendable {
    package var name: String
    package var verdict: Verdict
    /// Expected seconds: the last time's, or the mean for this stage and pipeline; `nil` without
    /// history.
    package var seconds: Double?
  }

  /// Whether the rows would be read, and why.
  package enum Rows: Sendable, Equatable {
    /// They are those of an earlier run.
    case same
    /// What decides them differs from the last time, by name and with what it was and is; `nil`
    /// without a last time.
    case read(changed: [String]?)
  }

  package var pipeline: String
  package var slug: String
  package var period: Period
  /// `nil` if the pipeline's tables cannot be fingerprinted: then each run reads the rows.
  package var rows: Rows? = nil
  /// In the order in which they run; empty if the rows cannot be read.
  package var stages: [Stage]
  /// Why the rows cannot be read.
  package var failure: String?

  /// Whether the run would do more than reading.
  package var works: Bool { stages.contains { $0.verdict != .found } }
}

/// Computes stage keys without running a stage.
struct Forecaster {
  let record: RunRecord
  let cache: ResultCache
  let store: ReleaseStore
  /// Gives stages what they need to name the inputs of their keys.
  let environment: (_ partition: RunPlan.Partition, _ stage: String) -> PartitionEnvironment

  func forecast(_ partition: RunPlan.Partition, _ datasets: [Dataset]) throws -> Forecast {
    var forecast = Forecast(
      pipeline: partition.pipeline.name, slug: partition.tenant.slug, period: partition.period,
      stages: [], failure: nil)
    let work = PartitionWork(
      tenant: partition.tenant, settings: partition.settings, period: partition.period,
      pipeline: partition.pipeline, asOf: partition.asOf, progress: partition.progress,
      datasets: datasets,
      linked: try store.linked(partition))
    var files: [Artifact] = []
    var running: String?
    for stage in StageList.stages(of: partition.pipeline) {
      let last = try record.lastResult(of: stage.name, partition.key)
      let seconds = try last?.seconds ?? record.meanSeconds(of: stage.name, partition.pipeline.name)
      var verdict: Forecast.Verdict
      if let running {
        verdict = .follows(running)
      } else {
        do {
          let inputs = try stage.prepare(
            work, inputs: files, environment: environment(partition, stage.name)
          ).inputs
          if let found = try cache.find(inputs.key, tenant: partition.tenant.id) {
            files += found.files
            verdict = .found
          } else {
            running = stage.name
            verdict = .runs(changed: last.map { Self.changes(from: $0.inputs, to: inputs.parts) })
          }
        } catch let error as Diagnostic {
          running = stage.name
          verdict = .fails(error.description)
        }
      }
      forecast.stages.append(
        Forecast.Stage(name: stage.name, verdict: verdict, seconds: seconds))
    }
    return forecast
  }

  private static func changes(from old: [String: String], to new: [String: String]) -> [String] {
    Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }.sorted()
  }
}
