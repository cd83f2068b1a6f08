import Foundation
import TestSupport
import Testing

@testable import Basics
@testable import Delivery
@testable import Diagnostics

@Suite("Messages into a queue", .enabled(if: ObjectServer.missing == nil))
struct QueueChannelTests {
  /// moto's own SQS; the script makes queues, and later takes what is in them.
  private static let judge = """
    import boto3, json, sys
    endpoint, act, name = sys.argv[1:4]
    sqs = boto3.client("sqs", endpoint_url=endpoint, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y")
    if act == "make":
        more = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        print(sqs.create_queue(QueueName=name, Attributes=more)["QueueUrl"])
    else:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        while True:
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"],
                                        AttributeNames=["All"]).get("Messages", [])
            if not found:
                break
            for one in found:
                print(json.dumps({"body": one["Body"], "key": one["MessageAttributes"]["Idempotency-Key"]["StringValue"],
                                  "group": one["Attributes"].get("MessageGroupId", "")}))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    """

  private struct Taken: Decodable, Hashable {
    var body: String
    var key: String
    var group: String
  }

  private func ask(_ server: FaultyServer, _ act: String, _ name: String) throws -> String {
    let python = try #require(Places.judgesPython)
    let asked = try Program.run([
      python, "-c", Self.judge, "http://127.0.0.1:\(server.port)", act, name,
    ])
    #expect(asked.status == 0, "\(asked.output)")
    return asked.output
  }

  private func channel(_ server: FaultyServer, _ name: String) throws -> QueueChannel {
    let url = try #require(EndpointURL("http://127.0.0.1:\(server.port)/123456789012/\(name)"))
    var settings = QueueChannel.Settings(
      url: url, account: SigningAccount(region: "eu-west-1", keyID: "x", secret: "y"))
    settings.isPrivate = true
    return try QueueChannel(settings, isCancelled: { false })
  }

  @Test func `What is sent is taken from the queue as it was, and in order where order is kept`()
    throws
  {
    let server = try FaultyServer("queue_server.py")
    for name in ["plain", "kept.fifo"] {
      _ = try ask(server, "make", name)
      let channel = try channel(server, name)
      let bodies = ["{}", "{\"a\":\"é 🎉 & = + %\"}", String(repeating: "x", count: 200_000)]
      for (number, body) in bodies.enumerated() {
        let message = WebScene.message(number, to: "ana@example.org", body: body)
        #expect(try channel.send(message).kind == "accepted")
      }
      if name != "plain" {
        // The same message once more is the queue's to tell.
        let again = WebScene.message(0, to: "ana@example.org", body: bodies[0])
        #expect(try channel.send(again).kind == "accepted")
      }
      let group =
        name == "plain" ? "" : SHA256Digest(of: Array("ana@example.org".utf8)).hex
      let expected = bodies.enumerated().map {
        Taken(body: $1, key: WebScene.message($0).key.hex, group: group)
      }
      let taken = try ask(server, "take", name).split(separator: "\n").map {
        try JSONDecoder().decode(Taken.self, from: Data($0.utf8))
      }
      if name == "plain" {
        #expect(Set(taken) == Set(expected))
      } else {
        #expect(taken == expected)
      }
    }
  }

  @Test func `A queue that is not there is the channel's fault; too much for it is the message's`()
    throws
  {
    let server = try FaultyServer("queue_server.py")
    let channel = try channel(server, "nowhere")
    let fault = try #require(throws: Diagnostic.self) { try channel.send(WebScene.message()) }
    #expect(fault.message.contains("there is no such queue"))
    let large = WebScene.message(body: String(repeating: "x", count: 300_000))
    #expect(try channel.send(large).kind == "refused")
    #expect(try channel.send(Letters.message()).kind == "refused")
  }

  @Test func `What says no error and no message's digest is in doubt; busy is later`() throws {
    let scene = try WebScene()
    var settings = QueueChannel.Settings(
      url: try scene.url("/1/q"),
      account: SigningAccount(region: "eu-west-1", keyID: "x", secret: "y"))
    settings.isPrivate = true
    settings.account.token = "t"
    let channel = try QueueChannel(settings, isCancelled: { false })
    #expect(try channel.send(WebScene.message()).kind == "uncertain")
    let request = try #require(try scene.requests.last)
    let signed = try #require(request.headers["authorization"])
    #expect(signed.hasPrefix("AWS4-HMAC-SHA256 Credential=x/"))
    #expect(signed.contains("/eu-west-1/sqs/aws4_request"))
    #expect(signed.contains("x-amz-security-token"))
    #expect(request.headers["x-amz-security-token"] == "t")
    scene.server.misbehave("status 1 503")
    #expect(try channel.send(WebScene.message()).kind == "later")
    scene.server.misbehave("status 1 403")
    #expect(throws: Diagnostic.self) { try channel.send(WebScene.message()) }
    scene.server.misbehave("cut 1")
    #expect(try channel.send(WebScene.message()).kind == "uncertain")
  }
}
