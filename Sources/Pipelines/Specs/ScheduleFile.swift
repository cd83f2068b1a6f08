import Basics
import Diagnostics

/// Reads one schedule, a YAML file beside the pipelines' folders.
struct ScheduleFile {
  let path: String
  let pipelines: [Pipeline]

  func read() throws(Diagnostics) -> Schedule {
    let reader = SpecReader(file: path)
    let schedule = read(reader)
    try reader.finish()
    guard let schedule else {
      throw Diagnostics([
        Diagnostic(.bug, "an unreadable schedule was not reported", at: .init(file: path))
      ])
    }
    return schedule
  }

  private func read(_ reader: SpecReader) -> Schedule? {
    guard let text = PipelineFile.text(of: path) else {
      reader.report("not a readable UTF-8 file", line: nil, column: nil)
      return nil
    }
    guard let root = reader.parse(text),
      let map = root.mapping(keys: ["name", "tenants", "pipelines", "grace", "due"])
    else { return nil }
    let name = map.required("name")?.string()
    let zone = map["tenants"].flatMap(zone)
    let grace = map["grace"].flatMap(days)
    let due = map["due"].flatMap(timeOfDay)
    let nodes = map.required("pipelines")?.list() ?? []
    let entries = nodes.compactMap(entry)
    if nodes.isEmpty, let node = map["pipelines"] { node.report("the schedule names no pipeline") }
    checkOnce(entries)
    checkNeeds(entries)
    if zone != nil { checkScopes(entries) }
    guard let name else { return nil }
    return Schedule(
      name: name, file: path, entries: entries.map(\.entry),
      graceDays: grace ?? Schedule.defaultGraceDays, zone: zone, due: due)
  }

  private func entry(_ node: SpecNode) -> (entry: Schedule.Entry, node: SpecNode)? {
    guard let map = node.mapping(keys: ["run", "periods", "needs"]),
      let runNode = map.required("run"), let run = runNode.string()
    else { return nil }
    let pipeline = pipelines.first { $0.name == run }
    if pipeline == nil {
      runNode.report(
        "there is no pipeline '\(run)'",
        hint: NearestWords.hint(for: run, in: pipelines.map(\.name)))
    }
    let periods = (map.required("periods")?.list() ?? []).compactMap { node -> PeriodSelector? in
      guard let text = node.string() else { return nil }
      guard let selector = PeriodSelector(text) else {
        node.report(
          "expected a period or one of \(PeriodSelector.words.joined(separator: ", ")), found '\(text)'",
          hint: NearestWords.hint(for: text, in: PeriodSelector.words))
        return nil
      }
      if let pipeline, !pipeline.periods.contains(selector.kind) {
        node.report(
          "'\(run)' does not run by \(selector.kind.rawValue), only by \(pipeline.periods.map(\.rawValue).joined(separator: ", "))"
        )
      }
      return selector
    }
    let needs = (map["needs"]?.list() ?? []).compactMap { $0.string() }
    return (Schedule.Entry(pipeline: run, periods: periods, needs: needs), node)
  }

  /// A pipeline has one entry. With two, the same period could be meant twice, or one entry could
  /// wait for itself.
  private func checkOnce(_ entries: [(entry: Schedule.Entry, node: SpecNode)]) {
    var seen: Set<String> = []
    for (entry, node) in entries where !seen.insert(entry.pipeline).inserted {
      node.report(
        "the schedule names '\(entry.pipeline)' twice", hint: "name all its periods in one entry")
    }
  }

  /// Each name in `needs` must be earlier in the list, so there is no cycle.
  private func checkNeeds(_ entries: [(entry: Schedule.Entry, node: SpecNode)]) {
    let all = entries.map(\.entry.pipeline)
    var earlier: [String] = []
    for (entry, node) in entries {
      for need in entry.needs where !earlier.contains(need) {
        if all.contains(need) {
          node.report(
            "'\(entry.pipeline)' needs '\(need)', which does not run before it",
            hint: "move '\(need)' up; pipelines that need each other cannot run")
        } else {
          node.report(
            "'\(entry.pipeline)' needs '\(need)', which this schedule does not run",
            hint: NearestWords.hint(for: need, in: all))
        }
      }
      earlier.append(entry.pipeline)
    }
  }

  /// A report of all tenants cannot be made for some of them.
  private func checkScopes(_ entries: [(entry: Schedule.Entry, node: SpecNode)]) {
    for (entry, node) in entries
    where pipelines.first(where: { $0.name == entry.pipeline })?.scope == .platform {
      node.report(
        "'\(entry.pipeline)' reports on all tenants together, and this schedule is for some",
        hint: "name it in a schedule with 'tenants: active'")
    }
  }

  /// `active`, or `{zone: Asia/Tokyo}` for the active tenants of a time zone. `nil` for all.
  private func zone(_ node: SpecNode) -> String? {
    guard node.isMapping else {
      _ = node.word(of: ["active"])
      return nil
    }
    return node.mapping(keys: ["zone"])?.required("zone")?.string()
  }

  /// `06:00`, from 00:00 to 23:59.
  private func timeOfDay(_ node: SpecNode) -> String? {
    guard let text = node.string() else { return nil }
    guard let minutes = HoursOfDay.minutes(text[...]), minutes < 1440 else {
      node.report("expected a time of day such as 06:00, found '\(text)'")
      return nil
    }
    return text
  }

  private func days(_ node: SpecNode) -> Int? {
    guard let text = node.string() else { return nil }
    guard text.hasSuffix("d"), let days = Int(text.dropLast()),
      (0...DurationText.mostDays).contains(days)
    else {
      node.report("expected a number of days such as 10d, found '\(text)'")
      return nil
    }
    return days
  }
}
