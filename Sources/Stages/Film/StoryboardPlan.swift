import Basics
import Pipelines

/// The ordered scenes of a film. The rules change little when one item is added.
///
/// **Lengths** come from a table of tiers, the longest first. The plan takes the first tier with
/// which the film fits the target, if every count is rounded up to its class (1 … 4, 6, 8, 10, 12,
/// 16, 20, 24, 32, 48, 64 …). So a new item adds its own scene and changes no other, until a class
/// boundary is crossed.
///
/// **Room.** If even the shortest tier exceeds the maximum, each month has an equal share of the
/// time. Emphasised items come first, then items with a recording, then items with a picture, then
/// the others, each by time. Items without room appear together in the month's mosaic; a single one
/// gets its own scene. What a mosaic cannot show is counted on it. A film that is too short for
/// months has no month cards: it shows the first items of every kind in turn, and one mosaic of the
/// others.
struct StoryboardPlan: Hashable, Sendable {
  enum Content: Hashable, Sendable {
    case intro
    /// The card of the period's figures, in the vertical cut.
    case figures
    /// The card of a month, by the month's first day.
    case month(CivilDate)
    /// One item, by its index in the list.
    case item(Int)
    /// The items of a month, or of the whole period, that have no scene of their own.
    case mosaic([Int])
    case outro
  }

  struct Scene: Hashable, Sendable {
    var content: Content
    /// Its length in grid steps; for a recording, the maximum.
    var steps: Int
    /// Whether it follows a month's card and dissolves out of its colour.
    var opensSection = false
  }

  /// The length of an item's scene, by kind of item, in grid steps of 16 frames (0.53 s).
  struct Tier: Hashable, Sendable {
    var still: Int
    var emphasised: Int
    var recording: Int
    var emphasisedRecording: Int

    /// Whether a still with a description is shown longer, so that the description can be read.
    var givesTimeToRead = false

    static let all = [
      Tier(
        still: 11, emphasised: 14, recording: 38, emphasisedRecording: 56, givesTimeToRead: true),
      Tier(still: 9, emphasised: 12, recording: 28, emphasisedRecording: 42, givesTimeToRead: true),
      Tier(still: 7, emphasised: 10, recording: 20, emphasisedRecording: 32, givesTimeToRead: true),
      Tier(still: 6, emphasised: 8, recording: 15, emphasisedRecording: 24),
      Tier(still: 5, emphasised: 7, recording: 12, emphasisedRecording: 18),
      Tier(still: 4, emphasised: 6, recording: 9, emphasisedRecording: 12),
    ]

    func steps(_ item: FilmItem) -> Int {
      guard item.kind.medium == .recording, item.mediaKey != nil else {
        return (item.isEmphasised ? emphasised : still) + (givesTimeToRead ? Tier.reading(item) : 0)
      }
      return item.isEmphasised ? emphasisedRecording : recording
    }

    /// Extra steps for a description, in three classes, so that items can be counted by class.
    private static func reading(_ item: FilmItem) -> Int {
      switch item.description.utf8.count {
      case ..<16: 0
      case ..<60: 3
      default: 6
      }
    }
  }

  static let introSteps = 9
  static let monthSteps = 6
  static let mosaicSteps = 10
  static let outroSteps = 10
  /// The number of items that one mosaic can show.
  static let mosaicTiles = 12

  var scenes: [Scene]
  /// The tier's index in the table; `nil` if not all items have room.
  var tier: Int?

  /// - Parameters:
  ///   - items: in the order of time.
  ///   - hasSections: whether the period consists of several months.
  ///   - target: the intended length in grid steps.
  ///   - maximum: the greatest length in grid steps.
  init(items: [FilmItem], hasSections: Bool, target: Int, maximum: Int) {
    var months: [(month: CivilDate?, items: [Int])] = []
    for (index, item) in items.enumerated() {
      let month = hasSections ? Period(.month, containing: item.day).start : nil
      if let last = months.indices.last, months[last].month == month {
        months[last].items.append(index)
      } else {
        months.append((month, [index]))
      }
    }
    let cards = hasSections ? StoryboardPlan.monthSteps : 0
    let fixed =
      StoryboardPlan.introSteps + StoryboardPlan.outroSteps
      + StoryboardPlan.sectionClass(months.count) * cards
    tier = Tier.all.firstIndex { StoryboardPlan.bound(items, $0) + fixed <= target }
    let shortest = Tier.all.count - 1
    if tier == nil, StoryboardPlan.bound(items, Tier.all[shortest]) + fixed <= maximum {
      tier = shortest
    }
    scenes = [Scene(content: .intro, steps: StoryboardPlan.introSteps)]
    if let tier {
      for section in months {
        scenes += StoryboardPlan.section(section.month, section.items, items, Tier.all[tier])
      }
    } else {
      scenes += StoryboardPlan.shortened(months, items, room: maximum - fixed)
    }
    scenes.append(Scene(content: .outro, steps: StoryboardPlan.outroSteps))
  }

