import Basics
import Diagnostics
import Foundation
import Pipelines
import Stages
import Store

/// Measures the cost of a stage without its work: finding no result, keeping a result, and
/// recording it durably. For bench/engine.
package enum StageBench {
  /// What was measured.
  package struct Times: Sendable {
    /// Seconds for all stages together.
    package var cold: Double
    /// Seconds for the same stages again, when every result is found.
    package var found: Double
  }

  /// Runs stages that do nothing, each under its own key.
  ///
  /// - Parameter bytes: the size of the one file that each stage makes; 0 for no file.
  package static func run(
    stages count: Int, bytes: Int, threads: Int, record conninfo: String, workspace: String
  ) throws -> Times {
    let cold = try pass(count, bytes, threads, conninfo, workspace, isCold: true)
    let found = try pass(count, bytes, threads, conninfo, workspace, isCold: false)
    return Times(cold: cold, found: found)
  }

  private static let tenant = "00000000-0000-4000-8000-000000000001"

  private static func pass(
    _ count: Int, _ bytes: Int, _ threads: Int, _ conninfo: String, _ workspace: String,
    isCold: Bool
  ) throws -> Double {
    let blobs = try BlobStore(workspace: workspace)
    let writer = RecordWriter(
      record: Locked(try RunRecord(conninfo)), blobs: blobs, run: "bench", sharedRun: "bench")
    let committer = try Committer(write: writer.write) { _ in }
    let cache = ResultCache(
      blobs: blobs, record: Locked(try RunRecord(conninfo)), committer: committer, policy: .all)
    let pool = try WorkerPool(size: threads)
    defer { pool.stop() }
    let failure = Locked<(any Error)?>(nil)
    let made = Locked(0)
    let running = Stopwatch()
    for number in 0..<count {
      pool.submit(order: number) {
        do {
          var inputs = KeyInputs(stage: "nothing", version: 1)
          inputs.add("number", String(number))
          inputs.add("bytes", String(bytes))
          if try cache.find(inputs.key, tenant: tenant) != nil { return }
          var output = StageOutput(files: [])
          if bytes > 0 {
            let text = Array("\(number) ".utf8)
            output.files.append(
              .init(
                name: "nothing", mediaType: "text/plain", isPublished: false,
                content: .bytes((0..<bytes).map { text[$0 % text.count] })))
          }
          _ = try cache.add(
            output, inputs: inputs, stage: "nothing", tenant: tenant, seconds: 0)
          made.withLock { $0 += 1 }
        } catch {
          failure.withLock { $0 = $0 ?? error }
        }
      }
    }
    pool.drain(every: 1) {}
    try committer.finish()
    let seconds = running.seconds
    if let error = failure.withLock({ $0 }) { throw error }
    let (expected, found) = (isCold ? count : 0, made.withLock { $0 })
    guard found == expected else {
      throw Diagnostic(.bug, "\(found) stages ran, but \(expected) were expected")
    }
    return seconds
  }
}
