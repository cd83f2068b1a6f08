import Glibc
import TestSupport
import Testing

/// Schemathesis makes requests from the OpenAPI document, good ones and bad ones, and compares the
/// answers with it.
@Suite(
  .enabled(if: ServiceScene.missing == nil, "the service is not built"),
  .enabled(
    if: Places.program("schemathesis") != nil,
    "schemathesis is not installed: scripts/install-judges"))
struct SchemaTests {
  @Test func `Generated requests get answers that the document tells of`() throws {
    let scene = try ServiceScene(
      "limits: {caller_rate: 100000, tenant_rate: 100000, queue: 100000, wait: 1s}")
    let id = try scene.ask()
    try scene.publish(id)
    // YEARBOOK_SOAK makes thousands of them.
    let count = getenv("YEARBOOK_SOAK") == nil ? "20" : "600"
    // The document does not say which ids exist, and a cancelled request still says that it is.
    let judge = try #require(Places.program("schemathesis"))
    let judged = try Program.run(
      [
        judge, "--no-color", "run", "http://127.0.0.1:\(scene.port)/openapi.yaml",
        "-H", "Authorization: Bearer \(try scene.token())", "--max-examples", count, "--seed", "1",
        "--checks", "all", "--exclude-checks", "positive_data_acceptance,use_after_free",
        "--generation-database", "none", "--request-timeout", "10",
        "--suppress-health-check", "all",
      ], in: scene.folder.path)
    #expect(judged.status == 0, "\(judged.output.suffix(6000))")
    let cases = judged.output.firstMatch(of: /([0-9]+) generated/).flatMap { Int($0.output.1) }
    #expect(cases ?? 0 >= 400, "\(judged.output.suffix(3000))")
  }
}
