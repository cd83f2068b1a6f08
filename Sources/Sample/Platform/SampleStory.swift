import Basics

/// What a tenant's months are like: how much its people build and how often they meet.
///
/// The first tenant has a story, so that its reports have something to tell: a small first year, a
/// second one with a marathon, a quiet month, a return, and a day on which everybody meets.
struct SampleStory {
  /// One month. Without `days`, its POCs are on working days from a seed.
  struct Month {
    var year: Int
    var month: Int
    var pocs: Int
    var dojos: Int
    /// How many POCs particular days have.
    var days: [Int: Int] = [:]

    init(_ year: Int, _ month: Int, pocs: Int, dojos: Int, days: [Int: Int] = [:]) {
      self.year = year
      self.month = month
      self.pocs = pocs
      self.dojos = dojos
      self.days = days
    }
  }

  var months: [Month]
  /// How many people it begins with, and when the others join, one a week.
  var founders: Int
  var people: Int
  var growsFrom: CivilDate
  /// When all people take part in one dojo, and what it is about.
  var gathering: (day: CivilDate, subject: String)

  static let saoPaulo = SampleStory(
    months: [
      Month(2025, 1, pocs: 5, dojos: 1), Month(2025, 2, pocs: 5, dojos: 2),
      Month(2025, 3, pocs: 8, dojos: 2), Month(2025, 4, pocs: 12, dojos: 2),
      Month(2025, 5, pocs: 9, dojos: 3), Month(2025, 6, pocs: 7, dojos: 2),
      Month(2025, 7, pocs: 4, dojos: 1), Month(2025, 8, pocs: 8, dojos: 3),
      Month(2025, 9, pocs: 10, dojos: 3), Month(2025, 10, pocs: 13, dojos: 4),
      Month(2025, 11, pocs: 9, dojos: 3), Month(2025, 12, pocs: 6, dojos: 2),
      Month(2026, 1, pocs: 9, dojos: 3), Month(2026, 2, pocs: 14, dojos: 5),
      Month(2026, 3, pocs: 22, dojos: 7),
      // A marathon of twelve days, with its last Saturday as the busiest day of all.
      Month(
        2026, 4, pocs: 2, dojos: 7,
        days: [
          8: 1, 9: 1, 10: 2, 11: 2, 12: 2, 13: 3, 14: 3, 15: 3, 16: 4, 17: 3, 18: 10, 19: 2,
        ]),
      Month(2026, 5, pocs: 23, dojos: 7), Month(2026, 6, pocs: 16, dojos: 6),
      // Holidays: nothing for nearly four weeks.
      Month(2026, 7, pocs: 0, dojos: 0, days: [1: 1, 2: 1, 30: 2]),
      Month(2026, 8, pocs: 19, dojos: 7), Month(2026, 9, pocs: 25, dojos: 8),
      Month(2026, 10, pocs: 30, dojos: 9), Month(2026, 11, pocs: 14, dojos: 6),
    ],
    founders: 28, people: 46, growsFrom: CivilDate(2026, 1, 5),
    gathering: (CivilDate(2026, 11, 14), "Encontro anual: todo mundo no mesmo repositório"))

  /// How many people there are on a day.
  func people(on day: CivilDate) -> Int {
    let weeks = (day.daysSince1970 - growsFrom.daysSince1970) / 7
    return day < growsFrom ? founders : min(people, founders + 1 + weeks)
  }

  /// The day on which a person joins, after the founders.
  func joining(of number: Int) -> CivilDate { growsFrom.adding(days: 7 * (number - founders)) }

  /// The days of the POCs in order, up to `today`. A larger sample has more of each month.
  func pocDays(atLeast wanted: Int, today: CivilDate, _ random: inout SampleRandom) -> [CivilDate] {
    let written = months.reduce(0) { $0 + $1.pocs + $1.days.values.reduce(0, +) }
    let times = max(1, (wanted + written - 1) / written)
    var days: [CivilDate] = []
    for month in months {
      for _ in 0..<month.pocs * times { days.append(month.workingDay(&random)) }
      for (day, count) in month.days.sorted(by: { $0.key < $1.key }) {
        for _ in 0..<count * times { days.append(CivilDate(month.year, month.month, day)) }
      }
    }
    return days.filter { $0 <= today }.sorted()
  }

  /// The days of the dojos, up to `today`: Tuesdays, Wednesdays and a few Saturdays.
  func dojoDays(today: CivilDate, _ random: inout SampleRandom) -> [CivilDate] {
    var days: [CivilDate] = []
    for month in months {
      for _ in 0..<month.dojos {
        let wanted = random.pick([1, 1, 1, 1, 2, 2, 5])
        let start = CivilDate(month.year, month.month, 1)
        let first = start.adding(days: (wanted - start.weekday + 7) % 7)
        days.append(first.adding(days: 7 * random.below(4)))
      }
    }
    return days.filter { $0 <= today }.sorted()
  }
}

extension SampleStory.Month {
  /// A day of the month, seldom a Sunday.
  fileprivate func workingDay(_ random: inout SampleRandom) -> CivilDate {
    let start = CivilDate(year, month, 1)
    let count = start.adding(days: 31).day == 1 ? 31 : 28
    let day = start.adding(days: random.below(count))
    return day.weekday == 6 && !random.oneIn(4) ? day.adding(days: day.day > 2 ? -2 : 1) : day
  }
}
