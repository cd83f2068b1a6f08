import TestSupport
import Testing

@testable import Basics
@testable import Delivery
@testable import Diagnostics
@testable import Transfer

@Suite("Where channels do not go", .enabled(if: FaultyServer.missing == nil))
struct PrivateAddressTests {
  private func fault(_ url: String, _ prepare: (HTTPChannel) -> Void = { _ in }) throws
    -> Diagnostic?
  {
    let channel = try HTTPChannel(
      HTTPChannel.Settings(url: try #require(EndpointURL(url))), isCancelled: { false })
    prepare(channel)
    do throws(Diagnostic) {
      _ = try channel.send(WebScene.message())
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    "127.0.0.1", "localhost", "LOCALHOST", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1",
    "127.1", "0", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[0:0:0:0:0:0:0:1]", "169.254.169.254", "0xa9fea9fe", "[::ffff:169.254.169.254]", "10.0.0.1",
    "192.168.0.1", "172.16.0.1", "100.64.0.1", "224.0.0.1", "[fe80::1]", "[fd00::1]",
    "[64:ff9b::7f00:1]",
  ]) func `However this machine or its network is written, nothing is sent to it`(host: String)
    throws
  {
    let scene = try WebScene()
    let fault = try #require(try fault("http://\(host):\(scene.server.port)/"))
    #expect(fault.code == .configuration)
    #expect(fault.message.contains("has no address on the internet"))
    #expect(try scene.requests.isEmpty)
  }

  @Test(arguments: ["127.0.0.1", "[::1]", "169.254.169.254", "0.0.0.0", "10.1.2.3"])
  func `Whatever a name resolves to, the address counts`(address: String) throws {
    let scene = try WebScene()
    let found = try fault("http://public.example:\(scene.server.port)/") {
      $0.transfer.resolved = ["public.example:\(scene.server.port):\(address)"]
    }
    #expect(found?.message.contains("public.example") == true)
    #expect(try scene.requests.isEmpty)
  }

  @Test
  func `A name that resolves to a public address first and to this machine next is not followed`()
    throws
  {
    let scene = try WebScene()
    let port = scene.server.port
    var settings = HTTPChannel.Settings(
      url: try #require(EndpointURL("http://public.example:\(port)/")))
    settings.patience = .init(connect: 1, stall: 1, total: 1)
    let channel = try HTTPChannel(settings, isCancelled: { false })
    // No answer comes from there; it counts that it was asked and not refused.
    channel.transfer.resolved = ["public.example:\(port):192.0.1.1"]
    #expect(try channel.send(WebScene.message()).kind == "later")
    channel.transfer.resolved = ["-public.example:\(port)", "public.example:\(port):127.0.0.1"]
    #expect(throws: Diagnostic.self) { try channel.send(WebScene.message()) }
    // Both at once: the public one alone is tried.
    channel.transfer.resolved = [
      "-public.example:\(port)", "public.example:\(port):127.0.0.1,192.0.1.1",
    ]
    #expect(try channel.send(WebScene.message()).kind == "later")
    #expect(try scene.requests.isEmpty)
  }

  @Test func `Mails and queues go there as little`() throws {
    let scene = try MailScene()
    var place = scene.place()
    place.isPrivate = false
    let fault = try #require(throws: Diagnostic.self) {
      try scene.channel(place).send(Letters.message())
    }
    #expect(fault.message.contains("localhost has no address on the internet"))
    #expect(!scene.server.log.contains { $0.hasSuffix("hello") })
    let web = try WebScene()
    let queue = try QueueChannel(
      .init(
        url: try web.url("/1/queue"),
        account: SigningAccount(region: "eu-west-1", keyID: "x", secret: "y")),
      isCancelled: { false })
    #expect(throws: Diagnostic.self) { try queue.send(WebScene.message()) }
    #expect(try web.requests.isEmpty)
  }
}
