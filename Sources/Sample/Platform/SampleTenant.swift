import Basics

/// One tenant of a sample. Its rows depend only on the seed and its place.
struct SampleTenant {
  let seed: UInt64
  let index: Int
  let pocs: Int
  let today: CivilDate
  /// Whether it has pictures and recordings.
  let hasMedia: Bool

  /// The profile, with the recordings made up to today.
  let profile: SampleProfile
  let id: String
  /// The ids of its users. They are stable, because a user can also be a member of another tenant.
  let userIDs: [String]
  let people: [(first: String, last: String)]
  /// The days of its POCs, if it has a story.
  let storyDays: [CivilDate]

  init(
    seed: UInt64, index: Int, pocsPerTenant: Int, today: CivilDate, recordingsAtMost: Int = .max
  ) {
    self.seed = seed
    self.index = index
    self.today = today
    var profile = SampleProfile.at(index)
    profile.recordings = Array(
      profile.recordings.filter { $0.day <= today }.prefix(recordingsAtMost))
    self.profile = profile
    var pace = SampleRandom(seed: seed, "story/\(index)")
    storyDays =
      profile.story?.pocDays(
        atLeast: pocsPerTenant * profile.share / 100, today: today, &pace) ?? []
    pocs = max(1, profile.story == nil ? pocsPerTenant * profile.share / 100 : storyDays.count)
    hasMedia = index < SampleProfile.written.count
    var random = SampleRandom(seed: seed, "tenant/\(index)")
    id = random.uuid()
    let names = random.shuffled(profile.words.people)
    let count =
      profile.story?.people(on: today)
      ?? (profile.share == 0 ? 1 : max(min(names.count, 4 + pocs / 3), min(60, pocs / 20)))
    people = (0..<count).map { names[$0 % names.count] }
    userIDs = (0..<count).map { _ in random.uuid() }
  }

  func add(to tables: inout SampleTables) {
    let founded = SampleMoment(CivilDate(2024, 11, 4), hour: 9, offset: profile.offset).text
    tables.add(
      .tenant,
      [
        id, profile.slug, profile.name, profile.timeZone, profile.locale, profile.currency, "A",
        founded, founded,
      ])
    addUsers(&tables)
    addPOCs(&tables)
    addDojos(&tables)
    var random = SampleRandom(seed: seed, "billing/\(index)")
    let billing = SampleBilling(
      tenant: id, currency: profile.currency, slug: profile.slug, today: today)
    let stories =
      index < SampleProfile.written.count
      ? profile.subscriptions : [SampleSubscription.random(&random)]
    for (number, story) in stories.enumerated() {
      billing.add(story, number: number, &random, to: &tables)
    }
  }

  /// The last user does not want to be shown. The one before wants to be shown only by initials.
  func privacy(_ user: Int) -> String {
    guard userIDs.count >= 5 else { return "names" }
    return user == userIDs.count - 1 ? "none" : user == userIDs.count - 2 ? "initials" : "names"
  }

  /// Every third user asked for a year of their own; also the two who are not shown by name, and
  /// get none.
  func share(_ user: Int) -> String {
    user % 3 == 0 || privacy(user) != "names" ? "Y" : "N"
  }

  private func addUsers(_ tables: inout SampleTables) {
    var random = SampleRandom(seed: seed, "users/\(index)")
    for (number, person) in people.enumerated() {
      var joining = CivilDate(2024, 11, 5).adding(days: random.below(50))
      if let story = profile.story, number >= story.founders {
        joining = story.joining(of: number)
      }
      let joined = SampleMoment(joining, hour: 9 + random.below(9), offset: profile.offset)
      let name = "u\(index + 1)x\(number + 1)"
      tables.add(
        .user,
        [
          userIDs[number], id, name, person.first, person.last, "\(name)@example.org",
          "\(19 + random.below(45))", random.oneIn(9) ? "C" : "A",
          random.oneIn(3) ? "ONLINE" : "OFFLINE", nil, privacy(number), joined.text, joined.text,
          share(number),
        ])
      if random.oneIn(2) {
        tables.add(
          .notification,
          [
            random.uuid(), userIDs[number], id, "welcome", profile.name,
            joined.adding(seconds: 60).text,
            random.oneIn(3) ? nil : joined.adding(seconds: 4000).text,
          ])
      }
    }
  }

  /// When a POC was created.
  func moment(of number: Int, _ random: inout SampleRandom) -> SampleMoment {
    guard storyDays.indices.contains(number) else { return workingMoment(&random) }
    return SampleMoment(
      storyDays[number],
      hour: random.pick([8, 9, 9, 10, 10, 10, 11, 11, 14, 14, 15, 15, 16, 16, 17, 20, 21, 21, 22]),
      minute: random.below(60), second: random.below(60), offset: profile.offset)
  }

  /// Who has joined by a day, by place.
  func members(on moment: SampleMoment) -> Int {
    guard let story = profile.story else { return userIDs.count }
    let day = CivilDate(daysSince1970: (moment.seconds + profile.offset * 3600) / 86_400)
    return min(userIDs.count, story.people(on: day.adding(days: -1)))
  }

  /// A moment in working hours between the beginning of 2025 and today. Spring and autumn have more
  /// of them.
  func workingMoment(_ random: inout SampleRandom) -> SampleMoment {
    let start = CivilDate(2025, 1, 2)
    let span = today.daysSince1970 - start.daysSince1970
    var day = start.adding(days: random.below(max(1, span)))
    let busy = [4, 5, 9, 10, 11].contains(day.month)
    if !busy, random.oneIn(3) { day = start.adding(days: random.below(max(1, span))) }
    if day.weekday == 6, !random.oneIn(4) { day = day.adding(days: -2) }
    return SampleMoment(
      day, hour: 8 + random.below(13), minute: random.below(60), second: random.below(60),
      offset: profile.offset)
  }
}
