import ArgumentParser
import Basics
import Diagnostics
import Engine
import Foundation
import Pipelines
import Store

struct ShareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "share",
    abstract: "Shares a report with everybody who gets its address, until it is taken back.",
    discussion: """
      The page has the report's pictures and figures to share, with an address that nobody can \
      guess and a QR code for paper. It follows the report: a corrected report corrects it. It \
      ends on its last day, and when the report is withdrawn or the person is erased. \
      `yearbook unshare` takes it back at once.

      The store must be on the web: `site: https://…` in yearbook.yaml. Giving the same command \
      again prints the same address.

      Examples:
        yearbook share acme annual 2025
        yearbook share acme annual 2025 --until 2026-03-31
        yearbook share acme member 2025 --person 7f8a4c1e-0000-4000-8000-000000000001
        yearbook share --list
      """)

  @Argument(help: "The tenant's slug.", completion: Completions.tenants)
  var tenant: String?
  @Argument(help: "The pipeline.", completion: Completions.pipelines)
  var report: String?
  @Argument(help: "The period.", completion: Completions.periods)
  var period: String?
  @Option(help: "The last day on which it is shown, in UTC, such as 2026-03-31.")
  var until: String?
  @Option(
    help: ArgumentHelp(
      "A person's id on the platform: their own report, which they have asked for.",
      valueName: "id"))
  var person: String?
  @Flag(help: "Only list what is shared, of all tenants or of one.")
  var list = false
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if list {
      guard report == nil, until == nil, person == nil else {
        throw ValidationError("--list takes a tenant and nothing else")
      }
      return
    }
    guard tenant != nil, report != nil, period != nil else {
      throw ValidationError("name what to share: TENANT REPORT PERIOD")
    }
    guard let until else { return }
    guard let day = CivilDate(until) else {
      throw ValidationError("--until must be a day such as 2026-03-31")
    }
    if day < Self.today { throw ValidationError("--until must not be a day that has passed") }
  }

  private static var now: Int { Int(Date().timeIntervalSince1970) }
  private static var today: CivilDate {
    CivilDate(daysSince1970: Timestamp.dayNumber(now))
  }

  func run() throws {
    let configuration = try shared.configuration()
    let store = try configuration.openStore()
    let shares = try configuration.shares(in: store)
    if list {
      if let tenant { _ = try ReleaseAddress.partitions(tenant: tenant, in: store) }
      return try tell(shares.lines(of: tenant.map { [$0] } ?? store.tenants()))
    }
    let place = try ReleaseAddress.partition(
      [tenant, report, period].compactMap(\.self).joined(separator: "/"), in: store)
    guard place.tenant != ReleaseTenant.operatorName else {
      throw Diagnostic(.usage, "the operator's reports are about all tenants: they are not shared")
    }
    try store.tryWriting()
    var folder: String?
    if let person {
      folder = try configuration.withServer { () throws -> String in
        try self.folder(of: person, in: place, configuration, store)
      }
    }
    let line = try shares.share(
      place, folder: folder, until: until.flatMap { CivilDate($0) }, now: Self.now)
    // What is told is true, whatever the mirror meets.
    try tell(line)
    try configuration.mirror([place.tenant], in: store)
  }

  /// The name of a person's folder in a report of people. Only the record knows it.
  private func folder(
    of person: String, in place: ReleasePartition, _ configuration: Configuration,
    _ store: ReleaseStore
  ) throws -> String {
    let id = UUID(uuidString: person) == nil ? person : person.lowercased()
    guard let period = Period(place.period), let owner = try store.tenant(slug: place.tenant) else {
      throw Diagnostic(.usage, "\(place) is not a report of people")
    }
    let key = PartitionKey(tenantID: owner.id, pipeline: place.pipeline, period: period)
    guard let folder = try RunRecord(configuration.required(.record)).folder(of: id, in: key) else {
      throw Diagnostic(
        .usage, "\(place) has no report of this person",
        hint: "they must have asked for one, and be named: docs/how-to/member.md says how")
    }
    return folder
  }

  private func tell(_ line: Shares.Line) throws {
    if json { return try printJSON(line) }
    let out = Console.standardOutput
    out.line(line.address ?? line.name)
    let until = line.until.map { "until \($0)" } ?? "until it is taken back"
    out.line("it is shown \(until); to take it back: ")
    out.line("  " + CommandText.yearbook(["unshare", line.name], shared))
  }

  private func tell(_ lines: [Shares.Line]) throws {
    if json { return try printJSON(lines) }
    let out = Console.standardOutput
    if lines.isEmpty { return out.line("nothing is shared") }
    for line in lines {
      let day = line.since.prefix(10)
      guard line.state == "shown" else {
        out.line("\(line.tenant) \(line.name), taken back on \(day)")
        continue
      }
      let what = "\(line.report ?? "") \(line.period ?? "")"
      let whose = line.isPersonal ?? false ? ", one person's" : ""
      let until = line.until.map { ", until \($0)" } ?? ""
      out.line("\(line.tenant) \(what)\(whose), since \(day)\(until)")
      out.line("  \(line.address ?? line.name)")
    }
  }
}
