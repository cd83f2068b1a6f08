import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Basics

@Suite struct BackoffTests {
  private let backoff = Backoff(attempts: 8, first: 0.5, most: 3, total: 60)

  @Test(arguments: [(1, 0.5), (2, 1), (3, 2), (4, 3), (7, 3)])
  func `A pause is any time up to a bound that doubles, and never more than the most`(
    failures: Int, bound: Double
  ) throws {
    let pauses = try (0..<400).map { _ in
      try #require(backoff.pause(after: failures, since: Stopwatch()))
    }
    #expect(pauses.allSatisfy { (0...bound).contains($0) })
    // That none of so many lies in a quarter comes about once in 10⁴⁹ runs.
    #expect(pauses.contains { $0 < bound / 4 } && pauses.contains { $0 > bound * 3 / 4 })
  }

  @Test func `After so many failures, or so long a time, no other try is due`() {
    #expect(backoff.pause(after: 8, since: Stopwatch()) == nil)
    #expect(backoff.pause(after: 1, since: Stopwatch(secondsAgo: 59)) != nil)
    #expect(backoff.pause(after: 1, since: Stopwatch(secondsAgo: 60)) == nil)
    #expect(
      Backoff(attempts: 1, first: 1, most: 1, total: 1).pause(after: 1, since: Stopwatch()) == nil)
  }

  @Test func `A pause lasts as long as it should`() throws {
    let began = Date()
    try Backoff.sleep(0.12, Cancellation())
    #expect(Date().timeIntervalSince(began) >= 0.12)
  }

  @Test func `A pause ends when the run is told to stop`() {
    let cancellation = Cancellation()
    let began = Date()
    let stopping = Background {
      Thread.sleep(forTimeInterval: 0.05)
      cancellation.request()
    }
    let error = #expect(throws: Diagnostic.self) { try Backoff.sleep(600, cancellation) }
    stopping.join()
    #expect(error?.code == .interrupted)
    #expect(Date().timeIntervalSince(began) < 60)
  }
}
