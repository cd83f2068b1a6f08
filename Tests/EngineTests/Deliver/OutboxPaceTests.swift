import Basics
import Delivery
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Engine

/// A destination's pace, where it is kept: in a row of the record, for all hosts.
struct OutboxPaceTests {
  private let scene: OutboxScene

  init() throws { scene = try OutboxScene() }

  @Test func `In no second are there more messages than was said, however they come`() throws {
    let hosts = try (0..<3).map { _ in try RunRecord(scene.database.conninfo) }
    for seed in Seeds.of(few: 4, many: 200) {
      var random = SeededRandom(seed: seed)
      let count = random.number(20...400)
      let pace = try #require(Pace("\(count)/s"))
      var places: [Int] = []
      for _ in 0..<count * 2 {
        // Crowds, and now and then a lull.
        if random.isOne(of: 40) { usleep(UInt32(random.number(0...50_000))) }
        let host = random.pick(hosts)
        _ = try #require(
          try host.reserve(OutboxScene.channel, OutboxScene.destination, pace), "seed \(seed)")
        places.append(Int(try scene.number("extract(epoch FROM d.arrival) * 1e6")) - pace.interval)
      }
      #expect(places == places.sorted(), "seed \(seed)")
      for (index, first) in places.enumerated() where index + count < places.count {
        #expect(places[index + count] - first >= 1_000_000, "seed \(seed)")
      }
    }
  }

  @Test func `Hosts that ask at the same time never get the same place`() throws {
    let pace = try #require(Pace("95/s"))
    let conninfo = scene.database.conninfo
    let failures = Locked(0)
    let before = try now()
    let hosts = (0..<6).map { _ in
      Background {
        do {
          let host = try RunRecord(conninfo)
          for _ in 0..<100 {
            let wait = try host.reserve(OutboxScene.channel, OutboxScene.destination, pace)
            if wait == nil { failures.withLock { $0 += 1 } }
          }
        } catch {
          failures.withLock { $0 += 1 }
        }
      }
    }
    for host in hosts { host.join() }
    #expect(failures.withLock { $0 } == 0)
    let arrival = Int(try scene.number("extract(epoch FROM d.arrival) * 1e6"))
    #expect(arrival - before >= 600 * pace.interval)
  }

  private func now() throws -> Int {
    let text = try scene.record.connection.query(
      "SELECT (extract(epoch FROM clock_timestamp()) * 1e6)::bigint AS now"
    ).only()
    return try text.int("now")
  }

  @Test func `Nobody waits with a message in hand for longer than its lease`() throws {
    let pace = try #require(Pace("100/d"))
    try scene.queue(3)
    let worker = try scene.worker()
    #expect(try reserve(pace) == 0)
    #expect(try reserve(pace) == nil)
    // It is not even taken.
    #expect(try worker.take(to: OutboxScene.destination, pace: pace).isEmpty)
    let next = try worker.record.secondsToNextMessage(
      channel: OutboxScene.channel, destination: OutboxScene.destination, pace: pace)
    #expect((700...804).contains(try #require(next)))
    try scene.pass(seconds: 820)
    #expect(try worker.take(to: OutboxScene.destination, pace: pace).count == 3)
    let wait = try #require(try reserve(pace))
    #expect((30...44).contains(wait))
  }

  private func reserve(_ pace: Pace) throws -> Double? {
    try scene.record.reserve(OutboxScene.channel, OutboxScene.destination, pace)
  }

  @Test func `A clock that was set back by hours stops nobody`() throws {
    let pace = try #require(Pace("10/s"))
    try scene.queue(1)
    #expect(try reserve(pace) == 0)
    try scene.pass(seconds: -7200)
    #expect(try scene.worker().take(to: OutboxScene.destination, pace: pace).count == 1)
    #expect(try reserve(pace) == 0)
    #expect(try #require(try reserve(pace)) <= 0.1)
  }

  @Test func `What is given back before its turn was not tried`() throws {
    try scene.queue(2)
    let worker = try scene.worker()
    let messages = try worker.take()
    #expect(try worker.begin(messages[0]))
    #expect(
      try worker.end(messages[0], .givenBack(destination: nil, seconds: 0)) == "pending")
    #expect(
      try worker.end(messages[1], .givenBack(destination: nil, seconds: 0)) == "pending")
    let again = try worker.take()
    #expect(again.count == 2 && again.allSatisfy { $0.attempts == 0 })
  }
}
