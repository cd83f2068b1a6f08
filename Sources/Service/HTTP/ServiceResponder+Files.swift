import Basics
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import NIOPosix
import Store

extension ServiceResponder {
  private static let pieceBytes = 32 << 10
  /// Types that a browser can show by itself. Scripts do not run in any of them.
  private static let shown = [
    "text/html", "application/pdf", "video/mp4", "image/png", "image/jpeg", "image/svg+xml",
    "text/vtt",
  ]

  /// Hands out a file of a release, or some of its bytes.
  func file(
    _ id: Int, _ path: String, _ request: Request, _ context: ServiceContext
  ) async throws -> Response {
    let row = try await row(id, path, request)
    switch row.state {
    case .published: break
    case .withdrawn: throw Problem(.withdrawn)
    default: throw Problem(.notFound, .report(is: row.state))
    }
    guard let location = row.location else { throw Problem(.gone) }
    let opened: (ReleaseDetails.File, OpenFile)? = try await disk.runIfActive { [reader] in
      switch try reader.release(at: location, of: row.tenant) {
      case .withdrawn: throw Problem(.withdrawn)
      case .gone: throw Problem(.gone)
      case .shown(let release):
        guard let file = release.file(path) else { return nil }
        guard let opened = try reader.open(file, of: release) else { throw Problem(.gone) }
        return (file, opened)
      }
    }
    guard let (file, bytes) = opened else { throw Problem(.notFound) }
    return try answer(request, context, file, bytes)
  }

  /// The row of a request that the caller's token, or the link, reaches.
  private func row(_ id: Int, _ path: String, _ request: Request) async throws -> ReportRow {
    let query = request.uri.queryParameters
    guard let links, let signature = query["signature"], request.headers[.authorization] == nil
    else {
      let caller = try await opener(request)
      guard let row = try await book.report(id, of: try reach(of: caller)) else {
        throw Problem(.notFound)
      }
      return row
    }
    // The same answer for a link to nothing, a wrong one and an old one.
    guard let until = query["until"].flatMap({ Route.number($0) }),
      let row = try await book.report(id, of: nil), let location = row.location,
      links.isGood(
        tenant: row.tenant, location: location, path: path, until: until,
        signature: String(signature), now: Int(Date().timeIntervalSince1970))
    else { throw Problem(.unauthenticated, .link) }
    try pace([("tenant \(row.tenant)", settings.limits.tenantRate)])
    return row
  }

  /// Who opens a file: by the token of the request, or by the one that a person signed in with.
  private func opener(_ request: Request) async throws -> Caller {
    guard let pages, pages.door.opens(request), let token = pages.door.token(in: request) else {
      return try await caller(request, scope: settings.tokens.readScope)
    }
    let caller = try await caller(token: token)
    guard caller.scopes.contains(settings.tokens.readScope) else { throw Problem(.scope) }
    return caller
  }

  private func answer(
    _ request: Request, _ context: ServiceContext, _ file: ReleaseDetails.File, _ bytes: OpenFile
  ) throws -> Response {
    let tag = "\"\(file.digest?.hex ?? "")\""
    var headers = HTTPFields()
    headers[.eTag] = tag
    // Somebody else can sit down at a browser: there, each look asks whether the session holds.
    headers[.cacheControl] =
      pages?.door.opens(request) == true
      ? "private, no-cache" : "private, max-age=31536000, immutable"
    headers[.acceptRanges] = "bytes"
    if Self.matches(request.headers[.ifNoneMatch], tag) {
      return Response(status: .notModified, headers: headers)
    }
    headers[.contentType] = file.mediatype
    headers[.contentDisposition] = Self.disposition(file)
    headers[.contentSecurityPolicy] = FilePolicy.header(hasPages: pages != nil)
    let condition = request.headers[.ifRange]
    let range =
      condition == nil || condition == tag
      ? ByteRange(request.headers[.range], size: bytes.byteCount) : .whole
    switch range {
    case .none:
      var problem = Problem(.range).response(
        language: Language(accepting: request.headers[.acceptLanguage]))
      problem.headers[.contentRange] = "bytes */\(bytes.byteCount)"
      return problem
    case .whole:
      return Response(
        status: .ok, headers: headers,
        body: body(bytes, 0..<bytes.byteCount, context))
    case .part(let part):
      headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(bytes.byteCount)"
      return Response(
        status: .partialContent, headers: headers, body: body(bytes, part, context))
    }
  }

  /// Reads and writes piece by piece. A reader who takes nothing for as long as a connection can be
  /// idle is cut off: an open file and a connection are held for them.
  private func body(
    _ file: OpenFile, _ range: Range<Int>, _ context: ServiceContext
  ) -> ResponseBody {
    let (channel, idle) = (context.channel, Int64(settings.limits.idle))
    let (disk, metrics) = (disk, metrics)
    return ResponseBody(contentLength: range.count) { writer in
      // So little waits in memory for each of a thousand slow readers.
      try await channel.setOption(
        ChannelOptions.writeBufferWaterMark, value: .init(low: 16 << 10, high: 32 << 10)
      ).get()
      var at = range.lowerBound
      while at < range.upperBound {
        let (offset, count) = (at, min(Self.pieceBytes, range.upperBound - at))
        let piece = try await disk.runIfActive {
          ByteBuffer(bytes: try file.read(at: offset, count: count))
        }
        let limit = channel.eventLoop.scheduleTask(in: .seconds(idle)) {
          channel.close(promise: nil)
        }
        defer { limit.cancel() }
        try await writer.write(piece)
        // The writer only says that the piece is in a queue. Once the connection's own thread has
        // seen it, the next piece waits until the reader has taken enough. Without this, a film
        // would be in memory once for each slow reader.
        try await channel.eventLoop.submit {}.get()
        at += count
      }
      metrics.count(sent: range.count)
      try await writer.finish(nil)
    }
  }

  /// Whether `If-None-Match` names this tag.
  private static func matches(_ header: String?, _ tag: String) -> Bool {
    guard let header else { return false }
    return header.split(separator: ",").contains { word in
      let word = word.trimmingCharacters(in: .whitespaces)
      return word == "*" || word == tag || word == "W/" + tag
    }
  }

  /// Names of files are ASCII without quotes: see `Name.isPath`.
  static func disposition(_ file: ReleaseDetails.File) -> String {
    let name = file.name.split(separator: "/").last ?? ""
    let type = file.mediatype.split(separator: ";").first.map(String.init) ?? ""
    return "\(shown.contains(type) ? "inline" : "attachment"); filename=\"\(name)\""
  }
}
