import Basics
import Diagnostics
import Foundation
import Hummingbird
import HummingbirdCore
import NIOPosix
import Pipelines
import Store

/// What the pages say of tenants and of rows of the record.
extension ServiceResponder {
  /// How many tenants an operator can choose from a list. Others are named by id or folder.
  private static let mostTenants = 500

  // MARK: Tenants

  /// The tenants with these ids, by their ids. A folder's name is believed only if the store says
  /// that the folder is this tenant's.
  func tenants(_ ids: Set<String>) async throws -> [String: PageTenant] {
    let slugs = try await book.slugs(of: ids)
    return try await disk.runIfActive { [reader] in
      var tenants: [String: PageTenant] = [:]
      for id in ids {
        tenants[id] = Self.tenant(id, try slugs[id].flatMap { try reader.owner(of: $0) })
      }
      return tenants
    }
  }

  /// The tenants that an operator can choose, by name.
  func knownTenants() async throws -> [PageTenant] {
    let known = try await book.tenants(most: Self.mostTenants)
    return try await disk.runIfActive { [reader] in
      try known.map { known in
        Self.tenant(known.id, try known.slug.flatMap { try reader.owner(of: $0) })
      }
    }.sorted { ($0.name.lowercased(), $0.id) < ($1.name.lowercased(), $1.id) }
  }

  private static func tenant(_ id: String, _ owner: ReleaseTenant?) -> PageTenant {
    guard let owner, owner.id == id else { return PageTenant(id: id, name: id) }
    return PageTenant(id: id, name: owner.name, slug: owner.slug)
  }

  /// The tenant that an operator names, by its id or by its folder in the store; `nil` if the text
  /// is neither.
  func tenantID(_ text: String) async throws -> String? {
    if let id = TokenClaims.tenant(.text(text), settings.tenantIDs, source: settings.source),
      settings.tenantIDs == .uuid
    {
      return id
    }
    if let owner = try await disk.runIfActive({ [reader] in try reader.owner(of: text) }) {
      return owner.id
    }
    // Ids that are no UUIDs stand as UUIDs in our own links, which the record knows.
    if let id = UUID(uuidString: text)?.uuidString.lowercased(),
      try await book.slugs(of: [id])[id] != nil
    {
      return id
    }
    return TokenClaims.tenant(.text(text), settings.tenantIDs, source: settings.source)
  }

  // MARK: Rows

  /// What a page shows of a request.
  func view(
    _ row: ReportRow, _ tenants: [String: PageTenant] = [:], _ answer: PageAnswer
  ) -> [String: Any] {
    var view: [String: Any] = [
      "id": "\(row.id)", "href": "/report/\(row.id)",
      "report": answer.pages.settings.title(of: row.report, answer.language),
      "period": answer.period(row.period), "state": row.state.rawValue,
      "says": answer.text("state.\(row.state.rawValue)"), "asked": answer.time(row.asked),
    ]
    view["ahead"] = row.ahead.flatMap { ahead in
      ahead == 0
        ? answer.text("state.first")
        : answer.text("state.ahead", ["count": .number(DecimalNumber(ahead))])
    }
    view["started"] = row.started.map(answer.time)
    view["finished"] = row.finished.map(answer.time)
    if row.state == .failed { view["error"] = answer.language.text(of: row.failure) }
    if let tenant = tenants[row.tenant] {
      view["whose"] = ["name": tenant.name, "href": "/?tenant=\(tenant.id)"]
    }
    if answer.mayAsk, canAsk(row) { view["again"] = again(row, answer) }
    return view
  }

  /// Whether the same can be asked for again.
  private func canAsk(_ row: ReportRow) -> Bool {
    !row.state.isOpen && settings.reports.values.contains(row.report)
  }

  /// A form that asks for the same again; for an operator, the page that asks whether to.
  private func again(_ row: ReportRow, _ answer: PageAnswer) -> [String: Any] {
    if answer.isOperator {
      let query = PageForm.query([
        ("tenant", row.tenant), ("report", row.report), ("period", row.period ?? ""),
        ("check", "1"),
      ])
      return ["confirm": "/ask?" + query]
    }
    return [
      "post": ["form": answer.form("ask"), "name": row.report, "span": row.period ?? ""]
    ]
  }

  /// Whether the page loads itself again, and where that is changed; `nil` if nothing is under way.
  func live(_ isOpen: Bool, _ request: Request, _ answer: PageAnswer) -> [String: Any]? {
    guard isOpen else { return nil }
    let isStill = request.uri.queryParameters["still"] != nil
    let rest = PageForm.query(
      [("tenant", request.uri.queryParameters["tenant"].map { String($0) } ?? "")]
        + (isStill ? [] : [("still", "1")]))
    return [
      "still": isStill, "href": request.uri.path + (rest.isEmpty ? "" : "?" + rest),
    ]
  }

  /// Seconds after which a page with something under way loads itself again. A person can stop it.
  private static let pause = 5

  /// The page, which the browser loads again while something is under way.
  func refreshing(_ response: Response, _ live: [String: Any]?) -> Response {
    var response = response
    if let live, live["still"] as? Bool == false {
      // Not an element of the page, so that the same page can be shown without it.
      response.headers.append("Refresh", "\(Self.pause)")
    }
    return response
  }
}
