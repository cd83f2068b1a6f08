import Foundation
import ObjectStorage
import Store
import TestSupport
import Testing
import Transfer

/// Links that lead to the bucket that the store is mirrored to.
@Suite(
  .enabled(if: ServiceScene.missing == nil, "the service is not built"),
  .enabled(if: ObjectServer.missing == nil, "moto is not installed: scripts/install-judges"))
struct BucketLinkTests {
  private struct Answer {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]
  }

  /// As a browser does it: without credentials.
  private func get(_ url: String) throws -> Answer {
    let transfer = try HTTPTransfer(
      patience: .init(connect: 5, stall: 20), authorities: nil, isCancelled: { false })
    let reply = try transfer.perform(HTTPRequest(method: "GET", url: url), signing: nil)
    return Answer(status: reply.status, headers: reply.headers, body: reply.body)
  }

  @Test func `A link leads to the bucket's own copy of that file, for some minutes`() throws {
    let server = try ObjectServer()
    let scene = try ServiceScene(
      links: "{bucket: {to: 's3://bucket/pre', endpoint: '\(server.endpoint)', plain_http: true},"
        + " time: 5m}", environment: server.environment.map { "\($0)=\($1)" })
    let id = try scene.ask()
    let film = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let location = try scene.publish(id, film: film)
    let bucket = try Bucket(
      try BucketLocation("s3://bucket/pre", endpoint: server.endpoint),
      environment: server.environment)
    _ = try BucketMirror(scene.store, bucket).mirror(tenant: "acme")

    let state = try scene.send("GET", "/v1/report/\(id)", token: try scene.token())
    let files = try #require(try state.json()["files"] as? [[String: Any]])
    #expect(files.count == 3 && !state.text.contains("own/"), "\(state.text)")
    for file in files {
      let path = try #require(file["path"] as? String)
      let link = try #require(file["link"] as? String)
      let start = "\(server.endpoint)/bucket/pre/\(location)/data/\(path)?X-Amz-Algorithm="
      #expect(link.hasPrefix(start), "\(link)")
      #expect(link.contains("&X-Amz-Expires=300&"))
      #expect(!link.contains(server.environment["AWS_SECRET_ACCESS_KEY"] ?? "?"))
      let own = try scene.send("GET", try #require(file["href"] as? String), token: scene.token())
      let copy = try get(link)
      #expect(copy.status == 200 && copy.body == own.body, "\(path): \(copy.status)")
      #expect(copy.headers["content-disposition"] == own.headers["content-disposition"])
      // For this file, as this download, and for no longer.
      for bad in [
        link.replacing("/data/\(path)", with: "/datapackage.json"),
        link.replacing(path, with: "own/secretsecretsecretsecrets2/index.html"),
        link.replacing("X-Amz-Expires=300", with: "X-Amz-Expires=3000"),
        link.replacing("inline", with: "attachment").replacing("filename", with: "filenam"),
        link.replacing("tenants/acme", with: "tenants/globex"),
        String(link.prefix { $0 != "?" }),
      ] {
        #expect(try get(bad).status == 403, "\(bad)")
      }
    }
    // The service's own signed links do not exist then.
    let forged = "/v1/report/\(id)/files/index.html?until=9999999999&signature=AAAA"
    #expect(try scene.send("GET", forged).status == 401)
    #expect(!scene.program.output.contains("X-Amz"))
  }

  @Test func `A bucket without credentials stops the service, and says why`() throws {
    let folder = try TemporaryFolder()
    try Data(
      """
      record: postgresql:///yearbook
      store: store
      reports: [yearly]
      tokens: {issuer: a, audience: b, keys: keys.json}
      links: {bucket: s3://bucket/pre}
      """.utf8
    ).write(to: URL(fileURLWithPath: folder.path + "/serve.yaml"))
    let ended = try Program.run(
      [Places.products + "/yearbook-serve", folder.path + "/serve.yaml"],
      environment: ["HOME=\(folder.path)", "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY="])
    #expect(ended.status == 78, "\(ended.output)")
    #expect(ended.output.contains("there are no credentials"), "\(ended.output)")
  }
}
