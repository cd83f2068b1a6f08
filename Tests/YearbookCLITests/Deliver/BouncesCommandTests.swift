import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// What mail servers report, read by the command.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"), .serialized)
struct BouncesCommandTests {
  private func useAddresses(_ here: Installation, _ addresses: [String]) throws {
    let platform = try here.platform.connect()
    for (number, address) in addresses.enumerated() {
      try platform.query(
        "UPDATE app.\"user\" SET email = $2 WHERE username = $1", ["u\(number + 1)", address])
    }
  }

  private func bounces(_ here: Installation, _ words: [String]) throws -> (
    status: Int32, output: String
  ) {
    try here.yearbook(
      ["deliver", "bounces"] + words + ["--config", "\(here.folder)/yearbook.yaml"])
  }

  private func listed(_ here: Installation) throws -> Int {
    try here.record.connect().query("SELECT FROM yearbook.suppression").count
  }

  @Test(.enabled(if: Postfix.missing == nil, "Postfix is not installed"))
  func `Postfix's own reports suppress addresses that do not exist, and no others`() throws {
    let postfix = try Postfix()
    try Installation.with { here in
      try here.addTenant("acme", people: 5)
      try here.useDelivery()
      try useAddresses(
        here,
        [
          "Ana@dead.example", "ana@bücher.example", "ana@full.example", "ana@rules.example",
          "ana@yearbook.example",
        ])
      try here.write(
        "yearbook.yaml",
        """
        channels: {mail: {kind: mail, server: '127.0.0.1:\(postfix.port)', tls: none,
          private_hosts: [127.0.0.1], from: reports@yearbook.example}}
        """)
      #expect(try here.runRows().status == 0)
      let sent = try here.deliver()
      #expect(sent.status == 0, "\(sent.output)")
      #expect(eventually { postfix.inbox.count == 5 }, "\(postfix.inbox.count)")

      let trial = try bounces(here, [postfix.maildir, "--dry-run"])
      #expect(
        trial.output.contains("4 reports: 2 addresses would be suppressed"), "\(trial.output)")
      #expect(try listed(here) == 0)
      #expect(postfix.inbox.count == 5)

      let read = try bounces(here, [postfix.maildir])
      #expect(read.status == 0, "\(read.output)")
      #expect(
        read.output.contains(
          "4 reports: 2 addresses suppressed; 2 of a delay, a full mailbox or a rule: nothing suppressed;"
            + " 1 other mail"), "\(read.output)")
      #expect(!read.output.contains(".example"))
      #expect(try listed(here) == 2)
      // What was read is where mail programs put it.
      #expect(postfix.inbox.isEmpty)
      let seen = try FileManager.default.contentsOfDirectory(atPath: "\(postfix.maildir)/cur")
      #expect(seen.count == 5 && seen.allSatisfy { $0.hasSuffix(":2,S") }, "\(seen)")
      let again = try bounces(here, [postfix.maildir])
      #expect(again.output.contains("0 reports: 0 addresses suppressed"), "\(again.output)")

      // The next report reaches those who can be reached.
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET username = username || 'x', updated = now()")
      #expect(try here.runRows().status == 0)
      #expect(try here.deliver().status == 0)
      #expect(try here.outbox() == ["sent": 8, "suppressed": 2])
    }
  }

  /// A report about a message, as servers write it.
  private func report(
    _ address: String, _ key: String, status: String = "5.1.1", action: String = "failed"
  ) -> String {
    """
    Content-Type: multipart/report; report-type=delivery-status; boundary=x

    --x

    Nobody is there.
    From here on it is small print.

    --x
    Content-Type: message/delivery-status

    Reporting-MTA: dns; mail.example

    Final-Recipient: rfc822; \(address)
    Action: \(action)
    Status: \(status)

    --x
    Content-Type: text/rfc822-headers

    Message-ID: <\(key)@example.com>

    --x--

    """
  }

  @Test func `A report that lies suppresses nobody`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery()
      #expect(try here.runRows().status == 0)
      #expect(try here.deliver().status == 0)
      let key = try here.record.connect().query(
        "SELECT left(encode(key, 'hex'), 32) AS key FROM yearbook.outbox WHERE address LIKE 'u1@%'"
      ).only().string("key")
      let lies = [
        report("u2@acme.example", key), report("u1@acme.example", String(key.reversed())),
        report("u1@acme.example", ""), report("u1@acme.example", "' OR true --"),
        report("u1@acme.example", key, action: "delayed"),
        report("u1@acme.example", key, status: "4.2.2"),
      ]
      for (number, lie) in lies.enumerated() {
        try here.write("lie.eml", lie)
        let read = try bounces(here, ["\(here.folder)/lie.eml"])
        #expect(read.status == 0, "\(read.output)")
        #expect(read.output.contains("1 report: 0 addresses suppressed"), "\(read.output)")
        #expect(read.output.contains("no message of this record") == (number < 4))
        #expect(try listed(here) == 0)
      }
      // A mailbox of many, as one file and through a pipe.
      let mailbox = (lies + [report("U1@ACME.example", key)]).map {
        "From mailer Mon Nov 30 01:00:00 2026\n\($0)\n"
      }.joined()
      try here.write("mailbox", mailbox)
      let read = try Program.run(
        [
          "/bin/sh", "-c",
          "'\(Places.yearbook)' deliver bounces - --config '\(here.folder)/yearbook.yaml' <'\(here.folder)/mailbox'",
        ], environment: here.environment)
      #expect(read.output.contains("7 reports: 1 address suppressed"), "\(read.output)")
      #expect(try listed(here) == 1)
      let again = try bounces(here, ["\(here.folder)/mailbox"])
      #expect(again.output.contains("1 of addresses that were on the list"), "\(again.output)")
    }
  }

  @Test func `What is no report, no maildir or too large is refused, and says why`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery()
      #expect(try here.runRows().status == 0)
      try here.write("mail.eml", "Subject: Hello\n\nOut of office.\n")
      try here.write("empty", "")
      try here.write("huge", "")
      // It takes no room on the disk.
      #expect(truncate("\(here.folder)/huge", 5 << 30) == 0)
      for (name, status, text) in [
        ("mail.eml", Int32(65), "no report about a delivery"), ("empty", 65, "no report"),
        ("huge", 65, "more than 1 GB"), ("nothing", 64, "there is no such file or maildir"),
        ("pipelines", 64, "the folder is not a maildir"),
      ] {
        let read = try bounces(here, ["\(here.folder)/\(name)"])
        #expect(read.status == status && read.output.contains(text), "\(name): \(read.output)")
      }
      // In a maildir one such file does not hold up the others.
      for part in ["new", "cur", "tmp"] { try here.write("box/\(part)/.keep", "") }
      try here.write("box/new/1", report("u1@acme.example", ""))
      try here.write("box/new/2", "")
      #expect(truncate("\(here.folder)/box/new/2", 5 << 30) == 0)
      #expect(symlink("/etc/passwd", "\(here.folder)/box/new/3") == 0)
      #expect(mkfifo("\(here.folder)/box/new/4", 0o600) == 0)
      let read = try bounces(here, ["\(here.folder)/box"])
      #expect(read.status == 0 && read.output.contains("1 report:"), "\(read.output)")
      #expect(read.output.contains("3 files could not be read"), "\(read.output)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: "\(here.folder)/box/cur").sorted()
          == [".keep", "1:2,S"])
    }
  }
}
