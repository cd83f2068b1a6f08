import Foundation
import TestSupport
import Testing

@testable import Basics
@testable import Delivery
@testable import Diagnostics

@Suite("Mails through Amazon's service", .enabled(if: ObjectServer.missing == nil))
struct SESChannelTests {
  /// moto's own SES; the script lets a domain send, and later tells what was sent.
  private static let judge = """
    import boto3, json, sys, urllib.request
    endpoint, act = sys.argv[1:3]
    if act == "verify":
        boto3.client("sesv2", endpoint_url=endpoint, region_name="eu-west-1", aws_access_key_id="x",
                     aws_secret_access_key="y").create_email_identity(EmailIdentity="yearbook.example")
    else:
        with urllib.request.urlopen(endpoint + "/moto-api/data.json") as answer:
            for one in json.load(answer)["ses"]["RawMessage"]:
                print(json.dumps({"id": one["id"], "from": one["source"], "to": sorted(set(one["destinations"])),
                                  "mail": one["raw_data"]}))
    """

  private struct Sent: Decodable {
    var id: String
    var from: String
    var to: [String]
    var mail: String
  }

  private func ask(_ server: FaultyServer, _ act: String) throws -> String {
    let python = try #require(Places.judgesPython)
    let asked = try Program.run([python, "-c", Self.judge, "http://127.0.0.1:\(server.port)", act])
    #expect(asked.status == 0, "\(asked.output)")
    return asked.output
  }

  private func settings(_ url: EndpointURL) -> SESChannel.Settings {
    var settings = SESChannel.Settings(
      url: url, account: SigningAccount(region: "eu-west-1", keyID: "x", secret: "y"),
      writer: Letters.writer)
    settings.isPrivate = true
    return settings
  }

  @Test func `The service gets the mail as it was written, for its recipient alone`() throws {
    let server = try FaultyServer("queue_server.py")
    let url = try #require(EndpointURL("http://127.0.0.1:\(server.port)"))
    let channel = try SESChannel(settings(url), isCancelled: { false })

    // Nobody has said that this sender may send.
    let fault = try #require(throws: Diagnostic.self) { try channel.send(Letters.message()) }
    #expect(fault.code == .configuration)
    #expect(fault.message.contains("sends nothing from the channel's sender"))

    _ = try ask(server, "verify")
    let message = Letters.message(Letters.mail("O ano de Zoë 🎉", text: "Olá\n.\nfim"))
    guard case .accepted(let note) = try channel.send(message) else {
      Issue.record("the service did not take the mail")
      return
    }
    let sent = try ask(server, "sent").split(separator: "\n").map {
      try JSONDecoder().decode(Sent.self, from: Data($0.utf8))
    }
    let mail = try #require(sent.first)
    #expect(note == "200 \(mail.id)")
    #expect(mail.from == "news@yearbook.example")
    #expect(mail.to == ["ana@example.org"])
    guard case .mail(let content) = message.content else { return }
    let written = try Letters.writer.write(
      content, to: message.recipient, key: message.key, date: Letters.date)
    #expect(mail.mail == String(decoding: written, as: UTF8.self))
  }

  @Test func `What the service says decides whether a mail, the channel or nothing is at fault`()
    throws
  {
    let scene = try WebScene()
    var settings = settings(try scene.url("/"))
    settings.account.token = "t"
    settings.bounces = MailAddress("back@yearbook.example")
    let channel = try SESChannel(settings, isCancelled: { false })
    #expect(try channel.send(Letters.message()).kind == "uncertain")
    let request = try #require(try scene.requests.last)
    let signed = try #require(request.headers["authorization"])
    #expect(signed.hasPrefix("AWS4-HMAC-SHA256 Credential=x/"))
    #expect(signed.contains("/eu-west-1/ses/aws4_request"))
    #expect(request.headers["x-amz-security-token"] == "t")
    #expect(request.body.contains(#""FeedbackForwardingEmailAddress":"back@yearbook.example""#))
    scene.server.misbehave("status 1 429")
    #expect(try channel.send(Letters.message()).kind == "later")
    scene.server.misbehave("status 1 400")
    #expect(try channel.send(Letters.message()).kind == "refused")
    scene.server.misbehave("status 1 403")
    #expect(throws: Diagnostic.self) { try channel.send(Letters.message()) }
    scene.server.misbehave("cut 1")
    #expect(try channel.send(Letters.message()).kind == "uncertain")
    // What it cannot carry.
    #expect(try channel.send(Letters.message(to: "zoë@example.org")).kind == "refused")
    #expect(try channel.send(WebScene.message()).kind == "refused")
  }
}
