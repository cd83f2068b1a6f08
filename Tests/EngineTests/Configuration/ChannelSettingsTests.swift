import Basics
import Delivery
import Diagnostics
import Foundation
import TestSupport
import Testing
import Transfer

@testable import Engine

@Suite("Channels in the configuration")
struct ChannelSettingsTests {
  private func read(_ text: String) throws -> [String: ChannelSettings] {
    try withTemporaryFolder { folder in
      try Data(text.utf8).write(to: URL(filePath: folder + "/yearbook.yaml"))
      return try Configuration(path: folder + "/yearbook.yaml", environment: [:]).channels
    }
  }

  private func faults(_ lines: [String]) throws -> [String] {
    let text = "channels:\n" + lines.map { "  \($0)\n" }.joined()
    let found = #expect(throws: Diagnostics.self) { try read(text) }
    return (found?.all ?? []).map { fault in
      let place = "\(fault.subject.line ?? 0):\(fault.subject.column ?? 0)"
      return "\(place) \(fault.message)" + (fault.hint.map { " → \($0)" } ?? "")
    }
  }

  @Test func `All that can be said of channels is read`() throws {
    let channels = try read(
      """
      channels:
        post:
          kind: mail
          server: smtp.example.org
          login: {user: yearbook, password: {file: secrets/smtp}}
          from: Year in review <year@example.org>
          reply_to: help@example.org
          bounces: bounces@example.org
          timeout: 90s
          rate: 95/s
          give_up: 5d
          between: 08:00-20:00
          breaker: {failures: 7, first: 10s, most: 5m}
        crm:
          kind: http
          method: PUT
          url: https://crm.example.org/contacts/{recipient}
          headers: {X-Source: yearbook, Authorization: {env: CRM_TOKEN}}
          expect: [200, 201, 409]
          sign: {file: secrets/webhook}
        jobs: {kind: queue, url: "https://sqs.eu-west-1.amazonaws.com/1/jobs.fifo", region: eu-west-1}
        inner: {kind: mail, server: "mail.internal:2525", tls: none, private_hosts: mail.internal, from: a@example.org}
        cloud: {kind: ses, region: eu-west-1, from: a@example.org, bounces: b@example.org}
        trial: {kind: file, folder: mail, from: a@example.org}
      """)
    #expect(channels.keys.sorted() == ["cloud", "crm", "inner", "jobs", "post", "trial"])
    let post = try #require(channels["post"])
    guard case .mail(let mail) = post.kind else {
      Issue.record("not mail")
      return
    }
    #expect(mail.server.host == "smtp.example.org" && mail.server.port == 587)
    #expect(mail.server.security == .starttls && !mail.server.isPrivate)
    #expect(
      mail.writer.from.name == "Year in review" && mail.writer.from.wire == "year@example.org")
    #expect(mail.bounces?.wire == "bounces@example.org" && mail.timeout == 90)
    #expect(post.pace == Pace("95/s") && post.giveUp == 5 * 86_400)
    #expect(post.hours == HoursOfDay("08:00-20:00"))
    #expect(post.breaker == ChannelSettings.Breaker(failures: 7, first: 10, most: 300))
    guard case .file(let path)? = post.secrets.first else {
      Issue.record("no file")
      return
    }
    #expect(path.hasSuffix("/secrets/smtp") && path.hasPrefix("/"))
    guard case .http(let http) = channels["crm"]?.kind else {
      Issue.record("not http")
      return
    }
    #expect(http.settings.method == "PUT" && http.settings.expected == [200, 201, 409])
    #expect(http.settings.url.authority == "crm.example.org:443")
    #expect(http.secretHeaders.map(\.name) == ["Authorization"] && http.signing.count == 1)
    guard case .mail(let inner) = channels["inner"]?.kind else {
      Issue.record("not mail")
      return
    }
    #expect(inner.server.isPrivate && inner.server.port == 2525)
    guard case .ses(let ses) = channels["cloud"]?.kind else {
      Issue.record("not ses")
      return
    }
    #expect(ses.url.authority == "email.eu-west-1.amazonaws.com:443" && !ses.isPrivate)
    #expect(ses.bounces?.wire == "b@example.org")
    let account = try #require(throws: Diagnostic.self) {
      try channels["cloud"]?.make(environment: [:], isCancelled: { false })
    }
    #expect(account.hint?.contains("AWS_ACCESS_KEY_ID") == true)
    _ = try channels["trial"]?.make()
    // A secret that is not there is the configuration's fault, and its name is said.
    let fault = try #require(throws: Diagnostic.self) {
      try channels["crm"]?.make(environment: [:], isCancelled: { false })
    }
    #expect(fault.hint?.contains("CRM_TOKEN") == true)
  }

  @Test func `What is wrong is said with its place, all at once, and no secret is repeated`() throws
  {
    let found = try faults([
      "a: {kind: mial, from: x}", "b: {kind: mail, server: s.org, from: a@b.org, tsl: tls}",
      "c: {kind: mail, server: s.org, from: a@b.org, login: {user: u, password: hunter2}}",
      "d: {kind: mail, server: 's.org:99999', from: 'a@b.org, c@d.org'}",
      "e: {kind: mail, server: s.org, from: a@b.org, tls: none}",
      "f: {kind: http, url: 'http://x.org/'}", "g: {kind: http, url: 'https://u:pw@x.org/'}",
      "h: {kind: http, url: 'https://x.org/', headers: {Authorization: Bearer hunter2}}",
      "i: {kind: file, folder: f, from: a@b.org, rate: fast, between: day, give_up: 5}",
      "j: {kind: http, url: 'https://x.org/', headers: {Idempotency-Key: k}, private_hosts: y.org}",
      "K: {kind: file}", "l: {kind: queue, url: 'https://q.org/'}",
    ])
    let expected = [
      "2:13 expected one of mail, ses, http, queue, file, found 'mial' → did you mean mail?",
      "3:49 unknown key 'tsl', expected kind, rate, give_up, between, breaker, server, tls, login,"
        + " from, reply_to, bounces, authorities, private_hosts, timeout → did you mean tls?",
      "4:76 a secret does not belong in this file → write {file: FILE} or {env: NAME}",
      "5:27 expected a server such as smtp.example.org or smtp.example.org:587",
      "5:48 expected one mail address, such as Reports <reports@example.org>, found 'a@b.org, c@d.org'",
      "6:54 mails would cross the internet readable for everybody on the way → set tls: starttls;"
        + " without encryption only a server under private_hosts is used",
      "7:24 messages would be sent without encryption (http://) → use https://, or set plain_http: true",
      "8:24 expected an address such as https://crm.example.org/contacts/{recipient}, without user,"
        + " password and fragment",
      "9:67 a secret does not belong in this file → write {file: FILE} or {env: NAME}",
      "10:51 expected a rate such as 95/s, 600/m, 5000/h or 100000/d, found 'fast'",
      "10:66 expected hours such as 08:00-20:00, found 'day'",
      "10:80 expected a length of time such as 90s, 4m or 2h, found '5'",
      "11:52 the header 'Idempotency-Key' is set by Yearbook",
      "11:88 the channel has no such host: it is at 'x.org'",
      "12:3 expected a name of [a-z0-9_], beginning with a letter, found 'K'",
      "13:6 the key 'region' is missing",
    ]
    #expect(found.count == expected.count)
    for (one, other) in zip(found, expected) { #expect(one == other) }
  }

  @Test func `A file with a secret that others can read is found`() throws {
    try withTemporaryFolder { folder in
      try Data("s".utf8).write(to: URL(filePath: folder + "/smtp"))
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o644], ofItemAtPath: folder + "/smtp")
      let text = """
        channels:
          p: {kind: mail, server: s.org, from: a@b.org, login: {user: u, password: {file: smtp}}}
        """
      try Data(text.utf8).write(to: URL(filePath: folder + "/yearbook.yaml"))
      let configuration = try Configuration(path: folder + "/yearbook.yaml", environment: [:])
      let files = configuration.secretFiles(environment: [:])
      let fault = try #require(files.first { $0.path.hasSuffix("/smtp") }?.fault)
      #expect(fault.message.contains("every user can read it"))
    }
  }
}
