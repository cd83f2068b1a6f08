import FoundationEssentials
import Pipelines
import TestSupport
import Testing

@testable import Service

/// The parts of the service that need no server.
struct PartTests {
  @Test func `The OpenAPI document is the one of the example's service`() throws {
    let settings = try ServiceSettings(path: Places.project + "/cron/yearbook-serve.yaml")
    let kept = FileManager.default.contents(atPath: Places.project + "/docs/openapi.yaml")
    #expect(
      kept.map { String(decoding: $0, as: UTF8.self) } == OpenAPI.text(settings),
      "write it: yearbook-serve --openapi cron/yearbook-serve.yaml >docs/openapi.yaml")
  }

  @Test func `Ranges are the bytes that a reader wants`() {
    let cases: [(String?, ByteRange)] = [
      (nil, .whole), ("bytes=0-9", .part(0..<10)), ("bytes=5-", .part(5..<100)),
      ("bytes=-5", .part(95..<100)), ("bytes=-500", .part(0..<100)),
      ("bytes=0-999", .part(0..<100)),
      ("bytes=99-99", .part(99..<100)), ("bytes=100-", .none), ("bytes=100-200", .none),
      ("bytes=-0", .none), ("bytes=9-5", .whole), ("bytes=-", .whole), ("bytes=a-b", .whole),
      ("bytes=0-9,20-29", .whole), ("lines=0-9", .whole),
      ("bytes=0-9223372036854775807", .part(0..<100)),
      ("bytes=99999999999999999999-", .whole), ("bytes=+1-5", .whole), ("", .whole),
    ]
    for (header, range) in cases {
      #expect(ByteRange(header, size: 100) == range, "\(header ?? "")")
    }
    #expect(ByteRange("bytes=0-", size: 0) == .none)
    #expect(ByteRange("bytes=-1", size: 0) == .none)
  }

  @Test func `Addresses stand for what they say, and for nothing else`() {
    #expect(Route(path: "/v1/report/12") == .report(12))
    #expect(Route(path: "/v1/report/12/files/a/b.csv") == .file(12, "a/b.csv"))
    #expect(Route(path: "/v1/report/yearly") == .ask("yearly"))
    #expect(Route(path: "/v1/report/012") == .ask("012"))
    #expect(Route(path: "/v1/tenant/a%2Fb/reports") == .list("a/b"))
    for path in [
      "", "v1/report/1", "/v1/report/1/", "/v1/report/1/files", "/V1/report/1", "/healthz/x",
    ] {
      #expect(Route(path: path) == nil, "\(path)")
    }
    #expect(Route.number("9223372036854775807") == .max)
    for text in ["9223372036854775808", "0", "+1", "-1", " 1", "1 ", "١", ""] {
      #expect(Route.number(text) == nil, "\(text)")
    }
  }

  @Test func `Titles are in the language that is wanted most, and all exist`() {
    #expect(Language(accepting: nil) == .english)
    #expect(Language(accepting: "fr, es;q=0.8, pt;q=0.9") == .portuguese)
    #expect(Language(accepting: "PT-pt") == .portuguese)
    #expect(Language(accepting: "es;q=0, en;q=0.1") == .english)
    #expect(Language(accepting: "de;q=x") == .english)
    for language in Language.allCases {
      let titles = Problem.Kind.allCases.map { language.title(of: $0) }
      #expect(titles.allSatisfy { !$0.isEmpty } && Set(titles).count == titles.count)
    }
  }

  @Test func `A bucket fills again with time, for each tenant and caller`() {
    let rates = RateLimiter()
    let start = ContinuousClock.now
    for _ in 0..<20 { #expect(rates.take([("a", 2), ("b", 100)], at: start) == nil) }
    #expect(rates.take([("a", 2), ("b", 100)], at: start) == 1)
    #expect(rates.take([("c", 2), ("b", 100)], at: start) == nil)
    #expect(rates.take([("a", 2)], at: start + .milliseconds(600)) == nil)
    #expect(rates.take([("a", 2)], at: start + .milliseconds(700)) == 1)
  }

  @Test func `A renamed tenant's releases are found under its slug of today`() {
    let old = "tenants/old/yearly/2026/releases/a"
    #expect(ReportRow.location(old, nil) == old)
    #expect(
      ReportRow.location(old, "tenants/new/yearly/2026/releases/b")
        == "tenants/new/yearly/2026/releases/a")
    #expect(ReportRow.location(nil, "tenants/new/yearly/2026/releases/b") == nil)
  }

  @Test func `Ids of tenants are those of the platform's type, and become the same as in a run`() {
    func id(_ value: TokenClaims.Value, _ type: String) -> String? {
      var settings = ServiceSettings()
      settings.tenantIDs = .init(rawValue: type) ?? .uuid
      return TokenClaims.tenant(value, settings.tenantIDs, source: "crm")
    }
    let uuid = "0A1B2C3D-0000-4000-8000-000000000001"
    #expect(id(.text(uuid), "uuid") == uuid.lowercased())
    for text in ["", "7", uuid + "x", "{\(uuid)}", "../x"] {
      #expect(id(.text(text), "uuid") == nil)
    }
    #expect(id(.number(7), "uuid") == nil)
    #expect(id(.number(7), "bigint") == id(.text("7"), "bigint"))
    #expect(id(.number(7), "bigint") != id(.number(8), "bigint"))
    for text in ["07", "+7", "7.0", " 7", ""] { #expect(id(.text(text), "bigint") == nil) }
    #expect(id(.text("7"), "text") != nil && id(.text(""), "text") == nil)
  }
}
