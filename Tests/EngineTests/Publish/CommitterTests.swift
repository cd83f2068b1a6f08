import Basics
import Diagnostics
import Foundation
import Pipelines
import TestSupport
import Testing

@testable import Engine

@Suite struct CommitterTests {
  private struct Broken: Error, Equatable { var number: Int }

  private func result(_ number: Int) -> StageResult {
    let inputs = RecordScene.inputs(number)
    return StageResult(
      key: inputs.key, tenantID: RecordScene.tenant, stage: "aggregate", partition: nil,
      inputs: inputs.parts, files: [], warnings: [], seconds: 0)
  }

  private func publication(_ year: Int, _ claims: Claims) throws -> Publication {
    let partition = try Plans.partition(year: year)
    let claim: Claims.Claim = try #require(try claims.take(partition.key))
    return Publication(
      partition: partition, files: [], warnings: [], snapshot: 0, claim: claim)
  }

  /// A write that can be held, and what was written.
  private final class Gate: Sendable {
    let batches = Locked<[Int]>([])
    private let open = DispatchSemaphore(value: 0)

    func write(_ batch: Committer.Batch) {
      batches.withLock { $0.append(batch.results.count) }
      open.wait()
    }

    func pass(_ count: Int) { for _ in 0..<count { open.signal() } }
  }

  @Test func `While one batch is being written the next one gathers`() throws {
    let gate = Gate()
    let committer = try Committer(write: gate.write, publish: { _ in })
    committer.add(result(0))
    #expect(eventually { gate.batches.withLock { $0 } == [1] })
    for number in 1...9 { committer.add(result(number)) }
    gate.pass(2)
    try committer.finish()
    #expect(gate.batches.withLock { $0 } == [1, 9])
  }

  @Test func `What is not recorded yet is known, and forgotten once it is`() throws {
    let gate = Gate()
    let committer = try Committer(write: gate.write, publish: { _ in })
    committer.add(result(0))
    #expect(eventually { gate.batches.withLock { $0 } == [1] })
    committer.add(result(1))
    #expect(committer.unrecorded(result(0).key) != nil, "while it is being written")
    #expect(committer.unrecorded(result(1).key) != nil, "while it waits")
    #expect(committer.unrecorded(result(2).key) == nil)
    gate.pass(2)
    committer.flush()
    #expect(committer.unrecorded(result(0).key) == nil)
    #expect(committer.unrecorded(result(1).key) == nil)
    try committer.finish()
  }

  @Test func `Releases come after the results that were added with them`() throws {
    let claims = try Claims(TestDatabase().conninfo)
    let log = Locked<[String]>([])
    let gate = Gate()
    let committer = try Committer(
      write: { batch in
        log.withLock { $0.append("write \(batch.results.count)") }
        if batch.attempts.isEmpty { gate.write(batch) }
      },
      publish: { publications in
        log.withLock { $0.append("publish \(publications.map(\.partition.period.description))") }
      })
    committer.add(result(0))
    #expect(eventually { gate.batches.withLock { $0 } == [1] })
    committer.add(try publication(2025, claims))
    committer.add(result(1))
    committer.add(try publication(2026, claims))
    gate.pass(2)
    try committer.finish()
    #expect(log.withLock { $0 } == ["write 1", "write 1", "publish [\"2025\", \"2026\"]"])
  }

  @Test func `The first failure is thrown at the end, and the releases are published all the same`()
    throws
  {
    let claims = try Claims(TestDatabase().conninfo)
    let published = Locked(0)
    let committer = try Committer(
      write: { batch in throw Broken(number: batch.results.count) },
      publish: { publications in published.withLock { $0 += publications.count } })
    committer.add(result(0))
    committer.flush()
    committer.add(result(1))
    committer.add(result(2))
    committer.add(try publication(2026, claims))
    #expect(throws: Broken(number: 1)) { try committer.finish() }
    #expect(published.withLock { $0 } == 1)
    #expect(committer.unrecorded(result(0).key) != nil, "it was made, and this run may use it")
  }

  @Test func `Ends, attempts and rows of failures reach the record as well`() throws {
    let partition = try Plans.partition()
    let written = Locked<[Int]>([0, 0, 0])
    let committer = try Committer(
      write: { batch in
        written.withLock {
          $0[0] += batch.ended.count
          $0[1] += batch.attempts.count
          $0[2] += batch.failedRows.count
        }
      }, publish: { _ in })
    committer.add(ended: EndedPartition(key: partition.key, outcome: .published))
    committer.add(
      StageAttempt(
        partition: partition, stage: "render", number: 1, began: Date(), seconds: 1, failure: nil))
    committer.add(FailedRows(partition: partition, datasets: [], snapshot: 0))
    committer.flush()
    #expect(written.withLock { $0 } == [1, 1, 1])
    try committer.finish()
  }
}
