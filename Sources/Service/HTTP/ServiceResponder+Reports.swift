import Basics
import Diagnostics
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import NIOPosix
import Pipelines
import ServiceLifecycle
import Store

/// A request or report, as callers see it.
struct ReportAnswer: Encodable, Sendable {
  struct File: Encodable, Sendable {
    var path: String
    var bytes: Int
    var sha256: String
    var type: String
    /// The address, for callers with a token.
    var href: String
    /// The address that works without a token for some minutes, where such links are configured.
    var link: String?

    private enum CodingKeys: String, CodingKey {
      case path, bytes, sha256, href, link
      case type = "media_type"
    }
  }

  var id: Int
  var report: String
  var period: String?
  var state: String
  var asked: String
  var started: String?
  var finished: String?
  /// How many requests of the tenant wait before this one.
  var ahead: Int?
  /// Why it failed, in the caller's language.
  var error: String?
  /// Why it failed, as one word.
  var failure: String?
  var title: String?
  var files: [File]?

  private enum CodingKeys: String, CodingKey {
    case report, period, state, asked, started, finished, ahead, error, failure, title, files
    case id = "report_id"
  }

  init(_ row: ReportRow, _ language: Language) {
    id = row.id
    report = row.report
    period = row.period
    state = row.state.rawValue
    asked = Timestamp.rfc3339(row.asked)
    started = row.started.map(Timestamp.rfc3339)
    finished = row.finished.map(Timestamp.rfc3339)
    ahead = row.ahead
    if row.state == .failed {
      error = language.text(of: row.failure)
      failure = (row.failure ?? .fault).rawValue
    }
  }
}

extension ServiceResponder {
  private struct Page: Encodable {
    var reports: [ReportAnswer]
    /// Where the next page begins; missing on the last one.
    var next: String?
  }

  /// Where a request is, at once or when it changes.
  func report(_ id: Int, _ request: Request) async throws -> Response {
    let caller = try await caller(request, scope: settings.tokens.readScope)
    let reach = try reach(of: caller)
    let language = Language(accepting: request.headers[.acceptLanguage])
    guard var row = try await book.report(id, of: reach) else { throw Problem(.notFound) }
    if request.headers[.accept]?.contains("text/event-stream") == true {
      return events(of: row, reach, until: caller.expires, language)
    }
    if let seconds = try wait(request), seconds > 0, row.state.isOpen {
      try await watcher.change(of: id, from: row.state, within: seconds)
      guard let changed = try await book.report(id, of: reach) else { throw Problem(.notFound) }
      row = changed
    }
    return Self.response(try await answer(row, language), language)
  }

  /// Seconds that the caller wants to wait for news, at most as many as allowed.
  private func wait(_ request: Request) throws -> Int? {
    guard let text = request.uri.queryParameters["wait"] else { return nil }
    guard let seconds = text == "0" ? 0 : Route.number(text) else {
      throw Problem(.malformed, .wait)
    }
    return min(seconds, settings.limits.wait)
  }

  private static func response(_ value: some Encodable, _ language: Language) -> Response {
    var response = JSONAnswer.response(.ok, value)
    response.headers[.contentLanguage] = language.rawValue
    return response
  }

  /// What a caller sees of a row, with the release's files if it has some.
  func answer(_ row: ReportRow, _ language: Language) async throws -> ReportAnswer {
    var answer = ReportAnswer(row, language)
    guard row.state == .published, let location = row.location else { return answer }
    switch try await disk.runIfActive({ [reader] in
      try reader.release(at: location, of: row.tenant)
    }) {
    case .shown(let shown):
      answer.title = shown.title
      answer.files = shown.files.map { file(of: row, $0, location) }
    case .withdrawn: answer.state = ReportRow.State.withdrawn.rawValue
    case .gone: answer.files = []
    }
    return answer
  }

  private func file(
    of row: ReportRow, _ file: ReleaseDetails.File, _ location: String
  ) -> ReportAnswer.File {
    let href = "/v1/report/\(row.id)/files/\(file.name)"
    let now = Int(Date().timeIntervalSince1970)
    let query = links?.query(tenant: row.tenant, location: location, path: file.name, now: now)
    let address = bucket?.address(
      of: file, in: location, disposition: Self.disposition(file), now: now)
    return .init(
      path: file.name, bytes: file.bytes, sha256: file.digest?.hex ?? "", type: file.mediatype,
      href: href, link: address ?? query.map { "\(href)?\($0)" })
  }

  /// Each change of a request, until it ends, the token expires or ten minutes are over.
  private func events(
    of row: ReportRow, _ reach: String?, until expires: Int, _ language: Language
  ) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = "text/event-stream"
    headers[.cacheControl] = "no-store"
    let body = ResponseBody { writer in
      let left = Double(expires) - Date().timeIntervalSince1970
      let end = ContinuousClock.now + .seconds(min(600, left))
      var row = row
      try await writer.write(ByteBuffer(bytes: Self.event(try await answer(row, language))))
      while row.state.isOpen, .now < end, !Task.isShuttingDownGracefully {
        try await watcher.change(of: row.id, from: row.state, within: 15)
        guard let changed = try await book.report(row.id, of: reach) else { break }
        if changed != row {
          row = changed
          try await writer.write(ByteBuffer(bytes: Self.event(try await answer(row, language))))
        } else {
          // Shows proxies, and us, that the other side is still there.
          try await writer.write(ByteBuffer(string: ": waiting\n\n"))
        }
      }
      try await writer.finish(nil)
    }
    return Response(status: .ok, headers: headers, body: body)
  }

  private static func event(_ answer: ReportAnswer) -> [UInt8] {
    Array("event: state\ndata: ".utf8) + JSONAnswer.bytes(answer) + Array("\n\n".utf8)
  }

  /// A tenant's requests and reports, a page at a time.
  func list(_ tenant: String, _ request: Request) async throws -> Response {
    let caller = try await caller(request, scope: settings.tokens.readScope)
    var id = TokenClaims.tenant(.text(tenant), settings.tenantIDs, source: settings.source)
    if id == nil, settings.tenantIDs != .uuid, let number = Route.number(tenant) {
      id = TokenClaims.tenant(.number(number), settings.tenantIDs, source: settings.source)
    }
    if let own = try reach(of: caller), id != own { throw Problem(.forbidden) }
    guard let id else { throw Problem(.notFound) }
    let query = request.uri.queryParameters
    let language = Language(accepting: request.headers[.acceptLanguage])
    var count = 50
    if let text = query["limit"] {
      guard let wanted = Route.number(text), (1...200).contains(wanted) else {
        throw Problem(.malformed, .limit)
      }
      count = wanted
    }
    var before: Int?
    if let text = query["cursor"] {
      before = Route.number(text)
      if before == nil { throw Problem(.malformed, .cursor) }
    }
    // One more than asked for tells whether there is a next page.
    let rows = try await book.reports(of: id, before: before, count: count + 1)
    let page = Page(
      reports: rows.prefix(count).map { ReportAnswer($0, language) },
      next: rows.count > count ? String(rows[count - 1].id) : nil)
    return Self.response(page, language)
  }

  /// Cancels a request that waits.
  func cancel(_ id: Int, _ request: Request) async throws -> Response {
    let caller = try await caller(request, scope: settings.tokens.requestScope)
    guard let row = try await book.report(id, of: try reach(of: caller)) else {
      throw Problem(.notFound)
    }
    guard let state = try await book.cancel(id, of: row.tenant) else { throw Problem(.notFound) }
    guard state == .cancelled else {
      throw Problem(.conflict, .request(is: state))
    }
    return Response(status: .noContent)
  }
}
