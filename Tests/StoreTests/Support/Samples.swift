import Store
import Testing

/// Releases for the tests.
enum Samples {
  static let tenant = ReleaseTenant(
    id: "0a1b2c3d-0000-4000-8000-000000000001", slug: "acme", name: "Acme & Söhne")

  static let partition = ReleasePartition(tenant: "acme", pipeline: "report", period: "2026")

  /// 2026-11-21T03:15:00Z
  static let now = 1_795_230_900

  static func metadata(
    _ status: ReleaseStatus = .provisional, run: String = "r1", created: Int = now
  ) -> ReleaseMetadata {
    ReleaseMetadata(
      status: status, asOf: "2026-11-20", run: run, created: created, snapshot: "00000003-1B",
      versions: ["yearbook": "0.1.0", "libpq": "15.20"])
  }

  static let page = ReleaseFile(
    name: "index.html", bytes: Array("<!doctype html><title>é</title>\n".utf8),
    mediaType: "text/html")

  static func table(_ rows: [String]) -> ReleaseFile {
    let schema = """
      {"fields": [{"name": "month", "type": "date"}, {"name": "total", "type": "integer"}]}
      """
    return ReleaseFile(
      name: "tables/months.csv", bytes: Array(("month,total\r\n" + rows.joined()).utf8),
      mediaType: "text/csv",
      table: .init(schema: Array(schema.utf8), rowCount: rows.count))
  }

  static let spreadsheet: ReleaseFile = {
    let schema = """
      {"fields": [{"name": "mês", "type": "string"}, \
      {"name": "total", "type": "number", "decimalChar": ",", "groupChar": "."}]}
      """
    return ReleaseFile(
      name: "tables/months.excel.csv", bytes: Array("\u{FEFF}mês;total\r\njan;1.234,5\r\n".utf8),
      mediaType: "text/csv",
      table: .init(
        schema: Array(schema.utf8), dialect: Array(#"{"delimiter": ";"}"#.utf8), rowCount: 1,
        encoding: "utf-8-sig"))
  }()

  static let film = ReleaseFile(
    name: "film.mp4", bytes: [UInt8](repeating: 7, count: 2_000_000), mediaType: "video/mp4")

  static let model = ReleaseFile(
    name: "report.json", bytes: Array("{\"figures\": []}\n".utf8), mediaType: "application/json")

  static func release(
    rows: [String] = ["2026-01-01,3\r\n"], tenant: ReleaseTenant = tenant,
    period: String = "2026", metadata: ReleaseMetadata = metadata()
  ) -> PendingRelease {
    PendingRelease(
      tenant: tenant, pipeline: "report", period: period, title: "Ano em revista “2026”",
      files: [page, model, table(rows), spreadsheet, film], metadata: metadata)
  }
}

extension ReleaseStore {
  /// Publishes one release.
  func publish(_ release: PendingRelease) throws -> PublishOutcome {
    try #require(publish([release]).first).get()
  }
}
