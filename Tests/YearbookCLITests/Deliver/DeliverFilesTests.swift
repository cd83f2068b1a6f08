import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// What goes with a mail: files, a picture, links.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"), .serialized)
struct DeliverFilesTests {
  /// The mails that a recipient got.
  private func mails(_ here: Installation, _ address: String) throws -> [JudgedMail] {
    let folder = "\(here.folder)/mail/\(address)/new"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    return try JudgedMail.read(names.map { "\(folder)/\($0)" })
  }

  /// Signs a link again with Amazon's library, and prints the object that it leads to.
  private static let judge = """
    import os, sys, datetime, urllib.parse, boto3
    import botocore.auth, botocore.awsrequest, botocore.credentials
    link = urllib.parse.urlsplit(sys.argv[1])
    given = dict(urllib.parse.parse_qsl(link.query))
    moment = datetime.datetime.strptime(given['X-Amz-Date'], '%Y%m%dT%H%M%SZ')
    botocore.auth.get_current_datetime = lambda *_, **__: moment
    keys = botocore.credentials.Credentials(
        os.environ['AWS_ACCESS_KEY_ID'], os.environ['AWS_SECRET_ACCESS_KEY'])
    request = botocore.awsrequest.AWSRequest(method='GET', url=sys.argv[1].split('?')[0])
    botocore.auth.S3SigV4QueryAuth(
        keys, 's3', 'us-east-1', expires=int(given['X-Amz-Expires'])).add_auth(request)
    made = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.prepare().url).query))
    assert made == given, (made, given)
    bucket, key = urllib.parse.unquote(link.path).lstrip('/').split('/', 1)
    print(boto3.client('s3').get_object(Bucket=bucket, Key=key)['Body'].read().decode())
    """

  /// The folder of the files of a tenant's release.
  private func data(_ here: Installation, _ slug: String) throws -> String {
    let place = "\(here.folder)/store/tenants/\(slug)/rows/2025/releases"
    let id = try #require(try FileManager.default.contentsOfDirectory(atPath: place).first)
    return "\(place)/\(id)/data"
  }

