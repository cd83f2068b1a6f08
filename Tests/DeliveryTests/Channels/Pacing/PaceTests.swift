import TestSupport
import Testing

@testable import Delivery

@Suite("Pace and hours")
struct PaceTests {
  private static let second = 1_000_000_000

  @Test func `In no second are there more messages than was said, however they come`() throws {
    for seed in Seeds.of(few: 200, many: 20_000) {
      var random = SeededRandom(seed: seed)
      let count = random.number(1...300)
      let pace = try #require(Pace("\(count)/s"))
      var (now, next) = (random.number(0...10) * Self.second, Int?.none)
      var sent: [Int] = []
      for _ in 0..<1000 {
        // Crowds, lulls, and now and then a clock that went back.
        now += random.isOne(of: 3) ? random.number(0...Self.second / 3) : 0
        if random.isOne(of: 50) { now -= random.number(0...Self.second) }
        let place = pace.reserve(next: next, now: now)
        #expect(place.at >= now, "seed \(seed)")
        next = place.next
        sent.append(place.at)
      }
      #expect(sent == sent.sorted(), "seed \(seed)")
      // Within any second from a message on.
      for (index, first) in sent.enumerated() where index + count < sent.count {
        #expect(sent[index + count] - first >= Self.second, "seed \(seed)")
      }
    }
  }

  @Test func `Whoever always has messages gets what was said, to a thousandth`() throws {
    for (text, seconds) in [("95/s", 1), ("1/s", 1), ("999983/s", 1), ("7/m", 60), ("100/h", 3600)]
    {
      let pace = try #require(Pace(text))
      let count = try #require(Int(text.split(separator: "/")[0]))
      var next: Int?
      for _ in 0..<count { next = pace.reserve(next: next, now: 0).next }
      let taken = Double(try #require(next)) / Double(seconds * Self.second)
      #expect(taken >= 1 && taken < 1.001, "\(text)")
    }
  }

  @Test(arguments: [
    "", "95", "/s", "95/", "0/s", "-1/s", "+1/s", "1.5/s", "95/S", "95 /s", "95/s/s", "1000001/s",
    "99999999999999999999/s", "95/w", "９/s",
  ]) func `What is not a rate is not taken for one`(text: String) { #expect(Pace(text) == nil) }

  @Test func `Within the hours nobody waits; outside, until they begin, also over midnight`() throws
  {
    let day = try #require(DeliveryHours("08:00-20:00"))
    #expect([479, 480, 1199, 1200, 0].map(day.wait) == [1, 0, 0, 720, 480])
    let night = try #require(DeliveryHours("22:00-06:30"))
    #expect([0, 389, 390, 1319, 1320].map(night.wait) == [0, 0, 930, 1, 0])
    #expect(DeliveryHours("00:00-24:00")?.wait(atMinute: 1439) == 0)
    for minute in 0..<1440 {
      for hours in [day, night] {
        #expect(hours.wait(atMinute: (minute + hours.wait(atMinute: minute)) % 1440) == 0)
      }
    }
    #expect(DeliveryHours("08:00-20:00")?.description == "08:00-20:00")
    for text in [
      "", "08:00", "8:00-20:00", "08:00-08:00", "24:00-08:00", "08:00-24:01", "08:60-20:00",
      "08:00-20:00-21:00", "-08:00", "+8:00-20:00",
    ] {
      #expect(DeliveryHours(text) == nil, "\(text)")
    }
  }
}

/// A breaker for expectations, which cannot change a value.
private final class Switch {
  private var breaker: Breaker

  init(_ state: Breaker.State = .closed(failures: 0)) { breaker = Breaker(state) }

  var state: Breaker.State { breaker.state }

  func ask(_ settings: Breaker.Settings, now: Int) -> Breaker.Decision {
    breaker.ask(settings, now: now)
  }

  func succeeded() -> Bool { breaker.succeeded() }

  func failed(_ settings: Breaker.Settings, now: Int, jitter: Double) -> Bool {
    breaker.failed(settings, now: now, jitter: jitter)
  }
}

@Suite("The breaker of a channel")
struct BreakerTests {
  private static let second = 1_000_000_000
  private let settings = Breaker.Settings(failures: 3, first: 10, most: 60, probe: 20)

  @Test
  func
    `It opens once after so many failures in a row; a success between them starts the count again`()
  {
    let breaker = Switch()
    #expect(!breaker.failed(settings, now: 0, jitter: 0))
    #expect(!breaker.failed(settings, now: 0, jitter: 0))
    #expect(!breaker.succeeded())
    #expect(!breaker.failed(settings, now: 0, jitter: 0))
    #expect(!breaker.failed(settings, now: 0, jitter: 0))
    #expect(breaker.ask(settings, now: 0) == .go)
    #expect(breaker.failed(settings, now: 0, jitter: 1))
    #expect(breaker.ask(settings, now: 1) == .wait(until: 10 * Self.second))
    // Those that were under way already.
    for _ in 0..<10 { #expect(!breaker.failed(settings, now: 2, jitter: 0)) }
    #expect(breaker.state == .open(until: 10 * Self.second, pauses: 1))
  }

  @Test
  func `One probe a pause; pauses double up to the longest; a probe that is lost is made again`() {
    let breaker = Switch(.open(until: 10 * Self.second, pauses: 1))
    var now = 10 * Self.second
    for bound in [20, 40, 60, 60, 60] {
      #expect(breaker.ask(settings, now: now) == .probe)
      #expect(breaker.ask(settings, now: now) == .wait(until: now + 20 * Self.second))
      #expect(!breaker.failed(settings, now: now, jitter: 1))
      #expect(breaker.ask(settings, now: now) == .wait(until: now + bound * Self.second))
      now += bound * Self.second
    }
    #expect(breaker.ask(settings, now: now) == .probe)
    now += 20 * Self.second
    #expect(breaker.ask(settings, now: now) == .probe)
    #expect(breaker.succeeded())
    #expect(breaker.ask(settings, now: now) == .go)
    #expect(breaker.state == .closed(failures: 0))
  }

  @Test func `Of an outage, whatever its times: one incident, and at most one probe a step`() {
    for seed in Seeds.of(few: 300, many: 20_000) {
      var random = SeededRandom(seed: seed)
      let settings = Breaker.Settings(
        failures: random.number(1...8), first: random.number(1...30),
        most: random.number(1...300), probe: 5)
      let outage = random.number(1...600) * Self.second
      let breaker = Switch()
      var (now, begun, ended, probes) = (0, 0, 0, 0)
      while now < outage + 400 * Self.second {
        now += random.number(0...Self.second)
        let decision = breaker.ask(settings, now: now)
        if case .wait(let until) = decision {
          #expect(until > now, "seed \(seed)")
          continue
        }
        if now < outage {
          probes += decision == .probe ? 1 : 0
          let jitter = Double(random.number(0...100)) / 100
          begun += breaker.failed(settings, now: now, jitter: jitter) ? 1 : 0
        } else {
          ended += breaker.succeeded() ? 1 : 0
        }
      }
      #expect(begun == ended && begun <= 1, "seed \(seed)")
      #expect(breaker.state == .closed(failures: 0), "seed \(seed)")
      // Each pause is at least half of its bound.
      var (most, step) = (1, Double(min(settings.first, settings.most)) / 2)
      var reached = step
      while reached < Double(outage / Self.second) {
        most += 1
        step = min(step * 2, Double(settings.most) / 2)
        reached += step
      }
      #expect(probes <= most, "seed \(seed)")
    }
  }
}
