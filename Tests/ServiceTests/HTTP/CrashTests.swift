import Foundation
import Glibc
import Postgres
import Synchronization
import TestSupport
import Testing

/// The service, the database and the workers are killed at random while callers ask.
@Suite(
  .enabled(if: ServiceScene.missing == nil, "the service is not built"),
  .enabled(if: Places.noYearbook == nil, "the program is not built"))
struct CrashTests {
  private static let isSoak = Seeds.isSoak

  /// What a caller was told.
  private struct Asked: Sendable {
    var id: Int
    var tenant: String
    var key: String
  }

  /// What callers and the test have in common.
  private final class Load: Sendable {
    let asked = Mutex<[Asked]>([])
    let isOver = Atomic(false)
  }

  @Test func `Each request that was taken ends once, whatever is killed`() throws {
    try withTemporaryFolder { folder in
      let kills = Self.isSoak ? 100 : 6
      let scene = try CrashScene(folder, tenants: Self.isSoak ? 20 : 4)
      defer { #expect(throws: Never.self) { try scene.end() } }
      let load = Load()
      let callers = (0..<2).map { caller in
        Background {
          do {
            try Self.ask(scene, caller, load)
          } catch {
            Issue.record("a caller gave up: \(error)")
          }
        }
      }
      var random = SeededRandom(seed: Seeds.of(few: 1, many: 1).lowerBound)
      for number in 0..<kills {
        usleep(UInt32(random.number(200_000...(Self.isSoak ? 2_000_000 : 900_000))))
        // Each kind at least once.
        switch number < 3 ? number : random.number(0...3) {
        case 0: try scene.killService()
        case 1: try scene.killWorker(random.number(0...(CrashScene.workerCount - 1)))
        case 2: try scene.killDatabase()
        default:
          try scene.killWorker(random.number(0...(CrashScene.workerCount - 1)))
          try scene.killService()
        }
        try scene.reviveWorkers()
      }
      load.isOver.store(true, ordering: .relaxed)
      for caller in callers { caller.join() }
      let all = load.asked.withLock { $0 }
      #expect(all.count >= kills)
      try Self.finish(scene)
      try Self.judge(scene, all)
    }
  }

  /// A caller asks for one report after the other, each under a key of its own, some of them twice.
  private static func ask(_ scene: CrashScene, _ caller: Int, _ load: Load) throws {
    var number = 0
    while !load.isOver.load(ordering: .relaxed) {
      let tenant = scene.tenants[number % scene.tenants.count]
      let token = try scene.token(tenant)
      let (key, month) = ("\(caller)-\(number)", number / scene.tenants.count % 12 + 1)
      let body =
        "{\"tenant_id\": \"\(tenant)\", \"period\": \"2025-\(month < 10 ? "0" : "")\(month)\"}"
      var ids: Set<Int> = []
      for _ in 0..<(number % 3 == 0 ? 2 : 1) {
        let answer = try scene.send("POST", "/v1/report/rows", token: token, body: body, key: key)
        #expect(answer.status == 202, "\(answer)")
        ids.insert(try #require(answer.json["report_id"] as? Int))
      }
      #expect(ids.count == 1, "one key gave \(ids)")
      for id in ids {
        load.asked.withLock { $0.append(Asked(id: id, tenant: tenant, key: key)) }
      }
      number += 1
      usleep(isSoak ? 100_000 : 200_000)
    }
  }

  /// Nothing is killed any more. What was put off after a failure need not wait here.
  private static func finish(_ scene: CrashScene) throws {
    let record = try scene.connect()
    let hasEnded = try eventually(within: isSoak ? 900 : 60) {
      try scene.reviveWorkers()
      try record.execute(
        "UPDATE yearbook.reports SET due = NULL WHERE due > now(); NOTIFY yearbook_requests")
      return try record.query(
        "SELECT count(*) AS n FROM yearbook.reports WHERE status IN ('requested', 'running')"
      ).only().int("n") == 0
    }
    #expect(hasEnded, "\(scene.workers.map(\.output))")
  }

  private static func judge(_ scene: CrashScene, _ asked: [Asked]) throws {
    let record = try scene.connect()
    // No request is lost, and none is there twice.
    let rows = try record.query(
      "SELECT id FROM yearbook.reports WHERE is_request ORDER BY id"
    ).map { try $0.int("id") }
    #expect(rows == asked.map(\.id).sorted())
    #expect(Set(asked.map(\.id)).count == asked.count)
    var states: [String: Int] = [:]
    for one in asked {
      let answer = try scene.send(
        "GET", "/v1/report/\(one.id)", token: try scene.token(one.tenant)
      ).json
      let state = answer["state"] as? String ?? "none"
      states[state, default: 0] += 1
      switch state {
      case "published":
        #expect((answer["files"] as? [[String: Any]])?.isEmpty == false, "\(answer)")
      case "failed":
        // Only because of what was killed.
        let failure = answer["failure"] as? String ?? ""
        #expect(["interrupted", "unavailable"].contains(failure), "\(answer)")
      default: Issue.record("\(answer)")
      }
    }
    print("of \(asked.count) requests: \(states)")
    #expect(states["published"] ?? 0 > 0)
    // No work is done twice: each partition has one release.
    let periods = try FileManager.default.contentsOfDirectory(
      atPath: "\(scene.folder)/store/tenants")
    for slug in periods {
      let reports = "\(scene.folder)/store/tenants/\(slug)/rows"
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: reports) else {
        continue
      }
      for period in names where period.hasPrefix("2025-") {
        let releases = try FileManager.default.contentsOfDirectory(
          atPath: "\(reports)/\(period)/releases")
        #expect(releases.count { !$0.hasPrefix(".") } <= 1, "\(slug) \(period): \(releases)")
      }
    }
  }
}
