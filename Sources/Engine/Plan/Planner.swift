import Basics
package import Diagnostics
import Extraction
package import Pipelines
import Store

/// Turns what was asked for into a plan.
package struct Planner {
  /// What was asked for on the command line.
  package struct Request: Sendable {
    /// A pipeline's or a schedule's name.
    package var name: String
    /// Slugs; empty means all active tenants.
    package var tenants: [String] = []
    /// Periods; empty means what the schedule says, or the current ones.
    package var periods: [String] = []
    package var moment: RunMoment
    package var arguments: String = ""
    /// Whether the partitions to run are known already, as for a retry. Then none is left out
    /// because its period ended before the tenant existed.
    var isPicked = false

    /// - Parameter name: the name of a pipeline or a schedule.
    package init(name: String, moment: RunMoment) {
      self.name = name
      self.moment = moment
    }
  }

  let library: PipelineLibrary
  let configuration: Configuration
  /// The active tenants of each source.
  let sources: SourceTenants
  /// Whether the store has a release of a tenant's pipeline that was made at the period's end.
  let isFinal: (_ slug: String, _ pipeline: String, _ period: Period) throws(Diagnostic) -> Bool

  /// - Parameter isFinal: whether the store has a release that was made at the end of the period.
  package init(
    library: PipelineLibrary, configuration: Configuration, tenants: SourceTenants,
    isFinal:
      @escaping (_ slug: String, _ pipeline: String, _ period: Period) throws(Diagnostic) ->
      Bool
  ) {
    self.library = library
    self.configuration = configuration
    sources = tenants
    self.isFinal = isFinal
  }

  /// The plan. Throws `usage` for an unknown name, tenant or period, with the nearest known ones,
  /// and for a named period that ended before the tenant existed.
  package func plan(_ request: Request) throws(Diagnostic) -> RunPlan {
    let (entries, grace, isSchedule) = try entries(request.name)
    var chosen = try chosenTenants(
      request.tenants.filter { $0 != ReleaseTenant.operatorName },
      among: Set(entries.compactMap { library.pipeline($0.pipeline) }.map(\.extract.source)))
    // Whoever names tenants means them.
    if request.tenants.isEmpty, let zone = library.schedule(request.name)?.zone {
      chosen = try chosen.filter(in: zone, of: request.name)
    }
    let isOfOperator = request.tenants == [ReleaseTenant.operatorName]
    let isForAll = request.tenants.isEmpty || request.tenants.contains(ReleaseTenant.operatorName)
    if !isForAll, let pipeline = library.pipeline(request.name), pipeline.scope == .platform {
      throw Diagnostic(
        .usage, "'\(pipeline.name)' reports on all tenants together",
        hint: "run it without --tenant")
    }
    let periods = try periods(request.periods, entries)
    if periods.isEmpty, entries.allSatisfy(\.periods.isEmpty) {
      throw Diagnostic(
        .usage, "'\(request.name)' is made for the days that you name, and there are none",
        hint: "name them: --period 2026-03-01..2026-05-15")
    }
    var partitions: [RunPlan.Partition] = []
    var before: [Diagnostic] = []
    for (source, tenant, fault) in isOfOperator ? [] : chosen {
      // A tenant without a valid zone is planned too. Its partitions fail, so that the failure is
      // reported and retried like any other.
      let today = request.moment.day(in: tenant.zone)
      for (place, entry) in entries.enumerated() {
        guard let pipeline = library.pipeline(entry.pipeline), pipeline.scope == .tenant,
          pipeline.extract.source == source
        else { continue }
        let earlier = entries[..<place].map(\.pipeline)
        var wanted = periods.filter { pipeline.periods.contains($0.kind) }
        if periods.isEmpty {
          for selector in entry.periods {
            wanted += try selector.periods(on: today, graceDays: grace) {
              period throws(Diagnostic) in
              try isFinal(tenant.slug, pipeline.name, period)
            }
          }
        }
        for period in wanted.uniqued() {
          guard period.start <= today else {
            throw Diagnostic(
              .usage, "\(period) has not started yet for \(tenant.slug) (today there: \(today))",
              at: .init(tenant: tenant.slug, period: period.description),
              hint: "name a period that has started")
          }
          if !request.isPicked, let fault = faultBeforeLife(period, of: tenant) {
            before.append(fault)
            continue
          }
          partitions.append(
            RunPlan.Partition(
              tenant: tenant, settings: configuration.settings(for: tenant.slug),
              pipeline: pipeline, period: period, today: today,
              progress: PeriodProgress(
                period, today: today, isWholeDay: request.moment.isDay,
                firstDay: firstDay(of: tenant)), needs: entry.needs,
              links: pipeline.render?.links.filter(earlier.contains) ?? [], fault: fault))
        }
      }
    }
    if isForAll {
      partitions += try together(
        entries, periods, graceDays: grace, moment: request.moment, isPicked: request.isPicked)
    }
    // Of all tenants, those that did not exist are left out. Who names one is told.
    if let fault = before.first, !periods.isEmpty, !request.tenants.isEmpty || partitions.isEmpty {
      throw fault
    }
    return RunPlan(
      name: request.name, isSchedule: isSchedule, moment: request.moment,
      arguments: request.arguments, partitions: partitions)
  }

  /// The first day of a tenant's life, in its zone; `nil` if that is not known.
  private func firstDay(of tenant: Tenant) -> CivilDate? {
    configuration.settings(for: tenant.slug).since
      ?? tenant.created.map {
        RunMoment.instant(Int64($0)).day(in: tenant.zone)
      }
  }

  private func faultBeforeLife(_ period: Period, of tenant: Tenant) -> Diagnostic? {
    guard let first = firstDay(of: tenant), period.end <= first else { return nil }
    return Diagnostic(
      .usage, "\(period) ended before \(tenant.slug) existed (since \(first))",
      at: .init(tenant: tenant.slug, period: period.description),
      hint: "name a period that ended later; if the tenant is older than the platform's row of it,"
        + " set 'tenants: \(tenant.slug): since:' in yearbook.yaml")
  }

  /// The partitions of all tenants together. A period starts when it starts for the first tenant,
  /// and ends when it has ended for the last.
  private func together(
    _ entries: [Schedule.Entry], _ periods: [Period], graceDays: Int, moment: RunMoment,
    isPicked: Bool
  ) throws(Diagnostic) -> [RunPlan.Partition] {
    var partitions: [RunPlan.Partition] = []
    for entry in entries {
      guard let pipeline = library.pipeline(entry.pipeline), pipeline.scope == .platform else {
        continue
      }
      let source = sources[pipeline.extract.source]
      // A report of all tenants must not lack some.
      let outage = source.outage
      let tenants =
        source.served.isEmpty && outage != nil ? source.faulty.map(\.tenant) : source.served
      let members = tenants.map { tenant in
        RunPlan.Member(
          tenant: tenant, settings: configuration.settings(for: tenant.slug),
          today: moment.day(in: tenant.zone))
      }
      guard let first = members.map(\.today).max(), let last = members.map(\.today).min() else {
        continue
      }
      var wanted = periods.filter { pipeline.periods.contains($0.kind) }
      if periods.isEmpty {
        for selector in entry.periods {
          wanted += try selector.periods(on: last, graceDays: graceDays) {
            period throws(Diagnostic) in
            try isFinal(ReleaseTenant.operatorName, pipeline.name, period)
          }
        }
      }
      for period in wanted.uniqued() {
        guard period.start <= first else {
          throw Diagnostic(
            .usage, "\(period) has not started yet for any tenant",
            at: .init(period: period.description), hint: "name a period that has started")
        }
        let lives = tenants.map(firstDay)
        if !periods.isEmpty, !isPicked, !lives.contains(nil),
          let born = lives.compactMap(\.self).min(),
          period.end <= born
        {
          throw Diagnostic(
            .usage, "\(period) ended before any tenant existed (since \(born))",
            at: .init(period: period.description), hint: "name a period that ended later")
        }
        partitions.append(
          RunPlan.Partition(
            tenant: try owner(), settings: TenantSettings(), pipeline: pipeline,
            period: period, today: last,
            progress: PeriodProgress(
              period, today: last, isWholeDay: moment.isDay,
              firstDay: lives.contains(nil) ? nil : lives.compactMap(\.self).min()),
            needs: [], members: members, fault: outage))
      }
    }
    return partitions
  }

  /// The operator, with the rules of its time zone.
  private func owner() throws(Diagnostic) -> Tenant {
    let name = configuration.operatorZone
    guard let zone = sources.zone(named: name) else {
      throw Diagnostic(
        .configuration,
        "operator.time_zone \(ShownValue.quoted(name)) is not one that PostgreSQL knows by name",
        at: .init(file: configuration.file),
        hint: "use a name such as America/Sao_Paulo")
    }
    var owner = configuration.operatorTenant
    owner.zone = zone
    return owner
  }

  private func entries(
    _ name: String
  ) throws(Diagnostic) -> (entries: [Schedule.Entry], graceDays: Int, isSchedule: Bool) {
    if let schedule = library.schedule(name) { return (schedule.entries, schedule.graceDays, true) }
    if let pipeline = library.pipeline(name) {
      let current = pipeline.periods.filter(Period.Kind.calendar.contains)
      return (
        [Schedule.Entry(pipeline: name, periods: current.map { .current($0) }, needs: [])],
        Schedule.defaultGraceDays, false
      )
    }
    throw Diagnostic(
      .usage, "there is no pipeline or schedule '\(name)'",
      hint: NearestWords.hint(for: name, in: library.names)
        ?? NearestWords.choice("use one of:", library.names))
  }

  /// The tenants of these sources that have one of the slugs, or all of them without slugs; with
  /// their sources.
  private func chosenTenants(
    _ slugs: [String], among names: Set<String?>
  ) throws(Diagnostic) -> [SourceTenants.Chosen] {
    let tenants = sources.all(among: names)
    guard !slugs.isEmpty else { return tenants }
    var chosen: [SourceTenants.Chosen] = []
    for slug in slugs {
      // More than one, if the platform gives several tenants the same slug, or several sources have
      // the tenant.
      let found = tenants.filter { $0.tenant.slug == slug }
      if found.isEmpty {
        throw Diagnostic(
          .usage, "there is no active tenant '\(slug)'",
          hint: NearestWords.hint(for: slug, in: tenants.map(\.tenant.slug))
            ?? "active tenants: \(tenants.count), for example "
            + tenants.prefix(5).map(\.tenant.slug).joined(separator: ", "))
      }
      for one in found
      where !chosen.contains(where: { $0.source == one.source && $0.tenant == one.tenant }) {
        chosen.append(one)
      }
    }
    return chosen
  }

  private func periods(
    _ texts: [String], _ entries: [Schedule.Entry]
  ) throws(Diagnostic) -> [Period] {
    var periods: [Period] = []
    let pipelines = entries.compactMap { library.pipeline($0.pipeline) }
    for text in texts {
      guard let period = Period(text) else {
        throw Diagnostic(
          .usage, "'\(text)' is not a period", hint: Period.advice(for: text))
      }
      guard pipelines.contains(where: { $0.periods.contains(period.kind) }) else {
        let kinds = Set(pipelines.flatMap(\.periods)).map(\.rawValue).sorted()
        throw Diagnostic(
          .usage,
          "\(period) is a \(period.kind.rawValue), and this does not run by \(period.kind.rawValue)",
          hint: "name a \(kinds.joined(separator: " or "))")
      }
      periods.append(period)
    }
    return periods.uniqued()
  }
}

extension [SourceTenants.Chosen] {
  /// The tenants of a time zone, for a schedule that is for them.
  fileprivate func filter(in zone: String, of schedule: String) throws(Diagnostic) -> Self {
    let found = filter { $0.tenant.timeZone == zone }
    guard found.isEmpty, !isEmpty else { return found }
    let zones = Set(map(\.tenant.timeZone)).sorted()
    throw Diagnostic(
      .configuration,
      "no active tenant has the time zone \(ShownValue.quoted(zone)) of the schedule '\(schedule)'",
      hint: NearestWords.hint(for: zone, in: zones)
        ?? NearestWords.choice("their time zones:", zones))
  }
}

extension [Period] {
  fileprivate func uniqued() -> [Period] {
    var unique: [Period] = []
    for period in self where !unique.contains(period) { unique.append(period) }
    return unique
  }
}
