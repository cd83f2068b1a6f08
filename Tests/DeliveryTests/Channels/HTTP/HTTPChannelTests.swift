import Foundation
import Glibc
import TestSupport
import Testing

@testable import Basics
@testable import Delivery
@testable import Diagnostics
@testable import Transfer

/// A web service of the tests, and channels to it.
struct WebScene {
  struct Request: Decodable {
    var connection: Int
    var method: String
    var path: String
    var status: Int
    var effect: Bool
    var headers: [String: String]
    var body: String
  }

  let server: FaultyServer

  init() throws { server = try FaultyServer("web_server.py") }

  func url(_ path: String = "/hook", host: String = "127.0.0.1") throws -> EndpointURL {
    try #require(EndpointURL("http://\(host):\(server.port)\(path)"))
  }

  func settings(_ path: String = "/hook", host: String = "127.0.0.1") throws
    -> HTTPChannel.Settings
  {
    var settings = HTTPChannel.Settings(url: try url(path, host: host))
    settings.isPrivate = true
    settings.patience = .init(connect: 2, stall: 1, total: 2)
    return settings
  }

  var requests: [Request] {
    get throws {
      try server.log.map { try JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
    }
  }

  static func message(
    _ number: Int = 1, to address: String = "crm/42?ü", body: String = "{\"a\":1}"
  )
    -> OutgoingMessage
  {
    OutgoingMessage(
      key: SHA256Digest(of: Array("\(number)".utf8)), recipient: Letters.recipient(address),
      content: .json(Array(body.utf8)))
  }
}

@Suite("Calls of a web service", .enabled(if: FaultyServer.missing == nil))
struct HTTPChannelTests {
  private let now = 1_795_990_048

  private func channel(_ settings: HTTPChannel.Settings) throws -> HTTPChannel {
    let now = now
    return try HTTPChannel(settings, now: { now }, isCancelled: { false })
  }

  @Test func `A call has the method, path, headers and body that were said, over one connection`()
    throws
  {
    let scene = try WebScene()
    var settings = try scene.settings("/contacts/{recipient}?key={key}")
    settings.method = "PUT"
    settings.headers = [("Authorization", "Bearer x"), ("content-type", "application/vnd.x+json")]
    let channel = try channel(settings)
    for number in 1...20 {
      #expect(try channel.send(WebScene.message(number)) == .accepted(note: "200"))
    }
    let requests = try scene.requests
    let first = try #require(requests.first)
    let key = WebScene.message(1).key.hex
    #expect(first.method == "PUT")
    #expect(first.path == "/contacts/crm%2F42%3F%C3%BC?key=\(key)")
    #expect(first.headers["authorization"] == "Bearer x")
    #expect(first.headers["content-type"] == "application/vnd.x+json")
    #expect(first.headers["idempotency-key"] == key)
    #expect(first.body == "{\"a\":1}")
    #expect(Set(requests.map(\.connection)) == [1])
    #expect(Set(requests.compactMap { $0.headers["idempotency-key"] }).count == 20)
    #expect(channel.destination(of: WebScene.message()) == "127.0.0.1:\(scene.server.port)")
  }

