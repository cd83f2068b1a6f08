import Diagnostics
import Foundation
import Store

/// Makes results durable and then records them, many at a time, on a thread of its own.
///
/// Workers never wait for a disk: while one batch is being synced the next one gathers. A record is
/// written only after the sync that covers its blobs, so it never names what a power cut could lose.
///
/// `@unchecked Sendable`: every stored variable is only touched with `condition` held.
final class Committer: @unchecked Sendable {
  private let condition = NSCondition()
  private var results: [StageResult] = []
  private var publications: [Publication] = []
  private var isBusy = false
  private var isStopped = false
  private var failure: (any Error)?
  private let commitResults: @Sendable ([StageResult]) throws -> Void
  private let publish: @Sendable ([Publication]) -> Void

  /// - Parameters:
  ///   - commitResults: makes the blobs durable and records the results.
  ///   - publish: publishes a batch and tells each partition's outcome; it does not throw, as a
  ///     partition's failure is its own.
  init(
    commitResults: @escaping @Sendable ([StageResult]) throws -> Void,
    publish: @escaping @Sendable ([Publication]) -> Void
  ) {
    self.commitResults = commitResults
    self.publish = publish
    let thread = Thread { [self] in work() }
    thread.name = "yearbook-commit"
    thread.start()
  }

  func add(_ result: StageResult) {
    condition.lock()
    results.append(result)
    condition.broadcast()
    condition.unlock()
  }

  func add(_ publication: Publication) {
    condition.lock()
    publications.append(publication)
    condition.broadcast()
    condition.unlock()
  }

  /// Waits until all that was added is done, ends the thread, and throws what went wrong with results.
  func finish() throws {
    condition.lock()
    isStopped = true
    condition.broadcast()
    while isBusy || !results.isEmpty || !publications.isEmpty { condition.wait() }
    let failure = failure
    condition.unlock()
    if let failure { throw failure }
  }

  private func work() {
    condition.lock()
    while true {
      while results.isEmpty, publications.isEmpty, !isStopped { condition.wait() }
      if results.isEmpty, publications.isEmpty { break }
      let (batch, releases) = (results, publications)
      results = []
      publications = []
      isBusy = true
      condition.unlock()
      var thrown: (any Error)?
      do {
        if !batch.isEmpty { try commitResults(batch) }
      } catch { thrown = error }
      if !releases.isEmpty { publish(releases) }
      condition.lock()
      // Results that could not be recorded are made again by the next run: the first reason is kept.
      failure = failure ?? thrown
      isBusy = false
      condition.broadcast()
    }
    condition.unlock()
  }
}
