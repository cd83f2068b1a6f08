import Basics
import Diagnostics
import Extraction
import Pipelines
import Store
import Testing

@testable import Engine

@Suite struct PlannerTests {
  private static let library = Result {
    try Plans.library(
      [
        "video": "period: year", "report": "period: [month, year]",
        "platform": "period: month\nscope: platform",
      ],
      nightly: """
        name: nightly
        grace: 5d
        pipelines:
          - {run: video, periods: [this-year]}
          - {run: report, periods: [this-month, closing-months, 2026-11], needs: [video]}
          - {run: platform, periods: [this-month, closing-months]}
        """)
  }

  /// The ends of the world: UTC+14 and UTC−11.
  private let early = Plans.tenant(1, zone: ZoneRules(name: "Pacific/Kiritimati", offset: 50_400))
  private let late = Plans.tenant(2, zone: ZoneRules(name: "Pacific/Pago_Pago", offset: -39_600))

  private func plan(
    _ name: String, _ tenants: [Tenant], at moment: String,
    faulty: [(tenant: Tenant, fault: Diagnostic)] = [], final: Set<String> = [],
    _ change: (inout Planner.Request) -> Void = { _ in }
  ) throws -> RunPlan {
    var all = Source.Tenants()
    all.served = tenants
    all.faulty = faulty
    let planner = Planner(
      library: try Self.library.get(), configuration: Configuration(),
      tenants: SourceTenants([(nil, all)])
    ) { slug, pipeline, period in
      final.contains("\(pipeline) \(slug) \(period)")
    }
    var request = Planner.Request(name: name, moment: try #require(RunMoment(moment)))
    change(&request)
    return try planner.plan(request)
  }

  @Test func `A pipeline runs for the periods that hold each tenant's own day`() throws {
    let plan = try plan("report", [early, late], at: "2026-12-31T12:00:00Z")
    #expect(
      plan.partitions.map(\.label) == [
        "report t1 2027-01", "report t1 2027", "report t2 2026-12", "report t2 2026",
      ])
    #expect(plan.partitions.map(\.today.description).first == "2027-01-01")
    #expect(plan.partitions.map(\.today.description).last == "2026-12-31")
    #expect(!plan.isSchedule)
  }

