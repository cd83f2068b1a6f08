import Foundation
import Postgres
import TestSupport
import Testing

/// The commands that look after what is published, with the built program and a real PostgreSQL.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct StoreCommandTests {
  static let age = Places.program("age")
  static let ageKeygen = Places.program("age-keygen")
  private static let keygen = Places.program("ssh-keygen")

  /// Two releases of `acme/rows/2025`, the second with another name in it.
  private static func with(_ body: (Installation) throws -> Void) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("other")
      try expect(here, ["run", "rows", "--period", "2025"])
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET username = 'renamed' WHERE username = 'u1'")
      try expect(here, ["run", "rows", "--period", "2025"])
      try body(here)
    }
  }

  @discardableResult
  static func expect(
    _ here: Installation, _ arguments: [String], status: Int32 = 0, _ text: String? = nil,
    environment: [String] = []
  ) throws -> String {
    let outcome = try here.yearbook(arguments, environment: environment)
    #expect(outcome.status == status, "\(arguments): \(outcome.output)")
    if let text { #expect(outcome.output.contains(text), "\(arguments): \(outcome.output)") }
    return outcome.output
  }

  static func json<T: Decodable>(
    _ type: T.Type, _ here: Installation, _ arguments: [String]
  ) throws -> T {
    try JSONDecoder().decode(type, from: Data(expect(here, arguments + ["--json"]).utf8))
  }

  struct Release: Decodable {
    var partition, release: String
    var sequence: Int
    var newest: Bool
  }

  /// Every file below a folder with its time of change.
  private static func state(_ folder: String) throws -> [String: Date] {
    var files: [String: Date] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      let values = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(path)")
      files[path] = values[.modificationDate] as? Date
    }
    return files
  }

  @Test func `Releases are listed, shown, compared, restored, rolled back and pruned`() throws {
    try Self.with { here in
      let all = try Self.json([Release].self, here, ["releases"])
      #expect(all.map(\.partition) == ["acme/rows/2025", "other/rows/2025"])
      let of = ["releases", "acme/rows/2025"]
      let releases = try Self.json([Release].self, here, of)
      #expect(releases.map(\.sequence) == [1, 2])
      #expect(releases.map(\.newest) == [false, true])
      try Self.expect(here, ["show", "acme/rows/2025"], "people.csv")
      try Self.expect(here, ["show", "acme/rows/2024"], status: 64, "acme/rows/2025")
      try Self.expect(here, ["diff", "acme/rows/2025"], status: 1, "changed people.csv")
      let target = "\(here.folder)/restored"
      try Self.expect(here, ["restore", "acme/rows/2025", "--to", target])
      #expect(
        try String(contentsOfFile: target + "/data/people.csv", encoding: .utf8)
          .contains("renamed"))
      try Self.expect(here, ["restore", "acme/rows/2025", "--to", target], status: 64)

      try Self.expect(here, ["rollback", "acme/rows/2025"], "sequence 3")
      try Self.expect(here, ["verify", "--deep"], "all as published")
      let page = try String(
        contentsOfFile: "\(here.folder)/store/tenants/acme/rows/2025/index.html", encoding: .utf8)
      #expect(page.contains(releases[0].release))
      let prune = ["prune", "--keep-last", "1", "--grace", "0s"]
      try Self.expect(here, prune, "2 releases, ")
      #expect(try Self.json([Release].self, here, of).count == 3)
      try Self.expect(here, prune + ["--yes"], "removed")
      #expect(
        try Self.json([Release].self, here, of).map(\.release).allSatisfy {
          $0 == releases[0].release
        })
      try Self.expect(here, ["verify", "--deep"], "all as published")
      try Self.expect(here, prune + ["--yes"], "nothing to remove")
    }
  }

  @Test func `A nightly run that changed nothing writes nothing to the store`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try Self.expect(here, ["run", "nightly", "--as-of", "2026-01-05"])
      let before = try Self.state("\(here.folder)/store")
      #expect(before["operator/catalog.json"] != nil && before["operator/index.html"] != nil)
      #expect(before.keys.contains { $0.hasPrefix("operator/runs/") && $0.hasSuffix(".json") })
      try Self.expect(here, ["run", "nightly", "--as-of", "2026-01-05"], "0 published")
      #expect(try Self.state("\(here.folder)/store") == before)
    }
  }

  @Test func `The operator sees what fails, and with which command to try it again`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("zweite")
      try Self.expect(here, ["run", "rows", "--period", "2025"])
      let store = "\(here.folder)/store"
      // Nothing of one tenant's names another.
      for (slug, other) in [("acme", "zweite"), ("zweite", "acme")] {
        let found = try Program.run(["/bin/grep", "-rlw", other, "\(store)/tenants/\(slug)"])
        #expect(found.output == "")
      }
      // A slug that is another tenant's in the store.
      try here.platform.connect().execute(
        "UPDATE app.tenant SET slug = CASE slug WHEN 'acme' THEN 'x' ELSE 'acme' END;"
          + "UPDATE app.tenant SET slug = 'third' WHERE slug = 'x'")
      try Self.expect(here, ["run", "rows", "--period", "2025"], status: 1)
      let page = try String(contentsOfFile: store + "/operator/index.html", encoding: .utf8)
      #expect(page.contains("yearbook run rows --tenant acme --period 2025"))
      #expect(page.contains("yearbook retry "))
      let runs = try FileManager.default.contentsOfDirectory(atPath: store + "/operator/runs")
      #expect(runs.count == 2)
    }
  }

  @Test(.enabled(if: keygen != nil, "ssh-keygen is not installed"))
  func `What is signed is accepted by ssh-keygen, and a rollback behind our back is found`() throws
  {
    let keygen = try #require(Self.keygen)
    try Installation.with { here in
      try here.addTenant("acme")
      let key = "\(here.folder)/key"
      #expect(try Program.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
      let signing = ["YEARBOOK_SIGNING_KEY=\(key)"]
      try Self.expect(here, ["run", "rows", "--period", "2025"])
      let publicKey = try String(contentsOfFile: key + ".pub", encoding: .utf8)
      try here.write("signers", "yearbook namespaces=\"yearbook\" \(publicKey)")
      let signers = "\(here.folder)/signers"
      try Self.expect(here, ["verify", "--signers", signers], status: 1, "unsigned")
      try Self.expect(
        here, ["run", "rows", "--period", "2025"], "1 published", environment: signing)
      let place = "\(here.folder)/store/tenants/acme/rows/2025"
      for file in ["heads/2.json"]
        + (try FileManager.default.subpathsOfDirectory(atPath: place)
          .filter { $0.hasSuffix("tagmanifest-sha256.txt.sig") }.map { String($0.dropLast(4)) })
      {
        let outcome = try Program.run([
          "/bin/sh", "-c",
          "\(keygen) -Y verify -f \(signers) -I yearbook -n yearbook -s \(place)/\(file).sig"
            + " < \(place)/\(file)",
        ])
        #expect(outcome.status == 0, "\(file): \(outcome.output)")
      }
      // Everything of the second publishing taken away again, whole.
      let prune = ["prune", "--grace", "0s", "--yes"]
      try Self.expect(here, prune, environment: signing)
      try Self.expect(here, ["verify", "--signers", signers, "--deep"], "all as published")
      try Self.expect(here, ["verify", "--with-record"], "all as published")
      let head = try String(contentsOfFile: place + "/latest.json", encoding: .utf8)
      let old = head.replacing("\"sequence\": 2", with: "\"sequence\": 1")
      for name in [
        "heads/2.json", "heads/2.json.sig", "latest.json", "pruned.json", "pruned.json.sig",
      ] {
        unlink("\(place)/\(name)")
      }
      for name in ["heads/1.json", "latest.json"] {
        try Data(old.utf8).write(to: URL(fileURLWithPath: "\(place)/\(name)"))
      }
      // The catalogs still say which head was the newest, until they are put back too.
      try Self.expect(here, ["verify"], status: 1, "rolled-back: tenants/acme/rows/2025")
      for catalog in ["tenants/acme/catalog.json", "operator/catalog.json"] {
        let path = "\(here.folder)/store/\(catalog)"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("\"sequence\":2"))
        try Data(text.replacing("\"sequence\":2", with: "\"sequence\":1").utf8)
          .write(to: URL(fileURLWithPath: path))
      }
      for folder in ["tenants/acme", "operator"] {
        for name in ["pages.json", "pages.json.sig"] {
          unlink("\(here.folder)/store/\(folder)/\(name)")
        }
      }
      try Self.expect(here, ["verify"], "all as published")
      try Self.expect(here, ["verify", "--with-record"], status: 1, "rolled-back")
      try Self.expect(
        here, ["verify", "--min-sequence", "acme/rows/2025=2"], status: 1, "rolled-back")
      try Self.expect(here, ["verify", "--signers", signers], status: 1, "unsigned")
    }
  }

  @Test func `A tenant's new slug takes its folder along`() throws {
    try Self.with { here in
      try Self.expect(
        here, ["tenant", "rename", "acme", "ajax"], status: 78, "change its slug in the platform")
      try here.platform.connect().execute("UPDATE app.tenant SET slug = 'ajax' WHERE slug = 'acme'")
      try Self.expect(here, ["tenant", "rename", "acme", "other"], status: 78)
      // A run between the two makes no second folder.
      try Self.expect(
        here, ["run", "rows", "--period", "2025"], status: 1, "yearbook tenant rename acme ajax")
      try Self.expect(here, ["tenant", "rename", "acme", "ajax"], "is now tenants/ajax")
      try Self.expect(here, ["tenant", "rename", "acme", "ajax"], status: 64)
      try Self.expect(here, ["verify", "--deep"], "all as published")
      try Self.expect(here, ["verify", "--with-record"], "all as published")
      let outcome = try Self.json([Release].self, here, ["releases", "ajax"])
      #expect(outcome.map(\.sequence) == [2])
      let catalog = try String(
        contentsOfFile: "\(here.folder)/store/operator/catalog.json", encoding: .utf8)
      #expect(catalog.contains("\"slug\":\"ajax\"") && !catalog.contains("\"slug\":\"acme\""))
    }
  }

  @Test func `A person is erased from what was published, everywhere`() throws {
    try Self.with { here in
      let platform = try here.platform.connect()
      let user = try platform.query(
        "SELECT u.id::text AS id FROM app.\"user\" u JOIN app.tenant t ON t.id = u.tenantid"
          + " WHERE t.slug = 'acme' AND u.username = 'renamed'"
      ).only().string("id")
      let purge = ["purge", "--tenant", "acme", "--user", user]
      try Self.expect(here, purge, "to erase this")
      #expect(try Self.json([Release].self, here, ["releases", "acme/rows/2025"]).count == 2)
      let output = try Self.expect(here, purge + ["--yes"], "what this program cannot reach")
      #expect(!output.contains("renamed"))
      try Self.expect(here, ["verify", "--deep"], "all as published")
      let name = "renamed"
      for folder in ["store/tenants/acme", "workspace"] {
        let found = try Program.run(["/bin/grep", "-rl", name, "\(here.folder)/\(folder)"])
        // The other tenant's person of that name is in the workspace, and stays.
        #expect(
          found.output.split(separator: "\n").allSatisfy { !$0.contains("acme") },
          "\(found.output)")
      }
      // Later runs leave them out too, and find what was published unchanged.
      try Self.expect(here, ["run", "rows", "--period", "2025"], "0 published, 2 unchanged")
      let tombstones = try FileManager.default.contentsOfDirectory(
        atPath: "\(here.folder)/store/operator/tombstones")
      #expect(tombstones.count == 1)
      let found = try Program.run(["/bin/grep", "-r", user, "\(here.folder)/store"])
      #expect(found.output == "")
    }
  }

  @Test(
    .enabled(if: Places.program("cc") != nil, "a C compiler is not installed"),
    arguments: ["KILL", "EIO"])
  func `An erasure that breaks leaves readers whole releases, and ends when it is asked again`(
    kind: String
  ) throws {
    let faults = try TemporaryFolder()
    let library = faults.path + "/faults.so"
    let compiler = try #require(Places.program("cc"))
    let source = Places.project + "/Tests/Fixtures/faults.c"
    let built = try Program.run([compiler, "-shared", "-fPIC", "-o", library, source])
    #expect(built.status == 0, "\(built.output)")
    let isFull = ProcessInfo.processInfo.environment["YEARBOOK_SOAK"] != nil
    var nth = isFull ? 1 : 60
    var hits = 0
    while true {
      let log = "\(faults.path)/hit"
      unlink(log)
      try Self.with { here in
        let user = try here.platform.connect().query(
          "SELECT u.id::text AS id FROM app.\"user\" u JOIN app.tenant t ON t.id = u.tenantid"
            + " WHERE t.slug = 'acme' AND u.username = 'renamed'"
        ).only().string("id")
        let purge = ["purge", "--tenant", "acme", "--user", user, "--yes"]
        let broken = try here.yearbook(
          purge,
          environment: [
            "LD_PRELOAD=\(library)", "FAULT_ROOT=\(here.folder)/store", "FAULT_NTH=\(nth)",
            "FAULT_KIND=\(kind)", "FAULT_EVER=1", "FAULT_LOG=\(log)",
          ])
        guard FileManager.default.fileExists(atPath: log) else { return }
        hits += 1
        #expect(broken.status != 0, "\(kind) \(nth): \(broken.output)")
        struct Found: Decodable {
          struct Fault: Decodable { var kind, path: String; var harmless: Bool }
          var faults: [Fault]
        }
        let verified = try here.yearbook(["verify", "--deep", "--json"])
        let found = try JSONDecoder().decode(Found.self, from: Data(verified.output.utf8))
        // Whoever died before the pointer looks like someone who put back an older one.
        let serious = found.faults.filter { !$0.harmless && $0.kind != "rolled-back" }
        #expect(serious.isEmpty, "\(kind) \(nth): \(verified.output)")
        try Self.expect(here, purge, "erased")
        try Self.expect(here, ["verify", "--deep"], "all as published")
        let left = try Program.run([
          "/bin/grep", "-rl", "renamed", "\(here.folder)/store/tenants/acme",
        ])
        #expect(left.output == "", "\(kind) \(nth)")
      }
      guard FileManager.default.fileExists(atPath: log) else { break }
      nth += isFull ? 7 : 90
    }
    #expect(hits >= 2)
    print("erasure, \(kind): \(hits) broken calls")
  }

  @Test func `A tenant is erased with its rows and its intermediate results`() throws {
    try Self.with { here in
      let record = try here.record.connect()
      let id = try here.platform.connect().query(
        "SELECT id::text AS id FROM app.tenant WHERE slug = 'acme'"
      ).only().string("id")
      try Self.expect(here, ["purge", "--tenant", "acme", "--yes"], "erased")
      try Self.expect(here, ["verify", "--deep"], "all as published")
      #expect(
        try Self.json([Release].self, here, ["releases"]).map(\.partition) == ["other/rows/2025"])
      let found = try Program.run(["/bin/grep", "-rlw", "acme", "\(here.folder)/store"])
      #expect(found.output == "")
      let places = try Program.run(["/usr/bin/find", here.folder, "-path", "*\(id)*"])
      #expect(places.output == "")
      for table in ["result", "partition", "media", "failure", "attempt", "sealed"] {
        let rows = try record.query(
          "SELECT count(*) AS count FROM yearbook.\(table) WHERE tenant_id = $1", [id])
        #expect(try rows.only().int("count") == 0, "\(table)")
      }
      #expect(
        try record.query("SELECT FROM yearbook.run WHERE arguments LIKE '%acme%'").isEmpty)
    }
  }
}
