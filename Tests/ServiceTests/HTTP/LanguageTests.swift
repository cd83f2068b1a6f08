import Diagnostics
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Service

/// What callers read is in their language, and is theirs to read.
@Suite(.enabled(if: ServiceScene.missing == nil, "the service is not built"))
struct LanguageTests {
  private static let tags = ["pt-BR", "en", "es"]

  @Test func `What is wrong with a request is told in the caller's language`() throws {
    let scene = try ServiceScene()
    let token = try scene.token()
    let acme = ServiceScene.acme
    let id = try scene.ask()
    try scene.mark(id, "running")
    let requests: [(method: String, path: String, body: String?)] = [
      ("POST", "/v1/report/yearly", "{"),
      ("POST", "/v1/report/yearly", "{}"),
      ("POST", "/v1/report/yearly", "{\"tenant_id\": null}"),
      ("POST", "/v1/report/yearly", "{\"tenant_id\": \"\(acme)\", \"perod\": \"2026\"}"),
      ("POST", "/v1/report/yearly", "{\"tenant_id\": \"\(acme)\", \"period\": \"2026-13\"}"),
      ("POST", "/v1/report/yearly", "{\"tenant_id\": \"\(acme)\", \"user_id\": \"me\"}"),
      ("GET", "/v1/report/\(id)?wait=x", nil),
      ("GET", "/v1/tenant/\(acme)/reports?limit=0", nil),
      ("GET", "/v1/tenant/\(acme)/reports?cursor=x", nil),
      ("GET", "/v1/report/\(id)/files/index.html", nil),
      ("DELETE", "/v1/report/\(id)", nil),
    ]
    for (method, path, body) in requests {
      var details: Set<String> = []
      for tag in Self.tags {
        let answer = try scene.send(
          method, path, token: token, body: body, headers: [("Accept-Language", tag)])
        #expect((400..<500).contains(answer.status), "\(method) \(path): \(answer.status)")
        #expect(answer.headers["content-language"] == tag)
        details.insert(try #require(try answer.json()["detail"] as? String, "\(path)"))
      }
      #expect(details.count == 3, "\(method) \(path) \(body ?? ""): \(details)")
    }
  }

  @Test func `Why a report failed is told in the caller's language, without the operator's words`()
    throws
  {
    let scene = try ServiceScene()
    let token = try scene.token()
    let record = try scene.database.connect()
    var seen: [String: Set<String>] = [:]
    for failure in RequestFailure.allCases.map(\.rawValue) + [nil] {
      let id = try scene.ask(period: nil)
      try record.query(
        """
        UPDATE yearbook.reports SET status = 'failed', finished = now(), failure = $2,
          error = 'globex: row 7 of Ana Souza (yearbook run yearly --tenant globex)' WHERE id = $1
        """, [String(id), failure])
      for tag in Self.tags {
        let state = try scene.send(
          "GET", "/v1/report/\(id)", token: token, headers: [("Accept-Language", tag)])
        #expect(state.headers["content-language"] == tag)
        #expect(!state.text.contains("globex") && !state.text.contains("Ana"), "\(state.text)")
        let answer = try state.json()
        #expect(answer["failure"] as? String == failure ?? "fault")
        seen[tag, default: []].insert(try #require(answer["error"] as? String))
      }
    }
    // One text for each word; what has no word is told as a fault of ours.
    #expect(seen.values.allSatisfy { $0.count == RequestFailure.allCases.count })
    #expect(seen.values.reduce(Set()) { $0.union($1) }.count == 3 * RequestFailure.allCases.count)
    let list = try scene.send(
      "GET", "/v1/tenant/\(ServiceScene.acme)/reports", token: token,
      headers: [("Accept-Language", "es")])
    #expect(list.text.contains("El informe no se pudo hacer") && !list.text.contains("Ana"))
    let open = try scene.ask()
    #expect(try scene.send("GET", "/v1/report/\(open)", token: token).json()["error"] == nil)
  }
}
