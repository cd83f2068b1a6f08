import Basics
import Diagnostics
import Engine
import Extraction
import Foundation
import Pipelines
import Postgres

extension Findings {
  /// The source and the record, and what both must agree on.
  mutating func databases(of configuration: Configuration) {
    do {
      try configuration.withServer {
        let names = configuration.sourceNames
        let sources = (names.contains(nil) ? names : [nil] + names).compactMap {
          source($0, configuration)
        }
        tenants(of: sources, configuration)
        var record: RunRecord?
        check("record") {
          let opened = try RunRecord(configuration.required(.record))
          record = opened
          return told(opened.connection)
        }
        for shards in sources {
          for (number, source) in shards.sources {
            guard let record else { break }
            check(Self.name("clocks", of: shards, number)) {
              try Clocks(source: source.connection, record: record.connection).check()
            }
          }
        }
      }
    } catch {
      add(error, to: "server")
    }
  }

  /// The name of a finding about a source: `time limits of events`, `clocks of events 2`.
  private static func name(_ name: String, of shards: Shards, _ number: Int) -> String {
    let place = [shards.name, shards.isSharded ? String(number) : nil].compactMap(\.self)
    return ([name] + (place.isEmpty ? [] : ["of"]) + place).joined(separator: " ")
  }

  /// Opens a source and looks at it.
  private mutating func source(_ name: String?, _ configuration: Configuration) -> Shards? {
    var opened: Shards?
    let title = name.map { "source \($0)" } ?? "source"
    check(title) {
      let shards = try configuration.openShards(
        name, pipelines: configuration.pipelineFolder(), isLimited: false)
      opened = shards
      guard shards.isSharded else { return told(try shards.first().connection) }
      return "\(shards.sources.count) of \(shards.numbers.count) shards answer"
    }
    guard let opened else { return nil }
    for (number, fault) in opened.faults { add(fault, to: "\(title) \(number)") }
    for (number, source) in opened.sources {
      if opened.isSharded { check("\(title) \(number)") { told(source.connection) } }
      func name(_ finding: String) -> String { Self.name(finding, of: opened, number) }
      check(name("replication")) { try source.standby() }
      check(name("row security")) { try source.rowSecurity() }
      check(name("time limits")) { try source.connection.inheritedLimits() }
      check(name("pooler")) { try source.connection.pooling() }
      zones(of: source, name("time zones"))
    }
    return opened
  }

  /// The tenants of all sources together: settings of a tenant can be of any of them.
  private mutating func tenants(of sources: [Shards], _ configuration: Configuration) {
    if sources.isEmpty { return }
    var unserved: [Diagnostic] = []
    var unscheduled: [String] = []
    check("tenants") {
      let tenants = try SourceTenants(of: sources, alsoZone: configuration.operatorZone)
      unscheduled = Self.unscheduled(tenants.timeZones, configuration)
      try configuration.refuseUnknownTenants(among: tenants.slugs)
      try configuration.refuseSharedMedia(among: tenants.slugs)
      unserved = tenants.faults
      let served = tenants.served.count
      return Figures.count(served, "active tenant")
        + (unserved.isEmpty ? "" : ", \(unserved.count) that cannot be served")
    }
    if !unscheduled.isEmpty {
      warn(
        "tenants", "no schedule is for those in \(unscheduled.joined(separator: ", "))",
        whatToDo: "write a schedule with 'tenants: {zone: \(unscheduled[0])}', or one with"
          + " 'tenants: active'")
    }
    for fault in unserved.prefix(Self.mostTold) {
      warn("tenants", fault.description, whatToDo: fault.hint)
    }
    if unserved.count > Self.mostTold {
      warn("tenants", "and \(unserved.count - Self.mostTold) more", whatToDo: nil)
    }
  }

  /// The time zones of tenants that no schedule is for, where each is for one time zone.
  private static func unscheduled(
    _ zones: Set<String>, _ configuration: Configuration
  ) -> [String] {
    // What is wrong with the pipelines is told by a finding of its own.
    let schedules = (try? PipelineLibrary(folder: configuration.pipelineFolder()))?.schedules ?? []
    guard !schedules.isEmpty, schedules.allSatisfy({ $0.zone != nil }) else { return [] }
    return zones.subtracting(schedules.compactMap(\.zone)).sorted()
  }

  private mutating func zones(of source: Source, _ name: String) {
    var differences: [Source.ZoneDifference] = []
    let isAsked = check(name) {
      differences = try source.zoneDifferences(now: Int(Date().timeIntervalSince1970))
      return "reports go by PostgreSQL's tables"
    }
    guard isAsked else { return }
    for difference in differences.prefix(Self.mostTold) {
      let server = Self.offset(difference.server)
      let machine = difference.machine.map(Self.offset) ?? "unknown"
      let moment = Timestamp.rfc3339(difference.at)
      warn(
        name, "\(difference.zone) at \(moment): \(server) there, \(machine) here",
        whatToDo: "update the package tzdata of the older of the two machines")
    }
  }

  /// How many of a kind are told one by one.
  private static let mostTold = 5

  /// `+05:30`
  private static func offset(_ seconds: Int) -> String {
    let minutes = abs(seconds) / 60
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return (seconds < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60)
  }
}

/// The server of a session.
private func told(_ connection: Connection) -> String {
  "\(connection.target), PostgreSQL \(connection.serverVersion / 10_000)"
}
