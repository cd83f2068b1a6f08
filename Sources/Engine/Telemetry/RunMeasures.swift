import Basics
import Diagnostics
import Foundation
import Pipelines

/// Numbers of a run that no row of the record says: rows it read, pieces of films it found. There
/// are a few for each pipeline, however many tenants there are.
///
/// They are kept with the run's row, and counted like its other numbers once it has ended.
final class RunMeasures: Sendable {
  private struct Name: Hashable {
    var metric: String
    var labels: [String]
  }

  private struct Measure: Encodable {
    var metric: String
    var labels: [String]
    var value: Double
    var is_gauge: Bool
  }

  private let counts = Locked<[Name: Double]>([:])
  private let gauges = Locked<[Name: Double]>([:])

  /// Adds to a counter of `MetricCatalog`, by its name without `yearbook_`.
  func add(_ metric: String, _ labels: [String], _ number: Double) {
    counts.withLock { $0[Name(metric: metric, labels: labels), default: 0] += number }
  }

  /// Sets a gauge. Of several values, the largest stays: the worst of several sessions.
  func set(_ metric: String, _ labels: [String], to number: Double) {
    let name = Name(metric: metric, labels: labels)
    gauges.withLock { $0[name] = max($0[name] ?? number, number) }
  }

  /// Adds what reading a batch of one pipeline's partitions took and gave.
  func add(_ reading: SourceReader.Reading, of pipeline: Pipeline) {
    let name = pipeline.name
    var rows = 0
    var failed = 0
    for outcome in reading.outcomes {
      switch outcome {
      case .success(let datasets) where reading.isRead:
        rows += datasets.reduce(0) { $0 + $1.rows }
      case .success: break
      case .failure: failed += 1
      }
    }
    let outcome = reading.isRead ? "read" : "unchanged"
    add("extractions", [name, outcome], Double(reading.outcomes.count - failed))
    if failed > 0 { add("extractions", [name, "failed"], Double(failed)) }
    guard reading.isRead else { return }
    add("extraction_rows", [name], Double(rows))
    add(
      "extraction_duration_seconds", [name, pipeline.extract.source ?? "source"], reading.seconds)
  }

  /// All of them, as the record keeps them.
  func json() throws(Diagnostic) -> String {
    let all =
      counts.withLock { $0 }.map { ($0, $1, false) } + gauges.withLock { $0 }.map { ($0, $1, true) }
    let measures = all.map { name, value, isGauge in
      Measure(metric: name.metric, labels: name.labels, value: value, is_gauge: isGauge)
    }.sorted { ($0.metric, $0.labels.joined()) < ($1.metric, $1.labels.joined()) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    do {
      return String(decoding: try encoder.encode(measures), as: UTF8.self)
    } catch {
      throw Diagnostic(.bug, "what the run measured cannot be written", underlying: error)
    }
  }
}
