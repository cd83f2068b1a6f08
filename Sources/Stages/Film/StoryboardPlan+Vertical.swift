import Basics
import Pipelines

/// The plan of the vertical cut: the film in half a minute, for phones.
///
/// It shows the opening, the figures, a choice of items in the order of time, and the end. Figures
/// are on a card of their own, so that a new item changes that card and nothing else, unless the
/// item is chosen.
extension StoryboardPlan {
  private static let openingSteps = 5
  private static let figuresSteps = 5
  private static let closingSteps = 6
  /// 20.3 s, and 29.9 s.
  static let leastVerticalSteps = 38
  static let verticalSteps = 56
  /// More excerpts would leave no room for what was built.
  private static let mostRecordings = 2

  /// - Parameter items: in the order of time; at least one.
  init(vertical items: [FilmItem]) {
    let fixed =
      StoryboardPlan.openingSteps + StoryboardPlan.figuresSteps + StoryboardPlan.closingSteps
    var left = StoryboardPlan.verticalSteps - fixed
    var recordings = 0
    var chosen: Set<Int> = []
    for place in StoryboardPlan.candidates(items) {
      let steps = StoryboardPlan.verticalSteps(of: items[place])
      let isRecording = items[place].kind.medium == .recording && items[place].mediaKey != nil
      if steps > left || (isRecording && recordings == StoryboardPlan.mostRecordings) { continue }
      left -= steps
      recordings += isRecording ? 1 : 0
      chosen.insert(place)
    }
    tier = nil
    scenes = [
      Scene(content: .intro, steps: StoryboardPlan.openingSteps),
      Scene(content: .figures, steps: StoryboardPlan.figuresSteps),
    ]
    for place in items.indices where chosen.contains(place) {
      scenes.append(
        Scene(content: .item(place), steps: StoryboardPlan.verticalSteps(of: items[place])))
    }
    scenes.append(Scene(content: .outro, steps: StoryboardPlan.closingSteps))
    // A film of few items is slower.
    var missing = StoryboardPlan.leastVerticalSteps - scenes.reduce(0) { $0 + $1.steps }
    while missing > 0 {
      for index in scenes.indices where missing > 0 {
        scenes[index].steps += 1
        missing -= 1
      }
    }
  }

  private static func verticalSteps(of item: FilmItem) -> Int {
    if item.kind.medium == .recording, item.mediaKey != nil { return 9 }
    return item.isEmphasised ? 6 : 5
  }

  /// All items in the order in which they are chosen: the best of every month, then the second of
  /// every month, and so on. Of equals, the digest of their ids decides: so the choice is spread
  /// over the year, and a later item does not change it.
  private static func candidates(_ items: [FilmItem]) -> [Int] {
    func rank(_ item: FilmItem) -> Int {
      let media = item.mediaKey == nil ? 2 : item.kind.medium == .recording ? 0 : 1
      return (item.isEmphasised ? 0 : 3) + media
    }
    let byRank = items.indices.sorted { (rank(items[$0]), $0) < (rank(items[$1]), $1) }
    var turns: [Int: Int] = [:]
    var keys: [Int: (turn: Int, rank: Int, tie: String)] = [:]
    for place in byRank {
      let month = items[place].day.year * 12 + items[place].day.month
      let tie = SHA256Digest(of: items[place].id.utf8).hex
      keys[place] = (turns[month, default: 0], rank(items[place]), tie)
      turns[month, default: 0] += 1
    }
    return byRank.sorted { left, right in
      guard let left = keys[left], let right = keys[right] else { return false }
      return left < right
    }
  }
}
