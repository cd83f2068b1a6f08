import Basics

extension SampleTenant {
  /// Where the pictures of a tenant's POCs are, below the media root.
  func pictureKey(_ number: Int, _ suffix: String = "") -> String {
    "\(profile.slug)/screenshots/\(number + 1)\(suffix).png"
  }

  func recordingKey(_ recording: SampleRecording) -> String {
    "\(profile.slug)/recordings/\(recording.name)"
  }

  /// How many POCs have a picture. A large sample needs no more pictures.
  static let picturesAtMost = 24

  /// How many POCs of a tenant with a story are looked at for a picture: as many as it has without
  /// more being asked for.
  static let storyPictures = 330

  /// The POCs that have a picture, by number, with its design.
  var pictures: [(number: Int, idea: SampleWords.Idea, design: SamplePicture.Design)] {
    guard hasMedia else { return [] }
    let designs = SamplePicture.Design.allCases
    if profile.story != nil {
      return (0..<min(pocs, Self.storyPictures)).filter { isFavorite($0) || $0 % 4 == 0 }.map {
        ($0, idea($0), designs[$0 * 7 / 3 % designs.count])
      }
    }
    return (0..<min(pocs, Self.picturesAtMost)).filter { $0 % 5 != 3 }.map {
      ($0, idea($0), designs[($0 + index) % designs.count])
    }
  }

  func idea(_ number: Int) -> SampleWords.Idea {
    let ideas = profile.words.ideas
    // The tiny tenant has one POC. It is not the first POC of its larger neighbour.
    let first = profile.share == 0 ? 7 : 0
    var idea = ideas[(first + number) % ideas.count]
    let round = number / ideas.count
    if profile.story != nil, round > 0 {
      idea.revisit(round, number: number)
    } else if round > 0 {
      idea.name += " #\(round + 1)"
    }
    return idea
  }

  /// The favourites of a tenant with a story.
  private func isFavorite(_ number: Int) -> Bool { number % 7 == 1 }

  func addPOCs(_ tables: inout SampleTables) {
    var random = SampleRandom(seed: seed, "pocs/\(index)")
    let pictured = Set(pictures.map(\.number))
    for number in 0..<pocs {
      let idea = idea(number)
      let id = random.uuid()
      var created = moment(of: number, &random)
      // The last minutes of a year and the first of the next belong to different reports.
      if number == 4 {
        created = SampleMoment(
          CivilDate(2025, 12, 31), hour: 23, minute: 58, offset: profile.offset)
      }
      if number == 5 {
        created = SampleMoment(CivilDate(2026, 1, 1), hour: 0, minute: 3, offset: profile.offset)
      }
      let updated = created.adding(seconds: random.below(20 * 86_400))
      let end = SampleMoment(today, hour: 18, offset: profile.offset)
      let count = members(on: created)
      let author = min(random.below(count), random.below(count))
      let tags = (idea.tags + (random.oneIn(6) ? ["poc"] : [])).joined(separator: ",")
      tables.add(
        .pocuser,
        [
          id, userIDs[author], self.id, idea.name, idea.description, idea.language,
          (profile.story == nil ? random.oneIn(6) || number == 1 : isFavorite(number)) ? "Y" : "N",
          tags,
          "https://git.example.org/\(profile.slug)/\(number + 1)", created.text,
          max(created, min(updated, end)).text,
        ])
      if pictured.contains(number) {
        tables.add(
          .poc_screenshot,
          [
            random.uuid(), id, self.id, pictureKey(number),
            created.adding(seconds: 90 + random.below(600)).text,
          ])
      }
    }
  }

  func addDojos(_ tables: inout SampleTables) {
    guard profile.share > 0 else { return }
    var random = SampleRandom(seed: seed, "dojos/\(index)")
    for recording in profile.recordings {
      addDojo(recording, subject: recordedSubject(recording), &random, &tables)
    }
    let subjects = profile.words.subjects
    if let story = profile.story {
      for (number, day) in story.dojoDays(today: today, &random).enumerated() {
        let subject = subjects[(number + profile.recordings.count) % subjects.count]
        addDojo(nil, subject: subject, on: day, &random, &tables)
      }
      let (day, subject) = story.gathering
      if day <= today {
        addDojo(nil, subject: subject, on: day, isForAll: true, &random, &tables)
      }
      return
    }
    for number in 0..<min(max(2, pocs), 24 + pocs / 10) {
      let subject = subjects[(number + 2) % subjects.count]
      addDojo(nil, subject: subject, &random, &tables)
    }
  }

  /// The recordings of a tenant show its first subjects, in order.
  private func recordedSubject(_ recording: SampleRecording) -> String {
    let place = profile.recordings.firstIndex { $0.name == recording.name } ?? 0
    return profile.words.subjects[place]
  }

  private func addDojo(
    _ recording: SampleRecording?, subject: String, on planned: CivilDate? = nil,
    isForAll: Bool = false, _ random: inout SampleRandom, _ tables: inout SampleTables
  ) {
    let id = random.uuid()
    let day = recording?.day ?? planned ?? dojoDay(&random)
    let date = SampleMoment(
      day, hour: 19, minute: random.pick([0, 0, 30]), offset: profile.offset)
    let opened = date.adding(days: -7)
    // A person in a recording must be one who can be shown,
    let everyone = Array(userIDs.indices.prefix(members(on: date)))
    // and people who are seen in it come first.
    let members =
      recording == nil
      ? isForAll
        ? everyone
        : Array(
          random.shuffled(everyone).prefix(
            profile.story == nil ? 2 + random.below(5) : 4 + random.below(9)))
      : everyone.filter { privacy($0) != "none" }.prefix(3 + random.below(3)).map { $0 }
    let host = members[0]
    let isInactive = recording == nil && !isForAll && random.oneIn(profile.story == nil ? 8 : 24)
    tables.add(
      .room,
      [
        id, userIDs[host], self.id, date.text, String(subject.prefix(50)), isInactive ? "I" : "A",
        opened.text, opened.text,
      ])
    for member in members { tables.add(.room_member, [id, userIDs[member]]) }
    if recording == nil, index == 1, random.oneIn(3) {
      // A visitor from another tenant.
      let neighbour = SampleTenant(seed: seed, index: 0, pocsPerTenant: 24, today: today)
      tables.add(.room_member, [id, neighbour.userIDs[0]])
    }
    for number in 0..<random.below(4) {
      let said = date.adding(seconds: 300 + number * 240 + random.below(200))
      tables.add(
        .message,
        [
          random.uuid(), userIDs[random.pick(members)], id, self.id,
          random.pick(profile.words.messages), random.oneIn(7) ? "R" : "A", said.text,
        ])
    }
    guard let recording else { return }
    // The files are only seconds long, so that a sample is generated quickly. The evenings that
    // they show are longer.
    let evening = date.adding(seconds: recording.seconds * 600 + 420)
    let stopped = recording.kept < 100 ? nil : evening.text
    tables.add(
      .dojo_recording,
      [random.uuid(), id, self.id, date.text, stopped, recordingKey(recording), date.text])
  }

  /// Tuesday and Wednesday evenings, and some Saturdays.
  private func dojoDay(_ random: inout SampleRandom) -> CivilDate {
    let start = CivilDate(2025, 1, 7)
    let weeks = max(1, (today.daysSince1970 - start.daysSince1970) / 7)
    return start.adding(days: 7 * random.below(weeks) + random.pick([0, 0, 0, 1, 4]))
  }
}
