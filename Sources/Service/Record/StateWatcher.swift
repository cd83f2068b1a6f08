import Diagnostics
import ServiceLifecycle

/// Waits for requests to change. However many wait, the record is asked once for all of them.
actor StateWatcher {
  private let book: RequestBook
  private let most: Int
  private var watched: [Int: Int] = [:]
  private var states: [Int: ReportRow.State] = [:]
  private var count = 0
  private var isAsking = false
  static let pause = Duration.milliseconds(250)

  /// - Parameter most: how many can wait at once.
  init(_ book: RequestBook, most: Int) {
    self.book = book
    self.most = most
  }

  /// Waits until a request's state differs from `known`, the time is over, or the service stops.
  ///
  /// - Parameter known: as the caller saw it last.
  /// - Throws: `Problem` if too many wait, `CancellationError`.
  func change(
    of id: Int, from known: ReportRow.State, within seconds: Int
  ) async throws {
    guard count < most else { throw Problem(.unavailable, retryAfter: 5) }
    count += 1
    watched[id, default: 0] += 1
    defer {
      count -= 1
      watched[id] = watched[id].flatMap { $0 > 1 ? $0 - 1 : nil }
      if watched[id] == nil { states[id] = nil }
    }
    if !isAsking {
      isAsking = true
      Task { await ask() }
    }
    let end = ContinuousClock.now + .seconds(seconds)
    while .now < end, !Task.isShuttingDownGracefully {
      if let state = states[id], state != known { return }
      try await Task.sleep(for: Self.pause)
    }
  }

  private func ask() async {
    while !watched.isEmpty {
      do {
        let found = try await book.states(Array(watched.keys))
        for (id, state) in found where watched[id] != nil { states[id] = state }
        try await Task.sleep(for: Self.pause * 2)
      } catch {
        // The record does not answer, which the pool has said. The next time it may.
        do { try await Task.sleep(for: .seconds(1)) } catch { break }
      }
    }
    isAsking = false
  }
}
