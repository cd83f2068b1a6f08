import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// Who on the machine can read what: the store, the workspace, and files with secrets.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct PermissionTests {
  /// Runs the program with a umask of its own.
  private func yearbook(
    _ here: Installation, umask: String, _ arguments: [String]
  ) throws -> (status: Int32, output: String) {
    let words =
      [Places.yearbook] + arguments
      + ["--pipelines", "\(here.folder)/pipelines", "--templates", "\(here.folder)/templates"]
    return try Program.run(
      ["/bin/sh", "-c", "umask \(umask); exec \"$@\"", "sh"] + words, in: here.folder,
      environment: here.environment)
  }

  /// The different modes of folders (`d 755`) and files (`f 444`) below a folder, itself included.
  private func modes(_ folder: String) throws -> Set<String> {
    let (status, output) = try Program.run(["/usr/bin/find", folder, "-printf", "%y %m\\n"])
    #expect(status == 0, "\(output)")
    return Set(output.split(separator: "\n").map(String.init))
  }

  @Test(arguments: ["000", "022", "077"])
  func `The store's modes are what the configuration says, whatever the umask`(umask: String) throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      for (mode, expected) in [
        (nil, ["d 755", "f 644", "f 444"]), ("public", ["d 755", "f 644", "f 444"]),
        ("group", ["d 750", "f 640", "f 440"]), ("private", ["d 700", "f 600", "f 400"]),
      ] as [(String?, Set<String>)] {
        let store = "\(here.folder)/store-\(mode ?? "default")"
        try here.write(
          "yearbook.yaml",
          "store: " + (mode.map { "{folder: \(store), mode: \($0)}\n" } ?? "\(store)\n"))
        let run = try yearbook(
          here, umask: umask, ["run", "nightly", "--store", store])
        #expect(run.status == 0, "\(run.output)")
        // What is being written is nobody else's business.
        try? FileManager.default.removeItem(atPath: store + "/.staging")
        #expect(try modes(store) == expected, "\(mode ?? "default")")
        let verify = try yearbook(here, umask: umask, ["verify", "--store", store])
        #expect(verify.status == 0, "\(verify.output)")
      }
    }
  }

  @Test func `A store that was open is closed at its root, and one that was closed stays so`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      let store = "\(here.folder)/store"
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      chmod(store, 0o700)
      #expect(try here.yearbook(["run", "rows", "--period", "2025", "--force"]).status == 0)
      #expect(try modes(store).contains("d 700"))
      chmod(store, 0o2775)
      try here.write("yearbook.yaml", "store: {folder: store, mode: group}\n")
      #expect(try here.yearbook(["run", "rows", "--period", "2024"]).status == 0)
      // The group's bit stays, and what is made below it has it too.
      let found = try modes(store)
      #expect(found.contains("d 2750") && !found.contains("d 2775"), "\(found)")
      try here.write("yearbook.yaml", "store: {folder: store, mode: secret}\n")
      #expect(try here.yearbook(["status"]).status == 78)
    }
  }

  @Test
  func
    `Under a private umask, signed pages and lists are readable, and belong to the root's group`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      let keys = try Program.run(
        ["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(here.folder)/key"])
      try #require(keys.status == 0, "\(keys.output)")
      for (mode, expected) in [
        ("public", ["d 2755", "f 644", "f 444"]), ("group", ["d 2750", "f 640", "f 440"]),
      ] as [(String, Set<String>)] {
        let store = "\(here.folder)/store-\(mode)"
        #expect(mkdir(store, 0o755) == 0)
        // Another group than the process's own, if there is one to take.
        let isOther = chown(store, getuid(), 65534) == 0
        #expect(chmod(store, 0o2755) == 0)
        try here.write(
          "yearbook.yaml", "store: {folder: \(store), mode: \(mode)}\nsigning: {key: key}\n")
        for _ in 1...2 {
          let run = try yearbook(
            here, umask: "077", ["run", "nightly", "--store", store, "--force"])
          #expect(run.status == 0, "\(run.output)")
        }
        let withdrawn = try yearbook(
          here, umask: "077",
          [
            "withdraw", "--store", store, "--tenant", "acme", "--pipeline", "rows", "--period",
            "\(Calendar(identifier: .gregorian).component(.year, from: Date()))", "--yes",
          ])
        #expect(withdrawn.status == 0, "\(withdrawn.output)")
        try? FileManager.default.removeItem(atPath: store + "/.staging")
        #expect(try modes(store) == expected, "\(mode)")
        for name in [
          "operator/pages.json", "operator/pages.json.sig", "operator/catalog.json",
          "tenants/acme/pages.json", "tenants/acme/pages.json.sig", "tenants/acme/index.html",
          "tenants/acme/tenant.json",
        ] { #expect(FileManager.default.fileExists(atPath: "\(store)/\(name)"), "\(name)") }
        let groups = try Program.run(["/usr/bin/find", store, "-printf", "%G\\n"]).output
        #expect(
          !isOther || Set(groups.split(separator: "\n")) == ["65534"], "\(mode): \(groups)")
      }
    }
  }

  @Test(.enabled(if: Refusals.missing == nil, "\(Refusals.missing ?? "")"))
  func `A store's root that is another user's can be group-writable, but not open to all`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let store = "\(here.folder)/store"
      try here.write("yearbook.yaml", "store: {folder: store, mode: group}\n")
      #expect(mkdir(store, 0o770) == 0)
      let refusals = try Refusals.environment("chmod=\(EPERM)", below: store)
      for (mode, status) in [(0o2770, 0), (0o2775, 74)] as [(mode_t, Int32)] {
        #expect(chmod(store, mode) == 0)
        let run = try here.yearbook(["run", "rows", "--period", "2025"], environment: refusals)
        #expect(run.status == status, "\(run.output)")
        #expect(status == 0 || run.output.contains("cannot protect"), "\(run.output)")
      }
    }
  }

  @Test func `Nobody else can read the workspace, also one that was open before`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let workspace = "\(here.folder)/workspace"
      for report in ["rows", "annual"] {
        if report == "annual" { try here.addReport(report) }
        let run = try yearbook(here, umask: "000", ["run", report, "--period", "2025"])
        #expect(run.status == 0, "\(run.output)")
      }
      #expect(try modes(workspace) == ["d 700", "f 600"])
      let opened = try Program.run(["/bin/chmod", "-R", "a+rX", workspace])
      #expect(opened.status == 0, "\(opened.output)")
      #expect(try modes(workspace) == ["d 755", "f 644"])
      let again = try yearbook(here, umask: "000", ["run", "annual", "--period", "2025"])
      #expect(again.status == 0 && again.output.contains("1 unchanged"), "\(again.output)")
      #expect(try modes(workspace) == ["d 700", "f 600"])
    }
  }

  @Test
  func `Doctor finds files with a secret that others can read, and says what the umask decides`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      let keys = try Program.run(
        ["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(here.folder)/key"])
      try #require(keys.status == 0, "\(keys.output)")
      try here.write("pgpass", "*:*:*:*:SECRET\n")
      try here.write("yearbook.yaml", "source: postgresql://u:SECRET@h/d\nsigning: {key: key}\n")
      func doctor() throws -> String {
        let outcome = try Program.run(
          ["/bin/sh", "-c", "umask 027; exec \"$@\"", "sh", Places.yearbook, "doctor"],
          in: here.folder, environment: here.environment + ["PGPASSFILE=\(here.folder)/pgpass"])
        #expect(!outcome.output.contains("SECRET"), "\(outcome.output)")
        return outcome.output
      }
      for name in ["yearbook.yaml", "key", "pgpass"] { chmod("\(here.folder)/\(name)", 0o644) }
      let open = try doctor()
      for (name, what) in [
        (
          "yearbook.yaml", "the configuration holds a secret, and every user can read it (mode 644)"
        ),
        ("key", "the signing key holds a secret, and every user can read it (mode 644)"),
        ("pgpass", "the password file holds a secret, and every user can read it (mode 644)"),
      ] {
        #expect(open.contains("\(here.folder)/\(name): \(what)"), "\(open)")
      }
      #expect(open.contains("what to do: chmod go= \(here.folder)/key"), "\(open)")
      for name in ["yearbook.yaml", "key", "pgpass"] { chmod("\(here.folder)/\(name)", 0o640) }
      let grouped = try doctor()
      #expect(!grouped.contains("the configuration holds"), "\(grouped)")
      #expect(
        grouped.contains("the signing key holds a secret, and its group can read it (mode 640)"))
      for name in ["yearbook.yaml", "key", "pgpass"] { chmod("\(here.folder)/\(name)", 0o600) }
      let closed = try doctor()
      #expect(
        closed.contains(
          "no other user can read the configuration, the signing key, the password file"),
        "\(closed)")
      #expect(closed.contains("umask         27: it decides"), "\(closed)")
      #expect(closed.contains("public: folders 755, files 644 and 444"), "\(closed)")
      // No secret in it: then it must only not be changed by others.
      try here.write("yearbook.yaml", "record: postgresql://u@h/d\n")
      chmod("\(here.folder)/yearbook.yaml", 0o666)
      #expect(try doctor().contains("every user can change the configuration (mode 666)"))
    }
  }

  @Test func `A password on the command line is not shown in the list of processes`() throws {
    try Installation.with { here in
      let record = "\(here.record.conninfo) user=yearbook password=SECRET"
      for flags in [["--record", record], ["--record=\(record)"]] {
        let worker = try here.start(["requests", "work", "--quiet"] + flags)
        defer { worker.send(SIGKILL) }
        func shown() -> String {
          String(
            decoding: FileManager.default.contents(atPath: "/proc/\(worker.pid)/cmdline") ?? Data(),
            as: UTF8.self)
        }
        #expect(eventually { shown().contains("***") }, "\(shown())")
        #expect(!shown().contains("SECRET") && shown().contains("--pipelines"), "\(shown())")
        // It still knows them.
        #expect(
          try eventually {
            try !here.record.connect().query(
              "SELECT FROM pg_stat_activity WHERE datname = $1 AND application_name = 'yearbook record'",
              [here.record.name]
            ).isEmpty
          }, "\(worker.output)")
        worker.send(SIGTERM)
        #expect(try worker.wait().status == 143, "\(worker.output)")
      }
    }
  }

  @Test func `A password on the command line is in no list of runs`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      // Its server trusts everybody, so that any password is right.
      let source = "\(here.platform.conninfo) user=yearbook_reader password=SECRET"
      let record = "\(here.record.conninfo) user=yearbook password=SECRET"
      for flags in [
        ["--source", source, "--record", record], ["--source=\(source)", "--record=\(record)"],
      ] {
        let run = try here.yearbook(["run", "rows", "--period", "2025", "--strict"] + flags)
        #expect(run.status == 0 && !run.output.contains("SECRET"), "\(run.output)")
        let first = try here.yearbook(flags + ["run", "rows", "--period", "2025"])
        #expect(first.status == 0, "\(first.output)")
        try here.platform.connect().execute("UPDATE app.tenant SET timezone = 'Mars'")
        #expect(try here.yearbook(["run", "rows", "--period", "2025"] + flags).status == 1)
        #expect(try here.yearbook(["retry"] + flags).status == 1)
        try here.platform.connect().execute("UPDATE app.tenant SET timezone = 'UTC'")
        try here.record.connect().execute(
          "INSERT INTO yearbook.reports (tenant_id, report_type, period)"
            + " SELECT tenant_id, 'ROWS', '2025' FROM yearbook.partition LIMIT 1")
        #expect(try here.yearbook(["requests", "work", "--once"] + flags).status == 0)
      }
      for command in [["status", "--json"], ["runs", "--json"], ["status"], ["logs", "--json"]] {
        let outcome = try here.yearbook(command)
        #expect(outcome.status == 0 && !outcome.output.contains("SECRET"), "\(outcome.output)")
      }
      let rows = try here.record.connect().query("SELECT r::text AS line FROM yearbook.run r")
      #expect(rows.count >= 10)
      for row in rows { #expect(try !row.string("line").contains("SECRET")) }
    }
  }
}
