import Basics
import Diagnostics
import Foundation
import HeapModule

/// A fixed number of threads that run blocking work, the lowest order first.
///
/// Stages call C libraries and databases that block. On Swift's cooperative pool that would stall
/// everything else, so nothing here is a `Task`.
///
/// `@unchecked Sendable`: every stored variable is only touched with `condition` held.
final class WorkerPool: @unchecked Sendable {
  private struct Job: Comparable {
    var order: Int
    var serial: Int
    var body: @Sendable () -> Void

    static func == (one: Job, other: Job) -> Bool { one.serial == other.serial }
    static func < (one: Job, other: Job) -> Bool {
      (one.order, one.serial) < (other.order, other.serial)
    }
  }

  private(set) var size = 0
  private let condition = NSCondition()
  private var jobs = Heap<Job>()
  private var serial = 0
  private var running = 0
  private var isStopped = false

  /// - Throws: `unavailable` if the system does not allow a single thread. Fewer than `size` do.
  init(size: Int) throws(Diagnostic) {
    while self.size < max(1, size) {
      do throws(Diagnostic) {
        try WorkerThread.start("yearbook-\(self.size)") { [self] in work() }
        self.size += 1
      } catch {
        if self.size == 0 { throw error }
        return
      }
    }
  }

  /// Adds a job; equal orders run in the order they were added.
  func submit(order: Int, _ body: @escaping @Sendable () -> Void) {
    condition.lock()
    serial += 1
    jobs.insert(Job(order: order, serial: serial, body: body))
    condition.broadcast()
    condition.unlock()
  }

  /// Whether anything is queued or running.
  var isBusy: Bool {
    condition.lock()
    defer { condition.unlock() }
    return !jobs.isEmpty || running > 0
  }

  /// Waits until nothing is queued or running, and calls `tick` every `interval` seconds.
  func drain(every interval: TimeInterval, tick: () -> Void) {
    condition.lock()
    while !jobs.isEmpty || running > 0 {
      _ = condition.wait(until: Date(timeIntervalSinceNow: interval))
      condition.unlock()
      tick()
      condition.lock()
    }
    condition.unlock()
  }

  /// Ends the threads once their present jobs are done. Queued jobs do not start.
  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    condition.unlock()
  }

  /// Runs `body` for 0 ..< count on the pool's threads, the calling one among them.
  ///
  /// Indices start in order, and none starts after a failure. So the thrown failure, the one with
  /// the lowest index, does not depend on the number of threads.
  func parallel(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    guard count > 0 else { return }
    try withoutActuallyEscaping(body) { body in
      let fork = Fork(count: count, body: body)
      // Ahead of all other jobs: work that has begun finishes first, and keeps little in memory.
      for _ in 1..<max(1, min(size, count)) { submit(order: .min) { fork.help() } }
      fork.help()
      fork.wait()
      if let failure = fork.failure { throw failure }
    }
  }

  /// Like `parallel`, for what cannot fail.
  @Sendable func sideBySide(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let fork = Fork(count: count, body: body)
    for _ in 1..<max(1, min(size + 1, count)) { submit(order: .min) { fork.help() } }
    fork.help()
    fork.wait()
  }

  private func work() {
    condition.lock()
    while true {
      while jobs.isEmpty, !isStopped { condition.wait() }
      if isStopped { break }
      let job = jobs.removeMin()
      running += 1
      condition.unlock()
      job.body()
      condition.lock()
      running -= 1
      condition.broadcast()
    }
    condition.unlock()
  }

  /// One call of `parallel`.
  ///
  /// `@unchecked Sendable`: for the same reason as the pool.
  private final class Fork: @unchecked Sendable {
    private let count: Int
    private let condition = NSCondition()
    private var body: (@Sendable (Int) throws -> Void)?
    private var next = 0
    private var active = 0
    private var failed: (index: Int, error: any Error)?

    init(count: Int, body: @escaping @Sendable (Int) throws -> Void) {
      self.count = count
      self.body = body
    }

    var failure: (any Error)? { failed?.error }

    func help() {
      condition.lock()
      while next < count, failed == nil, let body {
        let index = next
        next += 1
        active += 1
        condition.unlock()
        var thrown: (any Error)?
        do { try body(index) } catch { thrown = error }
        condition.lock()
        active -= 1
        if let thrown, failed.map({ index < $0.index }) ?? true { failed = (index, thrown) }
        condition.broadcast()
      }
      condition.unlock()
    }

    /// Waits for the indices that other threads took. A helper that comes later finds no work.
    func wait() {
      condition.lock()
      while active > 0 { condition.wait() }
      body = nil
      condition.unlock()
    }
  }
}
