import Basics
import Diagnostics
import Engine
import Extraction
import Foundation
import Postgres

extension Findings {
  /// The source and the record, and what both must agree on.
  mutating func databases(of configuration: Configuration) {
    do {
      try configuration.withServer {
        var source: Source?
        var record: RunRecord?
        check("source") {
          let opened = try Source(configuration.required(.source), schema: configuration.schema)
          source = opened
          return told(opened.connection)
        }
        if let source {
          tenants(of: source, configuration)
          check("row security") { try source.rowSecurity() }
          check("time limits") { try source.connection.inheritedLimits() }
          check("pooler") { try source.connection.pooling() }
          zones(of: source)
        }
        check("record") {
          let opened = try RunRecord(configuration.required(.record))
          record = opened
          return told(opened.connection)
        }
        if let source, let record {
          check("clocks") {
            try Clocks(source: source.connection, record: record.connection).check()
          }
        }
      }
    } catch {
      add(error, to: "server")
    }
  }

  private mutating func tenants(of source: Source, _ configuration: Configuration) {
    var unserved: [Diagnostic] = []
    check("tenants") {
      let tenants = try source.tenants(alsoZone: configuration.operatorZone)
      try configuration.refuseUnknownTenants(among: tenants.slugs)
      try configuration.refuseSharedMedia(among: tenants.slugs)
      unserved = tenants.faulty.map(\.fault) + tenants.nameless
      return Figures.count(tenants.served.count, "active tenant")
        + (unserved.isEmpty ? "" : ", \(unserved.count) that cannot be served")
    }
    for fault in unserved.prefix(Self.mostTold) {
      warn("tenants", fault.description, whatToDo: fault.hint)
    }
    if unserved.count > Self.mostTold {
      warn("tenants", "and \(unserved.count - Self.mostTold) more", whatToDo: nil)
    }
  }

  private mutating func zones(of source: Source) {
    var differences: [Source.ZoneDifference] = []
    let isAsked = check("time zones") {
      differences = try source.zoneDifferences(now: Int(Date().timeIntervalSince1970))
      return "reports go by PostgreSQL's tables"
    }
    guard isAsked else { return }
    for difference in differences.prefix(Self.mostTold) {
      let server = Self.offset(difference.server)
      let machine = difference.machine.map(Self.offset) ?? "unknown"
      let moment = Timestamp.rfc3339(difference.at)
      warn(
        "time zones", "\(difference.zone) at \(moment): \(server) there, \(machine) here",
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