  @Test func `A schedule runs its entries in order, tenant after tenant, with what each needs`()
    throws
  {
    let plan = try plan("nightly", [early, late], at: "2026-11-20")
    #expect(
      plan.partitions.map(\.label) == [
        "video t1 2026", "report t1 2026-11", "report t1 2026-10", "video t2 2026",
        "report t2 2026-11", "report t2 2026-10", "platform @operator 2026-11",
        "platform @operator 2026-10",
      ])
    #expect(plan.partitions.prefix(3).map(\.needs) == [[], ["video"], ["video"]])
    #expect(plan.isSchedule)
  }

  @Test func `A schedule for a time zone is for its tenants, and says if there are none`() throws {
    let library = try Plans.library(
      ["report": "period: year"],
      nightly: """
        name: nightly
        tenants: {zone: Pacific/Kiritimati}
        pipelines: [{run: report, periods: this-year}]
        """)
    func labels(_ tenants: [Tenant], named slugs: [String] = []) throws -> [String] {
      var all = Source.Tenants()
      all.served = tenants
      let planner = Planner(
        library: library, configuration: Configuration(), tenants: SourceTenants([(nil, all)])
      ) { _, _, _ in false }
      var request = Planner.Request(name: "nightly", moment: try #require(RunMoment("2026-11-20")))
      request.tenants = slugs
      return try planner.plan(request).partitions.map(\.label)
    }
    #expect(try labels([early, late]) == ["report t1 2026"])
    #expect(try labels([early, late], named: ["t2"]) == ["report t2 2026"])
    #expect(try labels([]) == [])
    #expect(
      throws: Diagnostic(
        .configuration,
        "no active tenant has the time zone “Pacific/Kiritimati” of the schedule 'nightly'",
        hint: "their time zones: Pacific/Pago_Pago")
    ) { try labels([late]) }
  }

  @Test(arguments: [
    // Five days of grace after the end of October, in which a final release is made again.
    ("2026-11-05", ["report t1 2026-10"], true), ("2026-11-06", ["report t1 2026-10"], false),
    ("2026-11-06", [], true),
  ])
  func `A period that has ended closes once its grace is over and its release is final`(
    day: String, closing: [String], isFinal: Bool
  ) throws {
    let final: Set<String> = isFinal ? ["report t1 2026-10"] : []
    let plan = try plan("nightly", [early], at: day, final: final) { $0.tenants = ["t1"] }
    #expect(plan.partitions.map(\.label) == ["video t1 2026", "report t1 2026-11"] + closing)
  }

  @Test func `Periods that are named count once, for pipelines that run by them`() throws {
    let plan = try plan("nightly", [early], at: "2026-11-20") {
      $0.periods = ["2026", "2025-03", "2026"]
    }
    #expect(
      plan.partitions.map(\.label) == [
        "video t1 2026", "report t1 2026", "report t1 2025-03", "platform @operator 2025-03",
      ])
  }

  @Test func `What a period is compared with is planned in each tenant's own time and life`() throws
  {
    var young = Plans.tenant(3, zone: ZoneRules(name: "Pacific/Kiritimati", offset: 50_400))
    young.created = Int(try #require(Timestamp.seconds("2025-06-30T12:00:00Z")))
    let plan = try plan("report", [early, young], at: "2026-11-20") {
      $0.periods = ["2026", "2026-10"]
    }
    let progress = plan.partitions.map(\.progress)
    #expect(progress.map(\.isProvisional) == [true, false, true, false])
    // Half of the year before is not compared with a year; all of last September is with October.
    #expect(progress.map(\.since) == [nil, nil, CivilDate("2025-07-01"), nil])
    #expect(
      progress.map(\.previousLastDay)
        == ["2025-11-20", "2026-09-30", "2025-11-20", "2026-09-30"].map { CivilDate($0) })
    // The end of the last day is the end of the period.
    let ended = try self.plan("report", [early], at: "2026-12-31") { $0.periods = ["2026"] }
    #expect(ended.partitions.map(\.progress.isProvisional) == [false])
  }

  @Test
  func `A period that ended before a tenant existed is not made, and is refused if it is named`()
    throws
  {
    var young = Plans.tenant(3, zone: ZoneRules(name: "Pacific/Kiritimati", offset: 50_400))
    // In its own zone, it began on 1 March.
    young.created = Int(try #require(Timestamp.seconds("2026-02-28T12:00:00Z")))
    let named = try plan("report", [early, young], at: "2026-11-20") {
      $0.periods = ["2026-02", "2026-03"]
    }
    #expect(
      named.partitions.map(\.label) == [
        "report t1 2026-02", "report t1 2026-03", "report t3 2026-03",
      ])
    for periods in [["2026-02"], ["2026-02", "2026-03"], ["0001"]] {
      let error = #expect(throws: Diagnostic.self) {
        try plan("report", [early, young], at: "2026-11-20") {
          $0.tenants = ["t3"]
          $0.periods = periods
        }
      }
      #expect(error?.code == .usage)
      #expect(error?.message.hasSuffix("ended before t3 existed (since 2026-03-01)") == true)
    }
    // Alone, or in a schedule: nothing to make is no mistake of the schedule.
    #expect(throws: Diagnostic.self) {
      try plan("report", [young], at: "2026-11-20") { $0.periods = ["2025"] }
    }
    #expect(throws: Diagnostic.self) {
      try plan("platform", [young], at: "2026-11-20") { $0.periods = ["2025-12"] }
    }
    var new = Plans.tenant(4)
    new.created = Int(try #require(Timestamp.seconds("2026-11-02T00:00:00Z")))
    let nightly = try plan("nightly", [early, new], at: "2026-11-03") { $0.tenants = ["t1", "t4"] }
    #expect(
      nightly.partitions.map(\.label) == [
        "video t1 2026", "report t1 2026-11", "report t1 2026-10", "video t4 2026",
        "report t4 2026-11",
      ])
    // A retry, or what an erasure makes again, leaves out nothing.
    let again = try plan("report", [young], at: "2026-11-20") {
      $0.tenants = ["t3"]
      $0.periods = ["2025"]
      $0.isPicked = true
    }
    #expect(again.partitions.map(\.label) == ["report t3 2025"])
  }

  @Test func `What is of all tenants together begins with the first and ends with the last`() throws
  {
    let noon = "2026-12-31T12:00:00Z"
    let plan = try plan("platform", [early, late], at: noon) { $0.periods = ["2027-01"] }
    #expect(plan.partitions.map(\.label) == ["platform @operator 2027-01"])
    #expect(plan.partitions.first?.members.map(\.tenant) == [early, late])
    #expect(plan.partitions.first?.isFinal == false)
    let last = try self.plan("platform", [early, late], at: noon) { $0.periods = ["2026-12"] }
    #expect(last.partitions.map(\.isFinal) == [false], "it has not ended for t2")
    let next = try self.plan("platform", [early, late], at: "2027-01-01T11:00:00Z") {
      $0.periods = ["2026-12"]
    }
    #expect(next.partitions.map(\.isFinal) == [true])
  }

  @Test func `The operator alone gets what is of all tenants, a tenant alone does not`() throws {
    let of = try plan("nightly", [early], at: "2026-11-20") {
      $0.tenants = [ReleaseTenant.operatorName]
    }
    #expect(Set(of.partitions.map(\.pipeline.name)) == ["platform"])
    let alone = try plan("nightly", [early, late], at: "2026-11-20") { $0.tenants = ["t2", "t2"] }
    #expect(Set(alone.partitions.map(\.tenant.slug)) == ["t2"])
    #expect(alone.partitions.count == 3)
    let error = #expect(throws: Diagnostic.self) {
      try plan("platform", [early], at: "2026-11-20") { $0.tenants = ["t1"] }
    }
    #expect(error?.code == .usage)
  }

  @Test func `A tenant that cannot be served has partitions that carry the reason`() throws {
    let fault = Diagnostic(.configuration, "the tenant has an unknown time zone")
    let odd = Plans.tenant(3, zone: ZoneRules(name: "Mars/Olympus", offset: 0))
    let plan = try plan("video", [early], at: "2026-11-20", faulty: [(odd, fault)])
    #expect(plan.partitions.map(\.label) == ["video t1 2026", "video t3 2026"])
    #expect(plan.partitions.map(\.fault) == [nil, fault])
  }

  @Test(arguments: [
    ("nighty", "", "", "nightly"), ("nightly", "t11", "", "t1"),
    ("nightly", "", "2026-13", "2026-11"), ("video", "", "2026-11", "year"),
    ("report", "", "2027", "period"),
  ])
  func `What is unknown or has not begun is a mistake of usage with a hint`(
    name: String, tenant: String, period: String, hint: String
  ) throws {
    let error = #expect(throws: Diagnostic.self) {
      try plan(name, [early, late], at: "2026-11-20") {
        if !tenant.isEmpty { $0.tenants = [tenant] }
        if !period.isEmpty { $0.periods = [period] }
      }
    }
    #expect(error?.code == .usage)
    #expect(error?.hint?.contains(hint) == true, "\(String(describing: error?.hint))")
  }

  @Test func `A plan taken up backwards keeps each tenant's partitions in their order`() throws {
    var plan = try plan("nightly", [early, late], at: "2026-11-20")
    let own = { (slug: String, plan: RunPlan) in
      plan.partitions.filter { $0.tenant.slug == slug }.map(\.label)
    }
    let before = plan
    plan.takeUpBackwards()
    #expect(plan.partitions.map(\.tenant.slug).uniquedInOrder == ["@operator", "t2", "t1"])
    for slug in ["t1", "t2", "@operator"] { #expect(own(slug, plan) == own(slug, before)) }
  }
}

extension [String] {
  fileprivate var uniquedInOrder: [String] {
    reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }
}
