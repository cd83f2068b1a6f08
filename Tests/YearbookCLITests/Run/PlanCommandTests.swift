import Foundation
import Postgres
import TestSupport
import Testing

@testable import Engine

/// A run that is planned once, worked shard by shard as engines do, and finished once.
@Suite struct PlanCommandTests {
  private func plan(_ here: Installation, _ arguments: [String]) throws -> ShardPlan {
    let (status, output) = try here.yearbook(["plan"] + arguments + ["--json"])
    #expect(status == 0, "\(output)")
    try here.write("plan.json", output)
    return try JSONDecoder().decode(ShardPlan.self, from: Data(output.utf8))
  }

  /// Starts a task as an indexed job of Kubernetes does, with a workspace of its own.
  private func start(
    _ here: Installation, _ plan: ShardPlan, _ shard: Int
  ) throws -> RunningProgram {
    try here.start(
      ["run", "--plan", plan.run, "--jobs", "1"],
      environment: [
        "JOB_COMPLETION_INDEX=\(shard)", "YEARBOOK_WORKSPACE=\(here.folder)/workspace-\(shard)",
      ])
  }

  private func work(
    _ here: Installation, _ shard: Int, _ more: [String] = []
  ) throws -> (status: Int32, output: String) {
    // Each task has a workspace of its own, as on a host that starts empty.
    try here.yearbook(
      ["run", "--plan", "\(here.folder)/plan.json", "--shard", String(shard)] + more,
      environment: ["YEARBOOK_WORKSPACE=\(here.folder)/workspace-\(shard)"])
  }

  private func finish(_ here: Installation) throws -> (status: Int32, output: String) {
    try here.yearbook(["finish", "\(here.folder)/plan.json"])
  }

