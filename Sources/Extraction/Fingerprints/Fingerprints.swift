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
      var times: [String]
    }

    var demand: Fingerprinter.Demand
    var tables: [Table]
  }

  /// What decides the datasets of one partition.
  package struct State: Sendable {
    package var inputs: KeyInputs
    /// Microseconds since 1970.
    package var cutoff: Int64
    /// Before this moment, a later cut-off gives the same datasets; `nil` if every later one does.
    package var next: Int64?

    /// Whether a partition that was extracted with another cut-off, and else alike, has the same
    /// datasets now.
    package func isReached(fromCutoff old: Int64, next: Int64?) -> Bool {
      if cutoff == old { return true }
      // Nothing is known of the time before.
      return cutoff > old && next.map { cutoff < $0 } ?? true
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
    let times = members.map { clock.times[.init(zone: $0.tenant.timeZone, period: period)] }
    guard let first = times.first ?? nil, !times.contains(where: { $0 == nil }) else { return nil }
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
    let zones = Set(zip(members, times).map { "\($0.tenant.timeZone) \($1?.rules ?? "")" })
    inputs.add("time zones", contentsOf: zones.sorted().joined(separator: "\n").utf8)
    addMembers(members, pipeline, period, to: &inputs)

    var next: Int64?
    func earlier(_ moment: Int64?) { if let moment { next = min(next ?? moment, moment) } }
    for table in plan.tables {
      guard let scan = scans[table.place], let rows = found[table.place],
        let set = scan.columnSets.firstIndex(of: table.columns)
      else { return nil }
      let owner: TableScan.Owner =
        table.place.isTogether ? .everybody : .tenant(members[0].tenant.key)
      let own = rows[owner]
      inputs.add(
        "table \(table.place.table)",
        own.map { "\($0.rows) rows, \($0.sums[set])" } ?? Self.noRows)
      for column in table.times {
        guard let place = scan.timeColumns.firstIndex(of: column) else { return nil }
        earlier(own?.nextTimes[place])
      }
    }
    addCutoff(plan.demand, times.compactMap { $0 }, first, to: &inputs, earlier)
    return State(inputs: inputs, cutoff: first.cutoff, next: next)
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

  /// Adds the cut-off, or says how long it makes no difference.
  private func addCutoff(
    _ demand: Fingerprinter.Demand, _ times: [RunClock.Times], _ first: RunClock.Times,
    to inputs: inout KeyInputs, _ earlier: (Int64?) -> Void
  ) {
    let reads = demand.reads
    let isUnused =
      reads.filesWithOtherUses.isEmpty && reads.cutoff.columns.isEmpty && reads.cutoff.units.isEmpty
      && !reads.cutoff.isComparedWithPeriod
    if isUnused { return }
    guard reads.filesWithOtherUses.isEmpty, demand.pipeline.scope == .tenant else {
      inputs.add("cut-off", times.map { String($0.cutoff) }.joined(separator: " "))
      return
    }
    // Of a period that has ended, the scans looked beyond the cut-off.
    if first.cutoff != first.now { earlier(first.cutoff) }
    if reads.cutoff.isComparedWithPeriod { earlier(first.nextOfPeriod) }
    for unit in reads.cutoff.units { earlier(first.windows[unit] ?? first.cutoff) }
  }
}
