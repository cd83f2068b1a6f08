import Basics
import Foundation
import Hummingbird
import HummingbirdCore
import Pipelines

/// The pages with which people ask for reports.
extension ServiceResponder {
  /// What a person wants, as far as it can be read.
  private struct Wish {
    var tenant: String
    var report: String
    var period: String
    /// The tenant's id, once it is known.
    var id: String?
    /// Field to message, for what is wrong.
    var faults: [String: String] = [:]

    init(_ field: (String) -> String) {
      (tenant, report, period) = (field("tenant"), field("report"), field("period"))
    }

    /// What a form that confirms this is for.
    var purpose: String { PageForm.query([("id", id ?? ""), ("r", report), ("p", period)]) }
  }

  /// Where a report is chosen; once it is, an operator is asked whether it is the right one.
  func askPage(
    _ reach: String?, _ request: Request, _ answer: PageAnswer
  ) async throws -> Response {
    guard answer.mayAsk else { throw Problem(.scope) }
    let query = request.uri.queryParameters
    var wish = Wish { name in
      query[Substring(name)].map { String($0).trimmingCharacters(in: .whitespaces) } ?? ""
    }
    guard reach == nil, query["check"] != nil else {
      return try await choosing(wish, reach, answer)
    }
    try await check(&wish, reach)
    guard wish.faults.isEmpty, let id = wish.id else {
      return try await choosing(wish, reach, answer)
    }
    var answer = answer
    answer.tenant = try await tenants([id])[id]
    return answer.response(
      .confirm, answer.text("confirm.title"),
      [
        "id": id, "report": wish.report, "period": wish.period,
        "report_title": answer.pages.settings.title(of: wish.report, answer.language),
        "period_title": answer.period(wish.period.isEmpty ? nil : wish.period),
        "form": answer.form(wish.purpose),
      ])
  }

  /// Writes the request of a form that came back, once for each form.
  func take(
    _ reach: String?, _ request: Request, _ context: ServiceContext, _ answer: PageAnswer
  ) async throws -> Response {
    guard answer.mayAsk, let session = answer.session else { throw Problem(.scope) }
    let fields = try await form(request, context)
    var wish = Wish { fields[$0] }
    try await check(&wish, reach)
    // An operator's form is good for what was confirmed, and for nothing else.
    let name = try self.name(of: fields, reach == nil ? wish.purpose : "ask", answer)
    guard wish.faults.isEmpty, let id = wish.id else {
      return try await choosing(wish, reach, answer)
    }
    var asked = RequestBook.Asked(
      tenant: id, report: wish.report, period: wish.period.isEmpty ? nil : wish.period)
    // However often the form is sent, there is one request; for another wish, another one.
    asked.key = SHA256Digest(
      of: "page \(session.caller.subject.utf8.count):\(session.caller.subject)\(name)"
        .utf8.map { $0 } + asked.digest.hex.utf8)
    switch try await book.ask(asked, most: settings.limits.queue) {
    case .asked(let request, let isNew):
      if isNew { metrics.countAsked() }
      return PageAnswer.leadingOn(to: "/report/\(request)")
    case .full: throw Problem(.queueFull, retryAfter: 30)
    case .otherRequest: throw PageRefusal.form
    }
  }

  /// Finds what is wrong with a wish. Another tenant is refused at once.
  private func check(_ wish: inout Wish, _ reach: String?) async throws {
    if let reach {
      let named = wish.tenant.isEmpty ? reach : wish.tenant.lowercased()
      guard named == reach else { throw Problem(.forbidden) }
      wish.id = reach
    } else if let id = try await tenantID(wish.tenant) {
      wish.id = id
    } else {
      wish.faults["tenant"] = "no_tenant"
    }
    if !settings.reports.values.contains(wish.report) { wish.faults["report"] = "no_report" }
    guard !wish.period.isEmpty else { return }
    if wish.period.utf8.count <= 64, let period = Period(wish.period) {
      wish.period = period.description
    } else {
      wish.faults["period"] = "no_period"
    }
  }

  /// The form, with what was chosen so far and what is wrong with it.
  private func choosing(
    _ wish: Wish, _ reach: String?, _ answer: PageAnswer
  ) async throws -> Response {
    var answer = answer
    if let reach { answer.tenant = try await tenants([reach])[reach] }
    let titles = answer.pages.settings
    let reports = Set(settings.reports.values)
      .map { (name: $0, title: titles.title(of: $0, answer.language)) }
      .sorted { ($0.title, $0.name) < ($1.title, $1.name) }
    var values: [String: Any] = [
      "reports": reports.map { report -> [String: Any] in
        [
          "name": report.name, "title": report.title, "chosen": report.name == wish.report,
        ]
      },
      "chosen_period": wish.period,
      "periods": Self.periods(now: PageClock.now).map { period -> [String: Any] in
        ["name": period.description, "title": answer.period(period.description)]
      },
    ]
    let faults = wish.faults.mapValues { answer.text("ask.\($0)") }
    for (field, fault) in faults { values["\(field)_fault"] = fault }
    values["faulty"] = !faults.isEmpty
    if reach == nil {
      values["choose"] = [
        "value": wish.tenant,
        "tenants": try await knownTenants().map { tenant -> [String: Any] in
          ["name": tenant.name, "id": tenant.slug ?? tenant.id]
        },
      ]
    } else {
      values["form"] = answer.form("ask")
    }
    return answer.response(
      .ask, answer.text("ask.title"), values,
      status: faults.isEmpty ? .ok : .unprocessableContent)
  }

  /// The periods that people ask for most: this year and month, and the ones before.
  private static func periods(now: Int) -> [Period] {
    let today = CivilDate(daysSince1970: Timestamp.dayNumber(now))
    return [Period.Kind.year, .month].flatMap { kind in
      let current = Period(kind, containing: today)
      return [current, current.previous]
    }
  }
}
