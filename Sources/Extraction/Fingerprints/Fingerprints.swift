package import Diagnostics
package import Pipelines

/// The fingerprints of a run's tables, of one snapshot.
package struct Fingerprints {
  struct Place: Hashable, Comparable {
    var table: String
    /// Whether all rows are one owner's.
    var isTogether: Bool

    static func < (one: Self, other: Self) -> Bool {
      (one.table, one.isTogether ? 1 : 0) < (other.table, other.isTogether ? 1 : 0)
    }
  }

  /// What one pipeline takes from the scans.
  struct Plan {
    struct Table {
      var place: Place
      var columns: [String]
      /// The columns that are compared with the cut-off.
      var times: [String]
      /// The columns that are compared with `previous_ends_at`.
      var compared: [String]
    }

    var demand: Fingerprinter.Demand
    var tables: [Table]
  }

  /// How far the moments of a partition that move with the run can move without a change of its
  /// datasets. All in microseconds since 1970.
  package struct Reach: Hashable, Sendable {
    package var cutoff: Int64
    /// Before this moment, a later cut-off gives the same datasets; `nil` if every later one does.
    package var next: Int64?
    /// The first and the last `previous_ends_at` that give the same datasets; `nil` if there is no
    /// such limit. It can move backwards too: a month before 30 and 31 March are the same days.
    package var previousEndFrom: Int64?
    package var previousEndTo: Int64?

    package init(
      cutoff: Int64, next: Int64? = nil, previousEndFrom: Int64? = nil,
      previousEndTo: Int64? = nil
    ) {
      self.cutoff = cutoff
      self.next = next
      self.previousEndFrom = previousEndFrom
      self.previousEndTo = previousEndTo
    }
  }

  /// What decides the datasets of one partition.
  package struct State: Sendable {
    package var inputs: KeyInputs
    package var reach: Reach
    /// `previous_ends_at`, microseconds since 1970.
    package var previousEnd: Int64

    /// Whether a partition that was extracted at other moments, and else alike, has the same
    /// datasets now.
    package func isReached(from old: Reach) -> Bool {
      if let first = old.previousEndFrom, previousEnd < first { return false }
      if let last = old.previousEndTo, previousEnd > last { return false }
      if reach.cutoff == old.cutoff { return true }
      // Nothing is known of the time before.
      return reach.cutoff > old.cutoff && old.next.map { reach.cutoff < $0 } ?? true
    }
  }

  let plans: [String: Plan]
  let scans: [Place: TableScan]
  let found: [Place: [TableScan.Owner: TableScan.Found]]
  let clock: RunClock
  let moment: RunMoment
  let server: String
  let schema: String
  let program: String
  /// Why tables could not be scanned.
  package let faults: [Diagnostic]

  /// The number of tables that were scanned.
  package var tableCount: Int { found.count }

  /// - Parameters:
  ///   - members: the partition's tenant; for scope `platform` all tenants.
  ///   - hidden: the keys of the rows that the partition's queries must not see.
  /// - Returns: `nil` if a table of the pipeline has no fingerprint.
  package func state(
    of pipeline: Pipeline, _ period: Period, _ members: [Extractor.Member], hidden: [String]
  ) -> State? {
    guard let plan = plans[pipeline.name] else { return nil }
    var places: [RunClock.Place: RunClock.Times] = [:]
    for member in members {
      let place = RunClock.Place(zone: member.tenant.timeZone, period: period)
      guard let times = clock.times[place] else { return nil }
      places[place] = times
    }
    guard !places.isEmpty else { return nil }
    // Raise the version if the same rows are printed in another form.
    var inputs = KeyInputs(stage: "extract", version: 1)
    inputs.add("statement", plan.demand.statement)
    inputs.add("program", program)
    inputs.add("server", contentsOf: server.utf8)
    inputs.add("schema", schema)
    inputs.add("period", period.description)
    if !hidden.isEmpty {
      inputs.add("hidden rows", contentsOf: hidden.sorted().joined(separator: "\n").utf8)
    }
    let zones = places.map { "\($0.zone) \($1.rules)" }
    inputs.add("time zones", contentsOf: zones.sorted().joined(separator: "\n").utf8)
    addMembers(members, pipeline, period, to: &inputs)

    var rows = Moments(places)
    for table in plan.tables {
      guard let scan = scans[table.place], let owners = found[table.place],
        let set = scan.columnSets.firstIndex(of: table.columns)
      else { return nil }
      let owner: TableScan.Owner =
        table.place.isTogether ? .everybody : .tenant(members[0].tenant.key)
      let own = owners[owner]
      inputs.add(
        "table \(table.place.table)",
        own.map { "\($0.rows) rows, \($0.sums[set])" } ?? Self.noRows)
      for column in table.times {
        guard let place = scan.timeColumns.firstIndex(of: column) else { return nil }
        rows.add(next: own?.nextTimes[place])
      }
      for column in table.compared where rows.isMoving {
        guard let place = scan.comparisons.firstIndex(of: .init(column: column, period: period))
        else { return nil }
        rows.add(before: own?.around[place].before, after: own?.around[place].after)
      }
    }
    return rows.state(plan.demand.reads, inputs)
  }

  private static let noRows = "0 rows, "

  /// The rows of `partition`, without their cut-offs.
  private func addMembers(
    _ members: [Extractor.Member], _ pipeline: Pipeline, _ period: Period,
    to inputs: inout KeyInputs
  ) {
    guard pipeline.scope == .tenant, let member = members.first else {
      let lines = members.map { member in
        Self.values(of: member, period, moment).map { "\($0.name) \($0.value)" }
          .joined(separator: "\t")
      }
      inputs.add("tenants", contentsOf: lines.sorted().joined(separator: "\n").utf8)
      return
    }
    for (name, value) in Self.values(of: member, period, moment) { inputs.add(name, value) }
  }

  private static func values(
    of member: Extractor.Member, _ period: Period, _ moment: RunMoment
  ) -> [(name: String, value: String)] {
    let values = ExtractStatement.values(of: member, period, moment).map { $0 ?? "" }
    return [
      ("tenant", values[0]), ("time zone", values[6]), ("as of", values[7]),
      ("currency", values[8]), ("locale", values[9]), ("privacy", values[10]),
    ]
  }
}
