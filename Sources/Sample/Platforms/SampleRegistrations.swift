import Basics

/// People who registered, and when they confirmed.
struct SampleRegistrations {
  private let platform: OtherPlatform

  init(_ platform: OtherPlatform) { self.platform = platform }

  private static let names = [
    "Ana Souza", "José D'Ávila", "María Peña", "はな 🌸", "=Formula", "<b>Tag</b>", "Zé", "O'Brien",
  ]
  private static let origins: [String?] = [
    "newsletter", "newsletter", "instagram", "instagram", "instagram", "indicação 🤝", "feria", "  ",
    nil, "=cmd",
  ]

  func rows() -> SampleRows {
    var rows = SampleRows(["app.registrations (id, name, email, origin, created, confirmed_at)"])
    var random = SampleRandom(seed: platform.seed, "registrations")
    var id = 0
    func add(_ created: String, _ confirmed: String?) {
      id += 1
      rows.add(
        0,
        [
          "\(id)", random.pick(Self.names), "person-\(id)@people.example",
          random.pick(Self.origins),
          created, confirmed,
        ])
    }
    for _ in 0..<(platform.size * 25) {
      let created = platform.moment(&random, offset: -3)
      let waits = [
        20, 45, 59, 60, 200, 599, 600, 1_800, 3_599, 3_600, 40_000, 86_399, 86_400, 300_000,
        604_800, 3_000_000,
      ]
      // One of four never confirms.
      let wait = random.pick(waits)
      add(created.text, random.oneIn(4) ? nil : created.adding(seconds: wait).text)
    }
    // Around midnights, on a day that has no midnight, before there were days; confirmed at the
    // very moment, before, long after, never and at no day.
    add("2026-01-01 02:59:59.999999+00", "2026-01-01 03:00:00+00")
    add("2026-01-01 03:00:00+00", "2026-01-01 03:00:00+00")
    add("2026-11-01 02:59:59.999999+00", nil)
    add("2026-11-01 03:00:00+00", "2026-11-01 03:00:59.999999+00")
    add("2018-11-04 02:59:59+00", "2018-11-04 03:00:00+00")
    add("2018-11-04 03:00:00+00", nil)
    add("2018-02-18 01:30:00+00", "2018-02-18 02:30:00+00")
    add("1970-01-01 00:00:00+00", nil)
    add("2026-04-04 12:00:00+00", "2026-04-03 12:00:00+00")
    add("2026-04-05 12:00:00+00", "infinity")
    add("2026-04-06 12:00:00+00", "2027-04-06 12:00:00+00")
    return rows
  }
}
