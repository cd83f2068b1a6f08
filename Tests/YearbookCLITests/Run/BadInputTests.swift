import Foundation
import Postgres
import TestSupport
import Testing

/// What a person meets who gives the program something it can't use: a clear error, the right exit
/// code, nothing lost.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct BadInputTests {
  @Test
  func
    `A database that is not there is told with host, port, database and user, never the password`()
    throws
  {
    try Installation.with { here in
      let (status, output) = try here.yearbook(
        ["run", "rows"],
        environment: ["YEARBOOK_SOURCE=postgresql://reader:s3cret@127.0.0.1:1/platform"])
      #expect(status == 69)
      for word in ["127.0.0.1", "1", "platform", "reader", "refused"] {
        #expect(output.contains(word), "\(output)")
      }
      #expect(!output.contains("s3cret"))
    }
  }

  @Test func `An unknown tenant is answered with the nearest ones`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let (status, output) = try here.yearbook(["run", "rows", "--tenant", "amce"])
      #expect(status == 64)
      #expect(output.contains("did you mean acme?"), "\(output)")
    }
  }

  @Test(arguments: [
    (["run", "rows", "--period", "2025-13"], "is not a period"),
    (["run", "rows", "--period", "2025-Q1"], "does not run by"),
    (["run", "rows", "--period", "9999"], "has not started yet"),
    (["run", "row"], "did you mean rows?"),
    (["run", "rows", "--as-of", "yesterday"], "is not a day"),
    (["run", "rows", "--as-of", "2999-01-01"], "is in the future"),
    (["run", "rows", "--as-of", "2999-01-01T00:00:00Z"], "is in the future"),
    (["run", "rows", "--jobs", "0"], "--jobs"),
    (["run", "rows", "--nonsense"], "nonsense"),
    (["retry"], "no run has failed"),
  ])
  func `A mistake on the command line is a usage error`(arguments: [String], message: String) throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      let (status, output) = try here.yearbook(arguments)
      #expect(status == 64, "\(output)")
      #expect(output.contains(message), "\(output)")
    }
  }

  @Test(arguments: [
    (
      ["staus"],
      "error: unexpected argument 'staus'\n"
        + "  what to do: did you mean status? `yearbook --help` lists all commands\n"
    ),
    (
      ["film", "inspct"],
      "error: unexpected argument 'inspct'\n"
        + "  what to do: did you mean inspect? `yearbook film --help` lists all commands\n"
    ),
    (
      ["run", "rows", "--jobs", "0"],
      "error: --jobs must be a number from 1 to 256\n"
        + "  what to do: to see the options: `yearbook run --help`\n"
    ),
    (
      ["run", "rows", "--tennant", "acme"],
      "error: unknown option '--tennant'. Did you mean '--tenant'?\n"
        + "  what to do: to see the options: `yearbook run --help`\n"
    ),
    (
      ["run"],
      "error: name a pipeline or a schedule, or give --plan\n"
        + "  what to do: to see the options: `yearbook run --help`\n"
    ),
    (
      ["explain"],
      "error: missing expected argument '<name>'\n"
        + "  what to do: to see the options: `yearbook explain --help`\n"
    ),
  ])
  func `A command line that cannot be read gives an error like every other`(
    arguments: [String], answer: String
  ) throws {
    let (status, output) = try Program.run([Places.yearbook] + arguments, in: Places.project)
    #expect(status == 64)
    #expect(output == answer)
  }

  @Test func `A broken pipeline file is told with file, line and column`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.write("pipelines/rows/pipeline.yaml", "name: rows\nperiod: yeer\n")
      let (status, output) = try here.yearbook(["run", "rows"])
      #expect(status == 78)
      #expect(
        output.contains("pipelines/rows/pipeline.yaml:2:9: expected one of year"), "\(output)")
    }
  }

  @Test func `Templates without one of the store's pages are refused before anything runs`() throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      try FileManager.default.removeItem(atPath: "\(here.folder)/templates/store-index.html")
      for command in [["check"], ["run", "rows", "--period", "2025"]] {
        let (status, output) = try here.yearbook(command)
        #expect(status == 78, "\(output)")
        #expect(output.contains("no template is named 'store-index.html'"), "\(output)")
      }
      #expect(try here.payload().isEmpty)
    }
  }

  @Test func `A message that one language lacks is an error of the check, in its file`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let messages = try Installation.text("templates/messages/es.yaml", in: here.folder)
      try here.write(
        "templates/messages/es.yaml",
        messages.replacing("people: People}, columns", with: "}, columns"))
      let (status, output) = try here.yearbook(["check"])
      #expect(status == 78, "\(output)")
      #expect(output.contains("templates/messages/es.yaml"), "\(output)")
      #expect(output.contains("the message 'rows.figures.people' is missing"), "\(output)")
    }
  }

  @Test func `A message that names what it does not get stops the check and the run`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let pipeline = try Installation.text("pipelines/rows/pipeline.yaml", in: here.folder)
      try here.write(
        "pipelines/rows/pipeline.yaml",
        pipeline + "\n  sentences: {came: {when: [people], message: rows.came}}\n")
      for locale in ["en", "pt-BR", "es"] {
        let name = locale == "pt-BR" ? "pessoas" : "people"
        let messages = try Installation.text("templates/messages/\(locale).yaml", in: here.folder)
        try here.write(
          "templates/messages/\(locale).yaml",
          messages.replacing(
            "rows: {figures: {people: People}",
            with: "rows: {figures: {people: People}, came: 'x {\(name)}'"))
      }
      for command in [["check"], ["run", "rows", "--period", "2025"]] {
        let (status, output) = try here.yearbook(command)
        #expect(status == 78, "\(output)")
        #expect(
          output.contains("the message 'rows.came' names '{pessoas}', which it does not get"),
          "\(output)")
        #expect(output.contains("templates/messages/pt-BR.yaml:"), "\(output)")
        #expect(!output.contains("sound"), "\(output)")
      }
      #expect(try here.payload().isEmpty)
    }
  }

  @Test func `A template that would fail the run fails the check, at its line`() throws {
    try Installation.with { here in
      try here.addReport("users")
      try here.useProjectRules()
      for (old, new, line) in [
        ("<dl class=\"figures\">", "<br><dl class=\"figures\">", "an element is not closed"),
        (
          "<dl class=\"figures\">", "<script>1</script><dl class=\"figures\">",
          "'script' is not allowed"
        ),
      ] {
        let template = try Installation.text("templates/users.html")
        try #require(template.contains(old))
        let changed = template.replacing(old, with: new)
        try here.write("templates/users.html", changed)
        let number = changed.split(separator: "\n", omittingEmptySubsequences: false)
          .firstIndex { $0.contains(new) }.map { $0 + 1 }
        let (status, output) = try here.yearbook(["check"])
        #expect(status == 78, "\(output)")
        #expect(output.contains("templates/users.html:\(number ?? 0): "), "\(output)")
        #expect(output.contains(line) && !output.contains("sound"), "\(output)")
      }
    }
  }

  @Test func `A query that forgets its tenant stops the run before it reads anything`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("other")
      try here.write(
        "pipelines/rows/people.sql",
        "SELECT p.tenant_id, u.username FROM partition p, \"user\" u")
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(status == 78)
      #expect(output.contains("another tenant's data"), "\(output)")
      #expect(try here.payload().isEmpty)
      let check = try here.yearbook(["check"])
      #expect(check.status == 78 && !check.output.contains("sound"), "\(check.output)")
      // The cause can be read later, too.
      for command in [["status"], ["status", "--json"], ["logs"]] {
        let told = try here.yearbook(command)
        #expect(told.output.contains("another tenant's data"), "\(told.output)")
      }
      let page = try String(
        contentsOfFile: "\(here.folder)/store/operator/index.html", encoding: .utf8)
      #expect(page.contains("stopped: "), "\(page)")
    }
  }

  @Test func `Settings of a tenant that the platform lacks are refused, with the nearest slug`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.write("yearbook.yaml", "tenants:\n  acne: {privacy: initials}\n")
      for command in [["run", "rows", "--period", "2025"], ["doctor"]] {
        let (status, output) = try here.yearbook(command)
        #expect(status == 78, "\(output)")
        #expect(output.contains("sets 'tenants: acne:'"), "\(output)")
        #expect(output.contains("did you mean acme?"), "\(output)")
      }
      // Of one that is not active any more they may stay.
      try here.platform.connect().execute("UPDATE app.tenant SET slug = 'acne', status = 'I'")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
    }
  }

  @Test func `A superuser as the source is refused`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let (status, output) = try here.yearbook(
        ["run", "rows"], environment: ["YEARBOOK_SOURCE=\(here.platform.conninfo)"])
      #expect(status == 78)
      #expect(output.contains("is a superuser: refused"), "\(output)")
    }
  }

  @Test func `A role that may write to the platform is refused`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let connection = try here.platform.connect()
      let role = "writer_\(UInt32.random(in: 0 ... .max))"
      try connection.execute(
        "CREATE ROLE \(role) LOGIN; GRANT USAGE ON SCHEMA app TO \(role);"
          + " GRANT SELECT, UPDATE ON app.tenant TO \(role)")
      let (status, output) = try here.yearbook(
        ["run", "rows"], environment: ["YEARBOOK_SOURCE=\(here.platform.conninfo) user=\(role)"])
      try connection.execute("DROP OWNED BY \(role); DROP ROLE \(role)")
      #expect(status == 78)
      #expect(output.contains("can write to the schema 'app'"), "\(output)")
    }
  }

  @Test func `A record from a newer program is refused`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      try here.record.connect().execute("INSERT INTO yearbook.migration (version) VALUES (999)")
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(status == 78)
      #expect(output.contains("the run record has schema version 999"), "\(output)")
    }
  }

  @Test func `One tenant's impossible time zone is that tenant's failure`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("nowhere", timeZone: "Mars/Olympus")
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(status == 1, "\(output)")
      #expect(
        output.contains("the time zone “Mars/Olympus” is not one that PostgreSQL knows by name"),
        "\(output)")
      #expect(try here.payload().keys.allSatisfy { $0.hasPrefix("tenants/acme/") })
      #expect(try !here.payload().isEmpty)
      // It is told, and taken up again, like any other failure.
      let told = try here.yearbook(["status"])
      #expect(told.output.contains("rows nowhere 2025, plan"), "\(told.output)")
      #expect(told.output.contains("--tenant nowhere"), "\(told.output)")
      try here.platform.connect().execute(
        "UPDATE app.tenant SET timezone = 'Asia/Tokyo' WHERE slug = 'nowhere'")
      let retry = try here.yearbook(["retry"])
      #expect(retry.status == 0, "\(retry.output)")
      #expect(retry.output.contains("1 published, 0 unchanged, 0 failed"), "\(retry.output)")
    }
  }
}
