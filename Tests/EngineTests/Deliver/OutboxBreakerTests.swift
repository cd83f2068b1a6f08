import Basics
import Delivery
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Engine

/// A destination's circuit breaker, where it is kept: in a row of the record, for all hosts.
struct OutboxBreakerTests {
  private let scene: OutboxScene
  private let settings = ChannelSettings.Breaker(failures: 3, first: 10, most: 60)

  init() throws { scene = try OutboxScene() }

  /// What a failure does: `closed`, `open`, or `incident` if it begins one.
  private func fail(isProbe: Bool = false, asked: Int? = nil) throws -> String {
    let failing = RunRecord.Failing(
      channel: OutboxScene.channel, destination: OutboxScene.destination, problem: "503",
      isProbe: isProbe, asked: asked)
    let found = try scene.record.connection.transaction {
      try scene.record.fail(failing, settings)
    }
    return found.isNew ? "incident" : found.isOpen ? "open" : "closed"
  }

  private func recover() throws -> Bool {
    try scene.record.recover(OutboxScene.channel, OutboxScene.destination)
  }

  private func probe() throws -> Bool {
    try scene.record.probe(OutboxScene.channel, OutboxScene.destination)
  }

  /// Seconds until the next message may try.
  private func pause() throws -> Double {
    try scene.number("extract(epoch FROM d.probe - clock_timestamp())")
  }

  /// How many there were, and how many are not over.
  private func incidents() throws -> [Int] {
    let row = try scene.record.connection.query(
      "SELECT count(*) AS n, count(*) FILTER (WHERE closed IS NULL) AS open FROM yearbook.incidents"
    ).only()
    return [try row.int("n"), try row.int("open")]
  }

  @Test func `It opens once after so many failures in a row; a success starts the count again`()
    throws
  {
    #expect(try fail() == "closed")
    #expect(try fail() == "closed")
    #expect(try !recover())
    #expect(try fail() == "closed")
    #expect(try fail() == "closed")
    #expect(try !scene.record.isOpen(OutboxScene.channel, OutboxScene.destination))
    #expect(try fail() == "incident")
    let first = try pause()
    #expect((4...10).contains(first))
    // Those that were under way already: one incident, and the pause is no longer.
    for _ in 0..<10 { #expect(try fail() == "open") }
    #expect(try pause() <= first)
    #expect(try incidents() == [1, 1])
    #expect(try recover())
    #expect(try incidents() == [1, 0])
    #expect(try !recover())
  }

  @Test
  func `One probe a pause; pauses double up to the longest; a probe that is lost is made again`()
    throws
  {
    for _ in 0..<3 { _ = try fail() }
    #expect(try !probe(), "the pause is not over")
    for bound in [20.0, 40, 60, 60, 60] {
      try scene.pass(seconds: Int(try pause()) + 1)
      // Of many who ask at once, one tries.
      let hosts = try (0..<4).map { _ in try RunRecord(scene.database.conninfo) }
      let tries = try hosts.filter {
        try $0.probe(OutboxScene.channel, OutboxScene.destination)
      }
      #expect(tries.count == 1)
      #expect(try fail(isProbe: true) == "open")
      let pause = try pause()
      #expect(pause > bound / 2 - 1 && pause <= bound, "\(pause) of \(bound)")
    }
    try scene.pass(seconds: 61)
    #expect(try probe())
    #expect(try !probe())
    // Whoever made it was killed.
    try scene.pass(seconds: 61)
    #expect(try probe())
    #expect(try recover())
    #expect(try incidents() == [1, 0])
  }

  @Test func `A pause is at least as long as the other side asks for`() throws {
    for _ in 0..<2 { _ = try fail(asked: 300) }
    #expect(try fail(asked: 300) == "incident")
    #expect((295...300).contains(try pause()))
  }

  @Test func `While a destination takes nothing nobody takes its messages; then one tries`() throws
  {
    try scene.queue(5)
    let worker = try scene.worker()
    for _ in 0..<3 { _ = try fail() }
    #expect(try worker.take(to: OutboxScene.destination).isEmpty)
    let next = try worker.record.secondsToNextMessage(
      channel: OutboxScene.channel, destination: OutboxScene.destination, pace: nil)
    #expect((3...10).contains(try #require(next)))
    try scene.pass(seconds: 11)
    let taken = try worker.take(to: OutboxScene.destination)
    #expect(taken.count == 1)
    try worker.end(taken[0], .givenBack(destination: OutboxScene.destination, seconds: 0))
    #expect(try recover())
    #expect(try worker.take(to: OutboxScene.destination).count == 5)
  }

  @Test func `An outage of any length is one incident, with at most one probe a step`() throws {
    for seed in Seeds.of(few: 10, many: 500) {
      let scene = try OutboxScene()
      var random = SeededRandom(seed: seed)
      let settings = ChannelSettings.Breaker(
        failures: random.number(1...8), first: random.number(1...30), most: random.number(30...300))
      let outage = random.number(1...600)
      var (now, begun, probes, isOver) = (0, 0, 0, false)
      while !isOver {
        let step = random.number(1...20)
        now += step
        try scene.pass(seconds: step)
        let place = (OutboxScene.channel, OutboxScene.destination)
        var isProbe = false
        if try scene.record.isOpen(place.0, place.1) {
          isProbe = try scene.record.probe(place.0, place.1)
          if !isProbe { continue }
        }
        if now < outage {
          probes += isProbe ? 1 : 0
          let failing = RunRecord.Failing(
            channel: place.0, destination: place.1, problem: "503", isProbe: isProbe)
          let isNew = try scene.record.connection.transaction {
            try scene.record.fail(failing, settings).isNew
          }
          begun += isNew ? 1 : 0
        } else {
          #expect(try scene.record.recover(place.0, place.1) == (begun == 1), "seed \(seed)")
          isOver = true
        }
      }
      #expect(begun <= 1, "seed \(seed)")
      // Each pause is at least half of its bound.
      var (most, step) = (1, Double(settings.first) / 2)
      var reached = step
      while reached < Double(outage) {
        most += 1
        step = min(step * 2, Double(settings.most) / 2)
        reached += step
      }
      #expect(probes <= most, "seed \(seed): \(probes) of \(most)")
      try scene.database.drop()
    }
  }
}
