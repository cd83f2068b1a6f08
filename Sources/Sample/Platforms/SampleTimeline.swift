import Basics

/// People who follow one another, and what they wrote.
struct SampleTimeline {
  private let platform: OtherPlatform

  init(_ platform: OtherPlatform) { self.platform = platform }

  private static let names = [
    ("ana", "Ana Souza", "America/Sao_Paulo", "pt-BR"),
    ("ben", "Ben O'Neil", "America/New_York", "en"),
    ("carmen", "Carmen Peña", "Europe/Madrid", "es"), ("sola", "Nobody Follows Me", "UTC", "en"),
    ("hana", "はな 🌸", "Asia/Tokyo", "en"), ("eq", "=SUM(A1)", "UTC", "en"),
    ("blank", "  ", "America/Sao_Paulo", "pt-BR"), ("gone", "Gone Away", "UTC", "en"),
    ("quiet", "Quiet Reader", "Europe/Madrid", "es"), ("tag", "<b>Tag</b> & Co", "UTC", "en"),
  ]

  private static let texts = [
    "Bom dia! ☀️", "Deployed on a Friday. What could go wrong?", "¡Por fin en casa!", "👨‍👩‍👧‍👦 🏖️",
    "=HYPERLINK(\"http://example.org\")", "<script>alert('hi')</script> & more", "東京は雨です。",
    "two\nlines", "Swift 6 no servidor: primeira semana", String(repeating: "long ", count: 56),
  ]

  private var people: Int { platform.tenants * 4 }

  func rows() -> SampleRows {
    var rows = SampleRows([
      "app.users (id, username, name, email, time_zone, locale, listed, active, created)",
      "app.follows (follower, followee, created)", "app.tweets (id, user_id, text, created)",
    ])
    for index in 0..<people { add(index, to: &rows) }
    addTweets(to: &rows)
    return rows
  }

  /// One person, and whom they follow. The fourth follows nobody, and nobody follows them.
  private func add(_ index: Int, to rows: inout SampleRows) {
    var random = SampleRandom(seed: platform.seed, "person \(index)")
    let known = Self.names[index % Self.names.count]
    let round = index / Self.names.count
    let username = round == 0 ? known.0 : "\(known.0)\(round)"
    let joined = SampleMoment(
      CivilDate(2025, 9, 1).adding(days: random.below(400)), hour: random.below(24), offset: 0)
    rows.add(
      0,
      [
        "\(index + 1)", username, round == 0 ? known.1 : "\(known.1) \(round)",
        "\(username)@people.example", known.2, known.3, index % 3 == 2 ? "f" : "t",
        known.0 == "gone" ? "f" : "t", joined.text,
      ])
    if index == 3 { return }
    for other in 0..<people where other != 3 {
      // Everybody follows the first, some follow themselves.
      guard other == 0 || random.oneIn(max(2, people / 8)) else { continue }
      if other == index, index % 2 == 1 { continue }
      let since = joined.adding(seconds: random.below(200) * 86_400 + random.below(86_400))
      rows.add(1, ["\(index + 1)", "\(other + 1)", since.text])
    }
  }

  private func addTweets(to rows: inout SampleRows) {
    var random = SampleRandom(seed: platform.seed, "tweets")
    var id = 0
    func tweet(_ person: Int, _ moment: String, _ text: String) {
      id += 1
      rows.add(2, ["\(id)", "\(person + 1)", text, moment])
    }
    for person in 0..<people {
      // Readers write nothing.
      if Self.names[person % Self.names.count].0 == "quiet" { continue }
      for _ in 0..<(person % 4 == 0 ? platform.size * 3 : platform.size) {
        let moment = platform.moment(&random, offset: 0, days: 120)
        tweet(person, moment.text, random.pick(Self.texts))
      }
    }
    // Many at one moment, around midnights and changed clocks, before there were days.
    for number in 0..<5 {
      tweet(number % min(people, 2), "2026-11-17 15:00:00+00", "at once \(number)")
    }
    for moment in [
      "2026-11-01 02:59:59.999999+00", "2026-11-01 03:00:00+00", "2026-11-01 05:30:00+00",
      "2026-11-01 06:30:00+00", "2026-10-25 00:30:00+00", "2026-10-25 01:30:00+00",
      "2026-10-31 14:59:59.999999+00", "2026-10-31 15:00:00+00", "2026-11-16 02:59:59.999999+00",
      "2026-11-16 03:00:00+00", "1970-01-01 00:00:00+00",
    ] {
      tweet(0, moment, "at \(moment)")
    }
  }
}
