import Testing

@testable import Basics
@testable import Media
@testable import Pipelines
@testable import Stages

struct StoryboardTests {
  static let picture = StitchSpec.Kind(name: "thing", template: "a.svg", medium: .picture)
  static let recording = StitchSpec.Kind(name: "talk", template: "b.svg", medium: .recording)

  /// `count` items over the year: every tenth is emphasised, every fifth is a recording.
  static func items(_ count: Int) -> [FilmItem] {
    (0..<count).compactMap { index in
      CivilDate(year: 2026, month: 1, day: 1).map { first in
        FilmItem(
          kind: index % 5 == 4 ? recording : picture, id: "\(index)",
          day: first.adding(days: index * 364 / max(1, count)), title: "Item \(index)",
          subtitle: "", description: "", people: "", hidden: 0, guests: 0,
          mediaKey: index % 3 == 0 ? nil : "object", isEmphasised: index % 10 == 0)
      }
    }
  }

  static func plan(
    _ items: [FilmItem], target: Int = 240, maximum: Int = 480, hasSections: Bool = true
  ) -> StoryboardPlan {
    StoryboardPlan(
      items: items, hasSections: hasSections, target: FilmFormat.steps(atMost: target * 1_000),
      maximum: FilmFormat.steps(atMost: maximum * 1_000))
  }

  static func shown(_ plan: StoryboardPlan) -> [Int] {
    plan.scenes.flatMap { scene -> [Int] in
      switch scene.content {
      case .item(let place): [place]
      case .mosaic(let places): places
      default: []
      }
    }
  }

  @Test(arguments: [0, 1, 2, 7, 30, 100, 250, 1_000, 3_000], [20, 60, 240])
  func `Every item appears once, and the film keeps within its maximum`(count: Int, target: Int) {
    let items = StoryboardTests.items(count)
    let plan = StoryboardTests.plan(items, target: target, maximum: target * 2)
    #expect(StoryboardTests.shown(plan).sorted() == Array(0..<count))
    #expect(plan.scenes.first?.content == .intro)
    #expect(plan.scenes.last?.content == .outro)
    let steps = plan.scenes.reduce(0) { $0 + $1.steps }
    #expect(FilmFormat.milliseconds(ofSteps: steps) <= max(20_000, target * 2_000))
    #expect(plan.scenes.allSatisfy { $0.steps >= 4 })
  }

  @Test func `One new item changes no other's length, except at a class boundary`() {
    var changes = 0
    for count in 20..<120 {
      let before = StoryboardTests.plan(Array(StoryboardTests.items(200).prefix(count)))
      let after = StoryboardTests.plan(Array(StoryboardTests.items(200).prefix(count + 1)))
      if before.tier != after.tier { changes += 1 }
      guard before.tier == after.tier else { continue }
      let kept = Set(after.scenes)
      #expect(before.scenes.allSatisfy { kept.contains($0) })
    }
    #expect(changes <= 5)
  }

  @Test func `Months follow each other, each opened by its card, and its first scene dissolves`() {
    let plan = StoryboardTests.plan(StoryboardTests.items(30))
    var months: [Int] = []
    var afterCard = false
    for scene in plan.scenes {
      #expect(scene.opensSection == afterCard)
      afterCard = false
      if case .month(let day) = scene.content {
        months.append(day.month)
        afterCard = true
      }
    }
    #expect(months == Array(1...12))
  }

  @Test func `A month's film has no cards of months`() {
    let plan = StoryboardTests.plan(StoryboardTests.items(5), hasSections: false)
    #expect(plan.scenes.count == 7)
    #expect(plan.scenes.allSatisfy { !$0.opensSection })
  }

  @Test func `If not all items have room, the emphasised ones have`() {
    let items = StoryboardTests.items(600)
    let plan = StoryboardTests.plan(items)
    #expect(plan.tier == nil)
    let own = Set(
      plan.scenes.compactMap { scene -> Int? in
        if case .item(let place) = scene.content { place } else { nil }
      })
    #expect(items.indices.filter { items[$0].isEmphasised }.allSatisfy(own.contains))
    #expect(own.count < items.count)
  }

  @Test func `A mosaic shows several items; a single one has a scene of its own`() {
    for count in 40..<300 {
      let plan = StoryboardTests.plan(StoryboardTests.items(count), target: 60, maximum: 120)
      for scene in plan.scenes {
        if case .mosaic(let places) = scene.content { #expect(places.count > 1) }
      }
      var last = -1
      for scene in plan.scenes {
        if case .item(let place) = scene.content {
          #expect(place > last)
          last = place
        }
      }
    }
  }

  @Test(arguments: [
    (0, 0), (1, 1), (4, 4), (5, 6), (13, 16), (17, 20), (25, 32), (33, 48), (500, 512),
  ])
  func `Counts have classes`(count: Int, bound: Int) {
    #expect(StoryboardPlan.countClass(count) == bound)
  }

  @Test func `The highlight is the most active excerpt, the first of equals`() {
    func second(
      _ rms: Int, _ change: Int, luma: Int = 120, unevenness: Int = 900
    ) -> RecordingProbe.Activity {
      .init(rms: rms, peak: rms, unevenness: unevenness, change: change, luma: luma)
    }
    let quiet = second(100, 0)
    let loud = second(80_000, 200_000)
    #expect(FilmHighlight.start([quiet, quiet, loud, loud, quiet], length: 2) == 2)
    #expect(FilmHighlight.start([quiet, loud, quiet, loud, quiet], length: 1) == 1)
    #expect(FilmHighlight.start([second(80_000, 0, luma: 3), quiet, loud], length: 1) == 2)
    #expect(FilmHighlight.start([loud, loud], length: 5) == 0)
    // Steady noise at the level of speech is not speech.
    #expect(
      FilmHighlight.start([second(80_000, 0, unevenness: 100), second(40_000, 0)], length: 1) == 1)
  }

  @Test func `A text is cut to what can be read`() {
    #expect(FilmTexts.readable("one two three", milliseconds: 6_000, after: 2) == "one two three")
    #expect(
      FilmTexts.readable("one two three four five six, seven", milliseconds: 2_400, after: 0)
        == "one two three four five six…")
    #expect(FilmTexts.readable("one two three four five", milliseconds: 2_400, after: 4) == "")
  }
}