  @Test(
    arguments: [
      ("200", "accepted", nil), ("202", "accepted", nil), ("204", "accepted", nil),
      ("400", "refused", nil), ("404", "refused", nil), ("409", "refused", nil),
      ("410", "refused", nil), ("422", "refused", nil), ("302 Location: /x", "refused", nil),
      ("408", "later", nil), ("425", "later", nil), ("429", "later", nil),
      ("429 Retry-After: 7", "later", 7), ("503 Retry-After: 120", "later", 120),
      ("503 Retry-After: Sun, 29 Nov 2026 22:08:28 GMT", "later", nil), ("500", "later", nil),
      ("502", "later", nil), ("599", "later", nil), ("429 Retry-After: soon", "later", nil),
      ("429 Retry-After: -5", "later", nil),
      ("429 Retry-After: 99999999999999999999999", "later", RetryAfter.most),
      ("401", "fault", nil), ("407", "fault", nil),
    ] as [(String, String, Int?)]) func `A status decides, and how long to wait is believed`(
      said: String, expected: String, after: Int?
    ) throws
  {
    let scene = try WebScene()
    let channel = try channel(try scene.settings())
    scene.server.misbehave("status 1 \(said)")
    do throws(Diagnostic) {
      let answer = try channel.send(WebScene.message())
      #expect(answer.kind == expected)
      if case .later(_, let found) = answer, !said.contains("GMT") { #expect(found == after) }
    } catch {
      #expect(expected == "fault")
      #expect(error.code == .configuration)
    }
    #expect(try channel.send(WebScene.message()).kind == "accepted")
    #expect(try scene.requests.last?.effect == (expected != "accepted"))
  }

  @Test func `A date to wait for counts from now, and one that is past is now`() {
    // The example of RFC 9110, 5.6.7.
    let text = "Sun, 06 Nov 1994 08:49:37 GMT"
    #expect(RetryAfter.seconds(text, now: 784_111_777 - 90) == 90)
    #expect(RetryAfter.seconds(text, now: 784_111_777 + 90) == 0)
    #expect(RetryAfter.seconds(text, now: 0) == RetryAfter.most)
    for text in ["", "Sun, 31 Feb 2027 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT", "1.5", "+7"]
    {
      #expect(RetryAfter.seconds(text, now: 0) == nil, "\(text)")
    }
  }

  @Test(arguments: [
    ("hang", "uncertain"), ("cut", "uncertain"), ("reset", "uncertain"), ("early", "later"),
  ]) func `What was sent whole and not answered is in doubt; what was not sent whole is not`(
    act: String, expected: String
  ) throws {
    let scene = try WebScene()
    let channel = try channel(try scene.settings())
    scene.server.misbehave("\(act) 1")
    let body = act == "early" ? String(repeating: " ", count: 16 << 20) : "{}"
    let answer = try channel.send(WebScene.message(body: body))
    #expect(answer.kind == expected, "\(answer)")
    #expect(try channel.send(WebScene.message()).kind == "accepted")
    #expect(try scene.requests.filter(\.effect).count == 1)
  }

  @Test func `An answer that is endless, or ends within, costs nothing: its status was there`()
    throws
  {
    let scene = try WebScene()
    let channel = try channel(try scene.settings())
    scene.server.misbehave("big 1 500000000")
    let watch = Stopwatch()
    #expect(try channel.send(WebScene.message(1)).kind == "accepted")
    #expect(watch.seconds < 2)
    scene.server.misbehave("half 1")
    #expect(try channel.send(WebScene.message(2)).kind == "accepted")
    var settings = try scene.settings()
    settings.expected = [201]
    #expect(try self.channel(settings).send(WebScene.message(3)) == .refused(note: "200"))
  }

  @Test func `A redirect is followed to the same place only, with the same request`() throws {
    let scene = try WebScene()
    let other = try WebScene()
    let channel = try channel(try scene.settings())
    scene.server.misbehave("status 1 307 Location: /moved?x=1#y")
    #expect(try channel.send(WebScene.message()).kind == "accepted")
    let last = try #require(try scene.requests.last)
    #expect(last.path == "/moved?x=1" && last.method == "POST" && last.body == "{\"a\":1}")
    for place in [
      "http://127.0.0.1:\(other.server.port)/", "//127.0.0.1:\(other.server.port)/",
      "http://localhost:\(scene.server.port)/", "https://127.0.0.1:\(scene.server.port)/",
      "http://127.0.0.1:\(scene.server.port)@127.0.0.1:\(other.server.port)/", "file:///etc/passwd",
      "",
    ] {
      scene.server.misbehave("status 1 308 Location: \(place)")
      #expect(try channel.send(WebScene.message()).kind == "refused", "\(place)")
    }
    #expect(try other.requests.isEmpty)
    scene.server.misbehave("status 100 307 Location: /hook")
    #expect(try channel.send(WebScene.message()).kind == "refused")
  }

  @Test func `Standard Webhooks' own library finds the signature right, and any change wrong`()
    throws
  {
    let scene = try WebScene()
    var settings = try scene.settings()
    let secrets = [
      "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
      "whsec_" + Data(repeating: 9, count: 32).base64EncodedString(),
    ]
    settings.webhookSecrets = try secrets.map { try WebhookSecret($0) }
    let channel = try HTTPChannel(settings, isCancelled: { false })
    #expect(try channel.send(WebScene.message(body: "{\"name\":\"Ána 🎉\"}")).kind == "accepted")
    let request = try #require(try scene.requests.last)
    let python = try #require(Places.judgesPython)
    let script = """
      import json, sys
      from standardwebhooks.webhooks import Webhook
      secret, headers, body = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
      Webhook(secret).verify(body, headers)
      for wrong in (body + " ", body.replace("a", "b")):
          try:
              Webhook(secret).verify(wrong, headers)
              sys.exit("a changed body passed")
          except Exception as fault:
              if type(fault).__name__ != "WebhookVerificationError":
                  raise
      """
    let headers = try JSONEncoder().encode(request.headers.filter { $0.key.hasPrefix("webhook-") })
    for secret in secrets {
      let judged = try Program.run([
        python, "-c", script, secret, String(decoding: headers, as: UTF8.self), request.body,
      ])
      #expect(judged.status == 0, "\(judged.output)")
    }
    for wrong in ["", "secret", "whsec_", "whsec_!", "whsec_c2hvcnQ="] {
      #expect(throws: Diagnostic.self) { try WebhookSecret(wrong) }
    }
  }

  @Test(arguments: [
    "", "https://", "ftp://x.org/", "https://user@x.org/", "https://user:pw@x.org/",
    "https://x.org:0/", "https://x.org:99999/", "https://x.org/#f", "https://x.org/a b",
    "https://x.org/\r\nX: y", "https://x.org/{name}", "https://x.org/}{", "https://[::1/",
    "https://x..\u{0}org/", "file:///etc/passwd",
  ]) func `What is not the address of a web service is refused`(text: String) {
    #expect(EndpointURL(text) == nil)
  }
}