  /// The class of a count: the least of 0 … 4, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96 … that is
  /// not smaller.
  static func countClass(_ count: Int) -> Int {
    if count <= 4 { return count }
    if count <= 12 { return (count + 1) / 2 * 2 }
    if count <= 24 { return (count + 3) / 4 * 4 }
    var bound = 16
    while true {
      if count <= bound + bound / 2 { return bound + bound / 2 }
      bound *= 2
      if count <= bound { return bound }
    }
  }

  private static func sectionClass(_ count: Int) -> Int { (count + 2) / 3 * 3 }

  /// An upper bound of the steps of all items in this tier: their counts are rounded up to their
  /// classes.
  private static func bound(_ items: [FilmItem], _ tier: Tier) -> Int {
    var counts: [Int: Int] = [:]
    for item in items { counts[tier.steps(item), default: 0] += 1 }
    return counts.reduce(0) { $0 + $1.key * countClass($1.value) }
  }

  private static func section(
    _ month: CivilDate?, _ places: [Int], _ items: [FilmItem], _ tier: Tier
  ) -> [Scene] {
    var scenes: [Scene] = []
    if let month { scenes.append(Scene(content: .month(month), steps: monthSteps)) }
    for place in places {
      scenes.append(
        Scene(
          content: .item(place), steps: tier.steps(items[place]),
          opensSection: month != nil && place == places.first))
    }
    return scenes
  }

  /// The sections if not all items have room.
  private static func shortened(
    _ months: [(month: CivilDate?, items: [Int])], _ items: [FilmItem], room: Int
  ) -> [Scene] {
    let tier = Tier.all[Tier.all.count - 1]
    let share = room / max(1, sectionClass(months.count))
    guard share >= mosaicSteps + 2 * tier.still else {
      // With room for fewer than two scenes per month, the film would be only cards. Drop the month
      // cards and give their time to the items.
      return selection(items, room: room + sectionClass(months.count) * monthSteps)
    }
    var scenes: [Scene] = []
    for section in months {
      var left = share - mosaicSteps
      var chosen: Set<Int> = []
      for place in ranked(section.items, items) where tier.steps(items[place]) <= left {
        left -= tier.steps(items[place])
        chosen.insert(place)
      }
      scenes += StoryboardPlan.selected(chosen, of: section.items, items, month: section.month)
    }
    return scenes
  }

  /// A short film's scenes: the first items of every kind in turn, in the order of time, and one
  /// mosaic of the others.
  private static func selection(_ items: [FilmItem], room: Int) -> [Scene] {
    let tier = Tier.all[Tier.all.count - 1]
    var waiting: [[Int]] = []
    for place in ranked(Array(items.indices), items) {
      let kind = items[place].kind.name
      if let queue = waiting.firstIndex(where: { items[$0[0]].kind.name == kind }) {
        waiting[queue].append(place)
      } else {
        waiting.append([place])
      }
    }
    var left = room - mosaicSteps
    var chosen: [Int] = []
    for round in 0..<(waiting.map(\.count).max() ?? 0) {
      for queue in waiting where round < queue.count {
        let steps = tier.steps(items[queue[round]])
        guard steps <= left else { continue }
        left -= steps
        chosen.append(queue[round])
      }
    }
    return selected(Set(chosen), of: Array(items.indices), items, month: nil)
  }

  /// Scenes of the chosen items and a mosaic of the others. A single remaining item gets the
  /// mosaic's time.
  private static func selected(
    _ chosen: Set<Int>, of places: [Int], _ items: [FilmItem], month: CivilDate?
  ) -> [Scene] {
    let tier = Tier.all[Tier.all.count - 1]
    let others = ranked(places.filter { !chosen.contains($0) }, items)
    guard others.count == 1 else {
      let mosaic = Scene(
        content: .mosaic(others), steps: mosaicSteps,
        opensSection: month != nil && chosen.isEmpty)
      return section(month, places.filter(chosen.contains), items, tier)
        + (others.isEmpty ? [] : [mosaic])
    }
    return section(month, places, items, tier).map { scene in
      guard scene.content == .item(others[0]) else { return scene }
      var scene = scene
      scene.steps = min(scene.steps, mosaicSteps)
      return scene
    }
  }

  /// Emphasised items first; among equals, items with a recording, then with a picture, then the
  /// others; each by time.
  private static func ranked(_ places: [Int], _ items: [FilmItem]) -> [Int] {
    func rank(_ item: FilmItem) -> Int {
      let media = item.mediaKey == nil ? 2 : item.kind.medium == .recording ? 0 : 1
      return (item.isEmphasised ? 0 : 3) + media
    }
    return places.sorted { (rank(items[$0]), $0) < (rank(items[$1]), $1) }
  }
}
