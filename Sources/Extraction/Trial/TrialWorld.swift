import Pipelines

/// Who lives on the isolation trial's small platform: one tenant that is watched, and a neighbour
/// that must make no difference to it.
struct TrialWorld {
  /// One of the two tenants.
  enum Owner: String, CaseIterable {
    case first = "a"
    case second = "b"

    /// The beginning of each of its keys.
    var keyPrefix: String { String(repeating: rawValue, count: 8) }
    var other: Owner { self == .first ? .second : .first }
  }

  /// What a tenant's rows are like.
  struct Character {
    /// The beginning of each of its texts: a letter without case that no query writes itself.
    var mark = "あ"
    /// Every so manieth value that can be missing is; 0 for none.
    var missing = 0
    /// Whether a column that queries compare with words has other words too.
    var hasOtherWords = true
    /// Added to each number.
    var numbers = 0
    /// Added to some days.
    var days = 0
    /// Added to each hour.
    var hours = 0
    /// How much longer texts are.
    var longer = 0
    /// How many rows a table has at least.
    var rows = 0
    /// Which of the usual texts most rows have; `nil`: each as often.
    var usualText: Int?
    /// Words and numbers that the queries compare with.
    var words: [String] = []
    var amounts: [Int] = []
    var timeZone = "UTC"
    var locale = "en"
    var currency = "EUR"
    var privacy = Privacy.names
  }

  /// What the trial calls the world in a fault.
  var name: String
  var watched: Owner
  /// The watched tenant's rows.
  var own: Character
  /// `nil`: there is no neighbour.
  var neighbour: Character?

  func character(_ owner: Owner) -> Character? { owner == watched ? own : neighbour }

  /// The mark of a neighbour whose rows differ from the watched tenant's.
  static let foreignMark = "か"

  /// The worlds in which a query's rows for the watched tenant must be the same. In one of them the
  /// tenant is alone.
  ///
  /// - Parameters:
  ///   - constants: what the queries compare with, so that the neighbour has such values too.
  ///   - hasGaps: whether values are missing.
  static func groups(
    _ constants: QueryReading.Constants, hasGaps: Bool = true
  ) -> [[TrialWorld]] {
    var sparse = Character()
    sparse.missing = hasGaps ? 3 : 0
    sparse.timeZone = "Asia/Tokyo"
    sparse.locale = "es"
    sparse.currency = "USD"
    var orderly = Character()
    orderly.hasOtherWords = false
    let groups: [(Owner, Character)] = [(.first, orderly), (.second, sparse)]
    let words = constants.texts.filter { !$0.isEmpty && $0.count <= 40 }.sorted()
    let amounts = constants.integers.filter { abs($0) < 1_000_000 }.sorted()
    return groups.map { watched, own in
      var apart = Character()
      apart.mark = foreignMark
      apart.numbers = 7_000
      apart.days = -40
      apart.hours = 5
      apart.longer = 3
      apart.missing = hasGaps ? 3 : 0
      apart.words = words
      apart.timeZone = "Zulu"
      apart.locale = "pt-BR"
      apart.currency = "JPY"
      apart.privacy = .none
      var crowd = Character()
      crowd.mark = foreignMark
      crowd.numbers = -500
      crowd.days = 3
      crowd.hours = 11
      crowd.longer = 7
      crowd.usualText = 3
      crowd.rows = 130
      crowd.words = words
      crowd.amounts = amounts + amounts.map { $0 + 1 }
      crowd.timeZone = "America/Sao_Paulo"
      crowd.locale = "es"
      crowd.currency = "BRL"
      crowd.privacy = .initials
      return [
        TrialWorld(name: "alone", watched: watched, own: own, neighbour: nil),
        TrialWorld(name: "beside one alike", watched: watched, own: own, neighbour: own),
        TrialWorld(name: "beside one apart", watched: watched, own: own, neighbour: apart),
        TrialWorld(name: "beside a crowd", watched: watched, own: own, neighbour: crowd),
      ]
    }
  }
}
