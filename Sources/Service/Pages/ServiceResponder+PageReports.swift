import Basics
import Diagnostics
import Foundation
import Hummingbird
import HummingbirdCore
import NIOPosix
import Pipelines
import Store

/// The pages that show reports and requests.
extension ServiceResponder {
  private static let pageCount = 60

  /// A tenant's reports and newest requests.
  ///
  /// - Parameter reach: the person's own tenant; `nil` for an operator, who names one.
  func tenantPage(
    _ reach: String?, _ request: Request, _ answer: PageAnswer
  ) async throws -> Response {
    var answer = answer
    let id: String
    let named = request.uri.queryParameters["tenant"].map { String($0) } ?? ""
    if let reach {
      guard named.isEmpty || named == reach else { throw Problem(.forbidden) }
      id = reach
    } else {
      guard let found = try await tenantID(named) else { throw Problem(.notFound) }
      id = found
    }
    let before = request.uri.queryParameters["before"].flatMap { Route.number($0) }
    async let tenant = tenants([id])[id]
    async let asked = book.requests(of: id, count: 10)
    let rows = try await book.publications(of: id, before: before, count: Self.pageCount + 1)
    answer.tenant = try await tenant
    let requests = try await asked
    let shown = Array(rows.prefix(Self.pageCount))
    let releases = try await self.releases(of: shown)
    let reports = shown.sorted { Self.order($0) > Self.order($1) }.map { row in
      publication(row, releases[row.id], answer)
    }
    let live = self.live(requests.contains { $0.state.isOpen }, request, answer)
    var values: [String: Any] = [
      "reports": reports, "requests": requests.map { view($0, [:], answer) },
      "is_first": before == nil,
    ]
    values["live"] = live
    if rows.count > Self.pageCount {
      let query = PageForm.query([
        ("tenant", reach == nil ? id : ""), ("before", "\(rows[Self.pageCount - 1].id)"),
      ])
      values["older"] = "/?" + query
    }
    return refreshing(answer.response(.tenant, answer.text("tenant.title"), values), live)
  }

  /// The newest period first; of one period, by the report's name.
  private static func order(_ row: ReportRow) -> (Int, String) {
    let end = row.period.flatMap { Period($0) }?.end.daysSince1970 ?? 0
    return (end, row.report)
  }

  /// What the store has of some rows, by their ids.
  private func releases(of rows: [ReportRow]) async throws -> [Int: ReleaseReader.Shown] {
    try await disk.runIfActive { [reader] in
      var releases: [Int: ReleaseReader.Shown] = [:]
      for row in rows where row.state == .published {
        guard let location = row.location else { continue }
        if case .shown(let shown) = try reader.release(at: location, of: row.tenant) {
          releases[row.id] = shown
        }
      }
      return releases
    }
  }

  private func publication(
    _ row: ReportRow, _ release: ReleaseReader.Shown?, _ answer: PageAnswer
  ) -> [String: Any] {
    var view = self.view(row, [:], answer)
    guard let release else {
      view["gone"] = answer.text(row.state == .withdrawn ? "state.withdrawn" : "report.gone")
      return view
    }
    if let first = Self.first(of: release) { view["open"] = Self.address(of: first, row) }
    view["files"] = answer.text(
      "report.files", ["count": .number(DecimalNumber(release.files.count))])
    if let made = Timestamp.seconds(release.created) { view["finished"] = answer.time(made) }
    return view
  }

  /// The file to open: the page, else the film, else the first one.
  private static func first(of release: ReleaseReader.Shown) -> ReleaseDetails.File? {
    release.file("index.html") ?? release.files.first { $0.name.hasSuffix(".mp4") }
      ?? release.files.first
  }

  private static func address(of file: ReleaseDetails.File, _ row: ReportRow) -> String {
    "/v1/report/\(row.id)/files/\(file.name)"
  }

  /// One request: where it is, why it failed, or its files.
  func reportPage(
    _ id: Int, _ reach: String?, _ request: Request, _ answer: PageAnswer
  ) async throws -> Response {
    var answer = answer
    guard let row = try await book.report(id, of: reach) else { throw Problem(.notFound) }
    answer.tenant = try await tenants([row.tenant])[row.tenant]
    var values = view(row, [:], answer)
    if let release = try await releases(of: [row])[row.id] {
      values["open"] = Self.first(of: release).map { Self.address(of: $0, row) }
      values["files"] = release.files.map { file in
        [
          "name": file.name, "href": Self.address(of: file, row), "size": answer.size(file.bytes),
        ]
      }
      values["is_ready"] = true
    } else if row.state == .published {
      values["gone"] = answer.text("report.gone")
    }
    let steps = [ReportRow.State.requested, .running, .published]
    if let place = steps.firstIndex(of: row.state), row.isRequest {
      values["steps"] = [
        "list": steps.indices.map { step -> [String: Any] in
          [
            "says": answer.text("step.\(steps[step].rawValue)"), "now": step == place,
            "done": step < place || row.state == .published,
          ]
        }
      ]
    }
    let live = self.live(row.state.isOpen, request, answer)
    values["live"] = live
    let title =
      "\(answer.pages.settings.title(of: row.report, answer.language)) · \(answer.period(row.period))"
    return refreshing(answer.response(.report, title, values), live)
  }

  // MARK: For operators

  /// What runs, what waits and what failed, of all tenants.
  func overview(_ request: Request, _ answer: PageAnswer) async throws -> Response {
    let found = try await book.overview()
    let rows = found.open + found.failed + found.ended
    let tenants = try await self.tenants(Set(rows.map(\.tenant)))
    func views(_ rows: [ReportRow]) -> [[String: Any]] { rows.map { view($0, tenants, answer) } }
    let format = LocaleFormat(answer.language.rawValue)
    // An operator looks at it to see what changes, so it is always live.
    let live = self.live(true, request, answer)
    var values: [String: Any] = [
      "open": views(found.open), "failed": views(found.failed), "ended": views(found.ended),
      "running": format.integer(found.running), "waiting": format.integer(found.waiting),
      "failures": found.failed.count < RequestBook.most
        ? format.integer(found.failed.count) : "\(RequestBook.most)+",
    ]
    values["live"] = live
    return refreshing(answer.response(.overview, answer.text("overview.title"), values), live)
  }

  /// The tenants, each with the way to its reports.
  func tenants(_ answer: PageAnswer) async throws -> Response {
    guard answer.isOperator else { throw Problem(.notFound) }
    let tenants = try await knownTenants().map { tenant -> [String: Any] in
      var view: [String: Any] = ["name": tenant.name, "href": "/?tenant=\(tenant.id)"]
      view["slug"] = tenant.slug
      return view
    }
    return answer.response(.tenants, answer.text("tenants.title"), ["tenants": tenants])
  }
}