  @Test func `The files that are asked for go with the mail, of the recipient's tenant alone`()
    throws
  {
    try Installation.with { here in
      for slug in ["acme", "globex"] { try here.addTenant(slug) }
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET username = username || '-in-' || t.slug FROM app.tenant t"
          + " WHERE t.id = tenantid")
      try here.useDelivery("    attach: [people.excel.csv, people.csv]")
      #expect(try here.runRows().status == 0)
      let sent = try here.deliver()
      #expect(sent.status == 0, "\(sent.output)")
      for slug in ["acme", "globex"] {
        let mail = try #require(try mails(here, "u1-in-\(slug)@\(slug).example").first)
        #expect(mail.faults == [])
        let files = mail.parts.filter { $0.disposition == "attachment" }
        #expect(
          files.map(\.file) == [
            "\(slug)-rows-2025-people.excel.csv", "\(slug)-rows-2025-people.csv",
          ])
        #expect(files.map(\.type) == ["text/csv", "text/csv"])
        let folder = try data(here, slug)
        for (file, name) in zip(files, ["people.excel.csv", "people.csv"]) {
          let published = FileManager.default.contents(atPath: "\(folder)/\(name)")
          #expect(Data(file.content) == published)
        }
        let all = mail.parts.map { String(decoding: $0.content, as: UTF8.self) }.joined()
        #expect(all.contains("-in-\(slug)"))
        #expect(!all.contains("-in-\(slug == "acme" ? "globex" : "acme")"))
      }
    }
  }

  @Test func `A file that is missing or too large makes that message dead, and says why`() throws {
    try Installation.with { here in
      for slug in ["acme", "globex", "initech"] { try here.addTenant(slug, people: 1) }
      try here.useDelivery("    attach: [people.csv]")
      #expect(try here.runRows().status == 0)
      let lost = "\(try data(here, "acme"))/people.csv"
      let kept = try #require(FileManager.default.contents(atPath: lost))
      try FileManager.default.removeItem(atPath: lost)
      let large = "\(try data(here, "globex"))/people.csv"
      #expect(chmod(large, 0o644) == 0 && truncate(large, 6 << 20) == 0)
      let sent = try here.deliver()
      // It is no incident: others' mails of the same template left.
      #expect(sent.status == 0, "\(sent.output)")
      #expect(try here.outbox() == ["sent": 1, "dead": 2])
      let dead = try here.deliver(["dead"])
      #expect(
        dead.output.contains("the release has no file 'people.csv' to attach"), "\(dead.output)")
      #expect(
        dead.output.contains(
          "'people.csv' is too large to attach: all files of a mail together have at most 5 MB"),
        "\(dead.output)")
      #expect(!dead.output.contains("@"))
      // Repaired, it leaves.
      try kept.write(to: URL(fileURLWithPath: lost))
      #expect(try here.deliver(["retry", "--all"]).status == 0)
      #expect(try here.deliver().status == 0)
      #expect(try here.outbox() == ["sent": 2, "dead": 1])
    }
  }

  @Test(arguments: [
    (
      "attach: [peple.csv]", "the releases of 'rows' have no file 'peple.csv'",
      "did you mean people.csv?"
    ),
    ("attach: [../people.csv]", "expected the name of a file of the release", ""),
    ("poster: poster.jpg", "the releases of 'rows' have no file 'poster.jpg'", "report.json"),
    ("poster: film/poster.jpg", "there is no pipeline 'film' with a picture", ""),
    ("poster: poster.svg", "expected a picture such as poster.jpg", ""),
    ("attach: [people.csv]\n    digest: day", "and not with 'digest'", ""),
  ])
  func `Files that no release has are found by check and before a run`(
    _ setting: String, _ message: String, _ hint: String
  ) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery("    \(setting)")
      for words in [["check"], ["run", "rows", "--period", "2025"]] {
        let refused = try here.yearbook(words + ["--config", "\(here.folder)/yearbook.yaml"])
        #expect(refused.status == 78, "\(refused.output)")
        #expect(
          refused.output.contains(message)
            && (hint.isEmpty || refused.output.contains(hint)), "\(refused.output)")
      }
    }
  }

  @Test
  func
    `A channel that makes requests is not given a mail, neither by a pipeline nor for the operator`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery()
      try here.write(
        "yearbook.yaml",
        """
        channels:
          mail: {kind: http, url: 'https://crm.example.com/contacts'}
        operator: {name: Operator, channel: mail, address: operator@example.com}
        """)
      for words in [["check"], ["run", "rows", "--period", "2025"]] {
        let refused = try here.yearbook(words + ["--config", "\(here.folder)/yearbook.yaml"])
        #expect(refused.status == 78, "\(refused.output)")
        for template in ["news", "operator-run", "operator-incident"] {
          #expect(
            refused.output.contains(
              "the channel 'mail' makes requests, but '\(template)' is the template of a mail"),
            "\(refused.output)")
        }
      }
    }
  }

  @Test func `A mail shows the poster of the film, and goes without if there is no film`() throws {
    try Installation.withFilms { here in
      try here.useProjectRules()
      try here.write(
        "yearbook.yaml",
        """
        site: https://reports.example.com
        channels: {mail: {kind: file, folder: mail, from: reports@example.com}}
        """)
      let platform = try here.platform.connect()
      try platform.execute("GRANT SELECT (email) ON app.\"user\" TO yearbook_reader")
      try platform.execute("UPDATE app.\"user\" SET account_status = 'A'")
      try here.addressPeople()
      let config = ["--config", "\(here.folder)/yearbook.yaml"]
      let film = try here.yearbook(
        ["run", "video", "--tenant", "acme", "--period", "2025"] + config)
      #expect(film.status == 0, "\(film.output)")
      let report = try here.yearbook(["run", "annual", "--period", "2025"] + config)
      #expect(report.status == 0, "\(report.output)")
      let sent = try here.deliver()
      #expect(sent.status == 0, "\(sent.output)")
      let with = try #require(try mails(here, "u1@acme.example").first)
      #expect(with.faults == [])
      let place = "\(here.folder)/store/tenants/acme/video/2025/releases"
      let release = try #require(try FileManager.default.contentsOfDirectory(atPath: place).first)
      let picture = try #require(with.parts.first { $0.type == "image/jpeg" })
      #expect(
        Data(picture.content)
          == FileManager.default.contents(atPath: "\(place)/\(release)/data/poster.jpg"))
      #expect(with.text("text/html")?.contains("src=\"cid:poster.") == true)
      let without = try #require(try mails(here, "u1@zeta.example").first)
      #expect(without.faults == [])
      #expect(!without.parts.contains { $0.type.hasPrefix("image/") })
      #expect(without.text("text/html")?.contains("<img") == false)
      // It says so to those who look after it.
      #expect(
        sent.output.contains("without its picture: video has no release of the period"),
        "\(sent.output)")
    }
  }

  @Test(.enabled(if: ObjectServer.missing == nil, "moto is not installed"))
  func `Signed links lead to the mirrored release without credentials, and not before it is there`()
    throws
  {
    let server = try ObjectServer()
    let environment = server.environment.map { "\($0.key)=\($0.value)" }
    try Installation.with { here in
      try here.addTenant("acme", people: 1)
      try here.useDelivery()
      // A page for the link to lead to.
      var pipeline = try Installation.text("pipelines/rows/pipeline.yaml", in: here.folder)
      pipeline = pipeline.replacing(
        "deliver:", with: "render: {index.html: everybody.html}\ndeliver:")
      try here.write("pipelines/rows/pipeline.yaml", pipeline)
      try here.write("templates/everybody.html", "{{>head}}\n<p>Rows of everybody</p>\n{{>foot}}\n")
      let run = try here.runRows()
      #expect(run.status == 0, "\(run.output)")
      let old = try Installation.text("yearbook.yaml", in: here.folder)
      let text = old.replacing("site: https://reports.example.com", with: "site: {signed: 7d}")
      try here.write("yearbook.yaml", text)
      let config = ["--config", "\(here.folder)/yearbook.yaml"]
      for words in [["check"], ["deliver", "--once"]] {
        let lacking = try here.yearbook(words + config)
        #expect(
          lacking.status == 78
            && lacking.output.contains(
              "signed links lead to the mirror's bucket, and there is no mirror"),
          "\(lacking.output)")
      }
      try here.write("yearbook.yaml", text + "\nmirror: {to: s3://bucket/deep, plain_http: true}\n")
      let early = try here.yearbook(["deliver", "--once"] + config, environment: environment)
      #expect(early.status == 0, "\(early.output)")
      #expect(try here.outbox() == ["pending": 1])
      #expect(try here.mailboxes().isEmpty)
      let mirrored = try here.yearbook(["mirror"] + config, environment: environment)
      #expect(mirrored.status == 0, "\(mirrored.output)")
      try here.record.connect().execute("UPDATE yearbook.outbox SET not_before = now()")
      let sent = try here.yearbook(["deliver", "--once"] + config, environment: environment)
      #expect(sent.status == 0, "\(sent.output)")
      let mail = try #require(try mails(here, "u1@acme.example").first)
      #expect(mail.faults == [])
      let words = (mail.text("text/plain") ?? "").split(whereSeparator: \.isWhitespace)
      let link = String(try #require(words.first { $0.hasPrefix(server.endpoint) }))
      #expect(link.contains("/bucket/deep/tenants/acme/rows/2025/releases/"))
      #expect(link.contains("X-Amz-Expires=604800") && link.contains("X-Amz-Signature="))
      // moto's own check of rights reads no signature in a query. So Amazon's library signs the same
      // address at the same moment, and what it leads to is read with the key.
      let judged = try Program.run(
        [Places.project + "/.build-judges/bin/python", "-c", Self.judge, link],
        environment: environment)
      #expect(judged.status == 0, "\(judged.output)")
      #expect(judged.output.contains("Rows of everybody"), "\(judged.output.prefix(500))")
    }
  }
}
