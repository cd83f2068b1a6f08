import Foundation
import Postgres
import TestSupport
import Testing

extension StoreCommandTests {
  @Test(.enabled(if: age != nil && ageKeygen != nil, "age is not installed"))
  func `What was published before its tenant was to be encrypted is told`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("other")
      try Self.expect(here, ["run", "rows", "--period", "2024", "--period", "2025"], "4 published")
      let key = try Program.run(
        [try #require(Self.ageKeygen), "-o", "\(here.folder)/key.txt"])
      let recipient = try #require(
        key.output.split(whereSeparator: \.isWhitespace).last.map(String.init))
      try here.write("yearbook.yaml", "tenants:\n  acme: {recipients: [\(recipient)]}\n")
      let before = try here.yearbook(["doctor"])
      #expect(before.status == 78, "\(before.output)")
      #expect(
        before.output.contains("acme/rows/2024 and 1 other, published before"), "\(before.output)")
      #expect(
        before.output.contains("run rows --tenant acme --period 2024 publishes it again"),
        "\(before.output)")
      try Self.expect(here, ["run", "rows", "--period", "2024", "--period", "2025"], "2 published")
      let after = try here.yearbook(["doctor"]).output
      #expect(after.contains("no release that must be encrypted"), "\(after)")
    }
  }

  @Test(.enabled(if: age != nil && ageKeygen != nil, "age is not installed"))
  func `What is encrypted is opened by age, and stays the same while its content does`() throws {
    let age = try #require(Self.age)
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("other")
      var keys: [String] = []
      for name in ["tenant", "operator"] {
        let outcome = try Program.run(
          [try #require(Self.ageKeygen), "-o", "\(here.folder)/\(name).txt"])
        keys.append(
          try #require(outcome.output.split(whereSeparator: \.isWhitespace).last.map(String.init)))
      }
      try here.write(
        "yearbook.yaml",
        """
        encryption: {recipients: [\(keys[1])]}
        tenants:
          acme: {recipients: [\(keys[0])]}
        """)
      try Self.expect(here, ["run", "rows", "--period", "2025"], "2 published")
      try Self.expect(here, ["run", "rows", "--period", "2025"], "0 published, 2 unchanged")
      // Also when the workspace with the encrypted files is gone.
      try FileManager.default.removeItem(atPath: "\(here.folder)/workspace/tenants")
      try Self.expect(here, ["run", "rows", "--period", "2025"], "0 published, 2 unchanged")
      try Self.expect(here, ["verify", "--deep"], "all as published")
      let payload = try here.payload()
      #expect(payload.keys.filter { $0.contains("/acme/") }.allSatisfy { $0.hasSuffix(".age") })
      #expect(!payload.keys.contains { $0.contains("/other/") && $0.hasSuffix(".age") })
      let release = try #require(
        Self.json([Release].self, here, ["releases", "acme"]).first?.release)
      let data = "\(here.folder)/store/tenants/acme/rows/2025/releases/\(release)/data"
      for name in ["tenant", "operator"] {
        let outcome = try Program.run(
          [age, "-d", "-i", "\(here.folder)/\(name).txt", "\(data)/people.csv.age"])
        #expect(outcome.status == 0 && outcome.output.contains("u1"), "\(outcome.output)")
        try Self.expect(
          here,
          [
            "restore", "acme/rows/2025", "--to", "\(here.folder)/\(name)", "--identity",
            "\(here.folder)/\(name).txt",
          ])
        #expect(
          try String(contentsOfFile: "\(here.folder)/\(name)/data/people.csv", encoding: .utf8)
            .contains("u1"))
      }
      let page = try String(
        contentsOfFile: "\(here.folder)/store/tenants/acme/rows/2025/index.html", encoding: .utf8)
      #expect(page.contains("age -d -i key.txt"))
      // Nothing of the private keys, nor of the content, lies in the store or the record.
      let record = try here.record.connect().query(
        "SELECT string_agg(t::text, '') AS text FROM yearbook.sealed t"
      ).only().string("text")
      #expect(!record.contains("AGE-SECRET"))
      let found = try Program.run([
        "/bin/grep", "-rlE", "AGE-SECRET-KEY|username", "\(here.folder)/store/tenants/acme",
      ])
      #expect(found.output == "")
      // Recipients that are lost do not open what was encrypted; that takes a word.
      try here.write("yearbook.yaml", "encryption: {recipients: [\(keys[1])]}\n")
      try Self.expect(
        here, ["run", "rows", "--period", "2025"], status: 1, "no recipients are configured now")
      #expect(
        try here.payload().keys.filter { $0.contains("/acme/") }.allSatisfy { $0.hasSuffix(".age") }
      )
      try here.write("yearbook.yaml", "tenants: {acme: {recipients: []}}\n")
      try Self.expect(here, ["run", "rows", "--period", "2025"], "1 published, 1 unchanged")
    }
  }
}
