import Foundation
import Postgres
import TestSupport
import Testing

/// Reports of all tenants together, in the hands of the commands that look after what is published.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct OperatorReportTests {
  private struct Release: Decodable {
    var partition: String
    var sequence: Int
  }

  @discardableResult
  private static func expect(
    _ here: Installation, _ arguments: [String], status: Int32 = 0, _ text: String = ""
  ) throws -> String {
    let outcome = try here.yearbook(arguments)
    #expect(outcome.status == status, "\(arguments): \(outcome.output)")
    #expect(text.isEmpty || outcome.output.contains(text), "\(arguments): \(outcome.output)")
    return outcome.output
  }

  private static func releases(_ here: Installation, _ place: [String]) throws -> [Release] {
    let output = try expect(here, ["releases"] + place + ["--json"])
    return try JSONDecoder().decode([Release].self, from: Data(output.utf8))
  }

  @Test func `The operator's reports are found, compared and pruned as a tenant's are`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.write(
        "pipelines/together/pipeline.yaml",
        """
        name: together
        scope: platform
        period: [year]
        title: Together
        extract: {queries: {people: {order: [username]}}}
        aggregate:
          figures: {people: {from: people, count: rows}}
          tables: {people: {from: people, publish: people, columns: {username: text}}}
        """)
      try here.write(
        "pipelines/together/people.sql",
        "SELECT p.tenant_id, u.username FROM partition p JOIN \"user\" u ON u.tenantid = p.tenant_id"
      )
      for locale in ["en", "pt-BR", "es"] {
        let path = "templates/messages/\(locale).yaml"
        let text = try String(contentsOfFile: "\(here.folder)/\(path)", encoding: .utf8)
        let words = try #require(text.split(separator: "\n").last { $0.hasPrefix("rows:") })
        try here.write(path, text + "together\(words.dropFirst(4))\n")
      }
      let run = ["run", "together", "--period", "2025"]
      try Self.expect(here, run, "1 published")
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET username = 'renamed' WHERE username = 'u1'")
      try Self.expect(here, run, "1 published")
      let place = "@operator/together/2025"
      #expect(try Self.releases(here, []).map(\.partition) == [place])
      try Self.expect(here, ["diff", place], status: 1, "changed people.csv")
      try Self.expect(here, ["rollback", place], "sequence 3")
      try Self.expect(here, ["verify", "--tenant", "@operator"], "all as published")
      try Self.expect(here, ["prune", "--grace", "0s", "--yes"], "removed")
      #expect(
        try Self.releases(here, [place]).map(\.sequence) == [1, 3])
      try Self.expect(here, ["verify", "--deep"], "all as published")
      try here.write(
        "signers",
        "yearbook namespaces=\"yearbook\""
          + " ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP0yYaeneg1Hb+y4/JogLkPI081ZRwWhQRyNY5p6ZNJB\n")
      try Self.expect(
        here, ["verify", "--signers", "\(here.folder)/signers"], status: 1,
        "what to do: if signing is new here, run the periods again")
      // What names the tenant and is not the tenant's own is told.
      try Self.expect(here, ["run", "rows", "--period", "2025"])
      try Self.expect(
        here, ["purge", "--tenant", "acme", "--yes"],
        "the operator's reports about all tenants (together)")
      let blobs = try Program.run([
        "/usr/bin/find", "\(here.folder)/workspace/tenants", "-type", "f",
      ])
      #expect(blobs.output == "")
      try Self.expect(here, run, "1 published")
    }
  }
}
