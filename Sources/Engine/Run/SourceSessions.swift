import Basics
import Diagnostics
import Extraction
import Foundation
import Postgres

/// Sessions of one source that see one snapshot, so that tables and tenants are read side by side.
///
/// The first session is the caller's, which exports its snapshot. The others are opened on threads
/// of their own when there is work for them. One that cannot be opened, or that does not find the
/// snapshot because a URI of several hosts led it to another server, is done without.
///
/// `@unchecked Sendable`: every stored variable is only touched with `condition` held.
final class SourceSessions: @unchecked Sendable {
  typealias Body = @Sendable (_ index: Int, _ source: Source) throws -> Void

  /// One call of `forEach`.
  private struct Work {
    var body: Body
    var next = 0
    let count: Int
    /// Indices whose session was lost.
    var givenBack: [Int] = []
    var active = 0
    var failure: (any Error)?
  }

  private let open: Locked<() throws -> Source>
  private let snapshot: String?
  private let known: Source.Known?
  private let most: Int
  private let interruption: Interruption
  private let condition = NSCondition()
  private var work: Work?
  private var started = 0
  private var alive = 0
  private var isClosed = false
  private var refusals: [Diagnostic] = []

  /// - Parameters:
  ///   - first: a session in a read-only transaction.
  ///   - most: how many sessions there can be, this one among them.
  ///   - open: opens another one.
  init(
    _ first: Source, most: Int, interruption: Interruption, open: @escaping () throws -> Source
  ) throws {
    self.most = most
    self.interruption = interruption
    self.open = Locked(open)
    snapshot = most > 1 ? try first.connection.exportSnapshot() : nil
    known = most > 1 ? try first.known() : nil
  }

  /// That further sessions could not be used, and why.
  var warnings: [Warning] {
    condition.lock()
    defer { condition.unlock() }
    guard let fault = refusals.first else { return [] }
    return [
      Warning(
        code: "fewer-sessions", subject: "source",
        message:
          "\(refusals.count) of \(started + 1) sessions could not be used, so that fewer read"
          + " side by side: \(fault.message)")
    ]
  }

  /// Runs `body` for 0 ..< count on the sessions, `first` on the calling thread among them.
  ///
  /// Indices start in order, and none starts after a failure. If a further session is lost, another
  /// one takes up what it was doing. Throws the first failure.
  func forEach(_ count: Int, first: Source, _ body: @escaping Body) throws {
    condition.lock()
    defer { condition.unlock() }
    work = Work(body: body, count: count)
    condition.broadcast()
    for _ in 0..<max(0, min(most, count) - 1 - started) { start() }
    while let index = take() {
      condition.unlock()
      var thrown: (any Error)?
      do { try body(index, first) } catch { thrown = error }
      condition.lock()
      end(thrown)
      // A session that was lost can give back what nobody has taken yet.
      while isWaitingForOthers { condition.wait() }
    }
    while (work?.active ?? 0) > 0 { condition.wait() }
    defer { work = nil }
    if let failure = work?.failure { throw failure }
  }

  /// Ends the further sessions and waits until they are closed.
  func close() {
    condition.lock()
    isClosed = true
    condition.broadcast()
    while alive > 0 { condition.wait() }
    condition.unlock()
  }

  // MARK: - With `condition` held

  private var isWaitingForOthers: Bool {
    guard let work else { return false }
    return work.failure == nil && work.givenBack.isEmpty && work.next >= work.count
      && work.active > 0
  }

  private func take() -> Int? {
    guard var work, work.failure == nil else { return nil }
    var index: Int?
    if let back = work.givenBack.popLast() {
      index = back
    } else if work.next < work.count {
      index = work.next
      work.next += 1
    }
    if index != nil { work.active += 1 }
    self.work = work
    return index
  }

  private func end(_ thrown: (any Error)?, givingBack index: Int? = nil) {
    work?.active -= 1
    if let index {
      work?.givenBack.append(index)
    } else if let thrown, work?.failure == nil {
      work?.failure = thrown
    }
    condition.broadcast()
  }

  private func start() {
    started += 1
    do throws(Diagnostic) {
      try WorkerThread.start("yearbook-read-\(started)") { [self] in read() }
      alive += 1
    } catch {
      refusals.append(error)
    }
  }

  // MARK: - On the thread of a further session

  private func read() {
    do {
      let source = try open.withLock { try $0() }
      if let known { source.use(known) }
      interruption.watch(source.connection)
      defer { interruption.forget(source.connection) }
      try source.connection.transaction(.importedSnapshot(snapshot ?? "")) { try serve(source) }
    } catch {
      let fault = error as? Diagnostic ?? Diagnostic(.bug, "a session failed: \(type(of: error))")
      condition.lock()
      refusals.append(fault)
      condition.unlock()
    }
    condition.lock()
    alive -= 1
    condition.broadcast()
    condition.unlock()
  }

  private func serve(_ source: Source) throws {
    condition.lock()
    defer { condition.unlock() }
    while true {
      guard let index = take(), let body = work?.body else {
        if isClosed { return }
        condition.wait()
        continue
      }
      condition.unlock()
      var thrown: (any Error)?
      do { try body(index, source) } catch { thrown = error }
      let isLost = thrown != nil && !source.connection.isOpen
      condition.lock()
      end(thrown, givingBack: isLost ? index : nil)
      if isLost, let thrown { throw thrown }
    }
  }
}

/// Stops the statements of the reading sessions, from any thread.
final class Interruption: Sendable {
  private let tokens = Locked<[ObjectIdentifier: CancelToken]>([:])

  func watch(_ connection: Connection) {
    tokens.withLock { $0[ObjectIdentifier(connection)] = connection.cancelToken }
  }

  func forget(_ connection: Connection) {
    tokens.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(connection)) }
  }

  func interrupt() {
    for token in tokens.withLock({ Array($0.values) }) { token.cancel() }
  }
}