  private func status(_ here: Installation, _ run: String) throws -> [String: Any] {
    let (_, output) = try here.yearbook(["status", run, "--json"])
    return try #require(
      JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any], "\(output)")
  }

  @Test func `Shards publish together what one host publishes, and are one run`() throws {
    try Installation.with { here in
      for number in 1...12 { try here.addTenant("tenant-\(number)", people: number) }
      let plan = try plan(here, ["nightly", "--shards", "4"])
      #expect(plan.shards.map(\.shard) == [0, 1, 2, 3])
      #expect(plan.shards.reduce(0) { $0 + $1.tenants } == 12)
      let parts = plan.shards.map(\.partitions)
      #expect(parts.reduce(0, +) == 24 && parts.allSatisfy { $0 == 6 }, "\(parts)")
      let tasks = try (0..<4).map { try start(here, plan, $0) }
      for task in tasks {
        let (code, output) = try task.wait()
        #expect(code == 0, "\(output)")
      }
      // An engine that starts a task twice gains nothing and breaks nothing. Last year is final now.
      let (code, output) = try start(here, plan, 1).wait()
      #expect(code == 0 && output.contains("3 unchanged"), "\(output)")
      let unfinished = try status(here, plan.run)
      #expect(unfinished["state"] as? String == "running")
      #expect((unfinished["shards"] as? [[String: Any]])?.count == 4)
      #expect(try finish(here).status == 0)
      let ended = try status(here, plan.run)
      #expect(ended["state"] as? String == "done")
      #expect(ended["published"] as? Int == 24 && ended["planned"] as? Int == 24, "\(ended)")
      let runs = try here.yearbook(["runs"]).output
      #expect(runs.split(separator: "\n").count == 1, "\(runs)")
      let twice = try here.record.connect().query(
        "SELECT FROM yearbook.attempt GROUP BY tenant_id, pipeline, period, stage HAVING count(*) > 1"
      )
      #expect(twice.isEmpty)
      let catalog = try Installation.text("operator/catalog.json", in: "\(here.folder)/store")
      #expect(catalog.contains("tenant-12"))

      // The same night by one process.
      let sharded = try here.payload()
      let alone = try here.yearbook(
        ["run", "nightly", "--force", "--as-of", plan.asOf],
        environment: [
          "YEARBOOK_STORE=\(here.folder)/alone",
          "YEARBOOK_WORKSPACE=\(here.folder)/workspace-alone",
        ])
      #expect(alone.status == 0, "\(alone.output)")
      #expect(Installation.payload(inStore: "\(here.folder)/alone") == sharded)
    }
  }

  @Test func `A failed tenant fails its shard alone, and that shard again repairs the run`() throws
  {
    try Installation.with { here in
      for number in 1...6 { try here.addTenant("tenant-\(number)") }
      try here.addTenant("lost", timeZone: "Mars/Phobos")
      let plan = try plan(here, ["nightly", "--shards", "3"])
      let platform = try here.platform.connect()
      let lost = try here.record.connect().query(
        "SELECT shard FROM yearbook.run_tenant WHERE tenant_id = $1",
        [platform.query("SELECT id FROM app.tenant WHERE slug = 'lost'").only().string("id")]
      ).only().int("shard")
      for shard in 0..<3 {
        let (code, output) = try work(here, shard)
        #expect(code == (shard == lost ? 1 : 0), "shard \(shard): \(output)")
        if shard == lost { #expect(output.contains("Mars/Phobos"), "\(output)") }
      }
      let (code, output) = try finish(here)
      #expect(code == 1, "\(output)")
      #expect(try status(here, plan.run)["failed"] as? Int == 2)
      try platform.execute(
        "UPDATE app.tenant SET timezone = 'Asia/Tokyo' WHERE slug = 'lost'")
      let again = try work(here, lost)
      #expect(again.status == 0, "\(again.output)")
      #expect(try finish(here).status == 0)
      let ended = try status(here, plan.run)
      #expect(ended["state"] as? String == "done" && ended["failed"] as? Int == 0, "\(ended)")
    }
  }

  @Test func `What a killed task leaves, another task takes over`() throws {
    try Installation.with { here in
      for number in 1...40 { try here.addTenant("tenant-\(number)") }
      let plan = try plan(here, ["nightly", "--shards", "2"])
      // Another process works on the last partition of shard 0, so that its task must wait.
      let record = try here.record.connect()
      let tenant = try record.query(
        "SELECT max(tenant_id::text) AS id FROM yearbook.run_tenant WHERE shard = 0"
      ).only().string("id")
      let claim = AdvisoryKey(["yearbook", "partition", tenant, "rows", "2026"])
      #expect(try record.tryLock(claim))
      let first = try start(here, plan, 0)
      let isWaiting = try eventually(within: 60) {
        try record.query("SELECT FROM yearbook.progress").count >= 39
      }
      #expect(isWaiting, "\(first.output)")
      // Nobody has the schedule for itself, or finishes it, while a task works.
      let other = try here.yearbook(["run", "nightly"])
      #expect(other.status == 75, "\(other.output)")
      let early = try finish(here)
      #expect(early.status == 75 && early.output.contains("shard 0"), "\(early.output)")
      let twin = try work(here, 0)
      #expect(twin.status == 75, "\(twin.output)")
      first.send(SIGKILL)
      try first.wait()
      try record.unlock(claim)
      let unfinished = try finish(here)
      #expect(unfinished.status == 1, "\(unfinished.output)")
      #expect(unfinished.output.contains("left"), "\(unfinished.output)")
      let second = try work(here, 1)
      #expect(second.status == 0, "\(second.output)")
      #expect(try finish(here).status == 0)
      let ended = try status(here, plan.run)
      #expect(ended["state"] as? String == "done", "\(ended)")
      #expect(try here.payload().keys.filter { $0.hasSuffix("people.csv") }.count == 80)
    }
  }

  @Test func `A later run ends an unfinished plan, and tasks of it are refused`() throws {
    try Installation.with { here in
      for number in 1...3 { try here.addTenant("tenant-\(number)") }
      let plan = try plan(here, ["nightly", "--shards", "2"])
      #expect(try here.yearbook(["run", "nightly"]).status == 0)
      #expect(try status(here, plan.run)["state"] as? String == "interrupted")
      let (code, output) = try work(here, 0)
      #expect(code == 64 && output.contains("is over"), "\(output)")
    }
  }

  @Test func `A cancelled plan stays cancelled`() throws {
    try Installation.with { here in
      for number in 1...3 { try here.addTenant("tenant-\(number)") }
      let plan = try plan(here, ["nightly", "--shards", "2"])
      let cancelled = try here.yearbook(["cancel", plan.run])
      #expect(cancelled.status == 0, "\(cancelled.output)")
      #expect(try status(here, plan.run)["state"] as? String == "interrupted")
      let task = try work(here, 0)
      #expect(task.status == 64 && task.output.contains("cancelled"), "\(task.output)")
    }
  }

  @Test(arguments: [
    (["--shards", "0"], 64, "1 to 256"), (["--shards", "257"], 64, "1 to 256"),
    (["--tenant", "nobody", "--shards", "2"], 64, "nobody"),
  ])
  func `A wrong plan is refused`(arguments: [String], code: Int32, says: String) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let (status, output) = try here.yearbook(["plan", "nightly"] + arguments)
      #expect(status == code && output.contains(says), "\(output)")
    }
  }

  @Test func `A task says what is wrong with its plan or number`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let plan = try plan(here, ["nightly", "--shards", "1"])
      try here.write("lie.json", "{\"format\": 1, \"run\": \"../../etc\", \"name\": \"x\"}")
      let lies: [([String], [String], String)] = [
        (["--plan", plan.run, "--shard", "1"], [], "no shard 1"),
        (["--plan", plan.run], [], "JOB_COMPLETION_INDEX"),
        (["--plan", plan.run], ["SLURM_ARRAY_TASK_ID=x"], "SLURM_ARRAY_TASK_ID"),
        (["--plan", "20260101T000000-abcdef", "--shard", "0"], [], "no planned run"),
        (["--plan", "\(here.folder)/missing.json", "--shard", "0"], [], "neither a file"),
        (["--plan", "\(here.folder)/lie.json", "--shard", "0"], [], "not a plan"),
        (["nightly", "--plan", plan.run], [], "leave a name out"),
        (["--shard", "1"], [], "--shard needs --plan"), ([], [], "name a pipeline"),
      ]
      for (arguments, environment, says) in lies {
        let (status, output) = try here.yearbook(["run"] + arguments, environment: environment)
        #expect(status == 64 && output.contains(says), "\(arguments): \(output)")
      }
    }
  }
}
