import Basics
import Diagnostics
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import NIOPosix
import Store

/// What a request brings with it: its connection, for time limits.
struct ServiceContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }
}

/// Answers all requests. Each endpoint has a file of its own.
struct ServiceResponder: HTTPResponder {
  let settings: ServiceSettings
  let verifier: TokenVerifier
  let book: RequestBook
  let watcher: StateWatcher
  let reader: ReleaseReader
  /// Threads that read the store.
  let disk: NIOThreadPool
  let links: FileLinks?
  /// The pages for people; `nil` without them.
  let pages: Pages?
  let bucket: BucketLinks?
  let rates = RateLimiter()
  let metrics = ServiceMetrics()
  let document: String
  let log: ServiceLog

  func respond(to request: Request, context: ServiceContext) async throws -> Response {
    let began = ContinuousClock.now
    let route = found(Route(path: request.uri.path))
    let language = Language(accepting: request.headers[.acceptLanguage])
    var response: Response
    do {
      let local = try await local(request, context)
      response = try await PeerUser.$caller.withValue(local) {
        try await answer(route, request, context)
      }
    } catch let problem as Problem {
      response = shown(problem, route, request) ?? problem.response(language: language)
    } catch is RecordPool.Unavailable {
      response = Problem(.unavailable, retryAfter: 5).response(language: language)
    } catch let fault as Diagnostic {
      log.line("\(route?.pattern ?? "?"): \(fault)")
      response = Problem(.internalFault).response(language: language)
    }
    harden(&response)
    if request.method == .head { response.body = Self.withoutBytes(response) }
    if hasUnreadBody(request, response.status) { close(context.channel, after: 2) }
    metrics.count(
      route: route?.pattern ?? "other", method: Self.word(request.method),
      status: response.status.code, seconds: (ContinuousClock.now - began).seconds)
    return response
  }

  /// A name under which no report can be asked for stands for nothing.
  private func found(_ route: Route?) -> Route? {
    if case .page = route, pages == nil { return nil }
    if case .ask(let name) = route, settings.reports[name] == nil { return nil }
    return route
  }

  private func answer(
    _ route: Route?, _ request: Request, _ context: ServiceContext
  ) async throws -> Response {
    guard let route else { throw Problem(.notFound) }
    guard route.methods.contains(request.method.rawValue) else {
      var problem = Problem(.methodNotAllowed)
      problem.allowed = route.methods
      throw problem
    }
    switch route {
    case .health: return Self.text("ok\n")
    case .ready: return try await ready()
    case .metrics:
      return Self.text(
        metrics.text, type: "application/openmetrics-text; version=1.0.0; charset=utf-8")
    case .document: return Self.text(document, type: "application/yaml; charset=utf-8")
    case .ask(let name): return try await ask(name, request, context)
    case .report(let id):
      return request.method == .delete
        ? try await cancel(id, request) : try await report(id, request)
    case .file(let id, let path): return try await file(id, path, request, context)
    case .list(let tenant): return try await list(tenant, request)
    case .page(let page):
      guard let pages else { throw Problem(.notFound) }
      return await self.page(page, request, context, pages)
    }
  }

  /// The page instead of a problem, for a person who opens a file without having signed in.
  private func shown(_ problem: Problem, _ route: Route?, _ request: Request) -> Response? {
    guard let pages, case .file = route, problem.kind == .unauthenticated,
      request.method == .get, PageDoor.isBrowser(request)
    else { return nil }
    return door(request, pages)
  }

  private func ready() async throws -> Response {
    async let record = book.isReady()
    async let keys = verifier.keys.isReady
    let store = try await disk.runIfActive { [reader] in reader.isReady }
    let (hasRecord, hasKeys) = await (record, keys)
    let missing = [("record", hasRecord), ("keys", hasKeys), ("store", store)]
      .filter { !$0.1 }.map(\.0)
    if missing.isEmpty { return Self.text("ready\n") }
    throw Problem(.unavailable, .notReady(missing), retryAfter: 5)
  }

  // MARK: Who asks

  /// The caller, who has this scope and asks no more often than allowed: by the token if there is
  /// one, else by the user at the other end of the socket.
  func caller(_ request: Request, scope: String) async throws -> Caller {
    let caller: Caller
    if request.headers[.authorization] == nil, let local = PeerUser.caller {
      try pace(local)
      caller = local
    } else {
      guard let token = Self.bearer(request) else { throw Problem(.unauthenticated) }
      caller = try await self.caller(token: token)
    }
    guard caller.scopes.contains(scope) else { throw Problem(.scope) }
    return caller
  }

  /// The token of the request's header.
  static func bearer(_ request: Request) -> String? {
    guard let header = request.headers[.authorization] else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1)
    return parts.count == 2 && parts[0].lowercased() == "bearer" ? String(parts[1]) : nil
  }

  /// The caller with this token, who asks no more often than allowed.
  func caller(token: String) async throws -> Caller {
    let caller: Caller
    do throws(TokenFault) {
      caller = try await verifier.caller(token, now: Date().timeIntervalSince1970)
    } catch {
      metrics.count(error)
      throw Problem(.unauthenticated, .token)
    }
    try pace(caller)
    return caller
  }

  /// The caller that the user at the other end of the Unix socket is; `nil` if there is none, if a
  /// token says who asks, or if the request comes through a server for others.
  private func local(_ request: Request, _ context: ServiceContext) async throws -> Caller? {
    guard !settings.callers.isEmpty, request.headers[.authorization] == nil,
      !PeerUser.isPassedOn(request),
      let number = try await PeerUser.number(of: context.channel)
    else { return nil }
    return settings.callers.first { $0.number == number }?.caller
  }

  private func pace(_ caller: Caller) throws {
    try pace([
      ("caller \(caller.subject)", settings.limits.callerRate),
      ("tenant \(caller.tenant ?? "none")", settings.limits.tenantRate),
    ])
  }

  /// Lets a request go on, or says when it can come again.
  func pace(_ buckets: [(name: String, rate: Int)]) throws {
    if let wait = rates.take(buckets) { throw Problem(.rate, retryAfter: wait) }
  }

  /// Whose rows the caller can reach: `nil` is all of them.
  func reach(of caller: Caller) throws -> String? {
    if caller.scopes.contains(settings.tokens.operatorScope) { return nil }
    guard let tenant = caller.tenant else { throw Problem(.forbidden) }
    return tenant
  }

  // MARK: Answers

  static func text(
    _ text: String, type: String = "text/plain; charset=utf-8"
  ) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = type
    headers[.cacheControl] = "no-store"
    return Response(
      status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(string: text)))
  }

  private func harden(_ response: inout Response) {
    if [.noContent, .notModified].contains(response.status) {
      response.headers[.contentLength] = nil
    }
    response.headers[.xContentTypeOptions] = "nosniff"
    if response.headers[.contentSecurityPolicy] == nil {
      response.headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
    }
    response.headers[.crossOriginResourcePolicy] = "same-origin"
    // A link with a signature must not be told to the next site.
    if let name = HTTPField.Name("Referrer-Policy"), response.headers[name] == nil {
      response.headers[name] = "no-referrer"
    }
  }

  /// The body of an answer to `HEAD`: none, in the length that `GET` would have.
  private static func withoutBytes(_ response: Response) -> ResponseBody {
    ResponseBody(contentLength: response.body.contentLength) { writer in
      try await writer.finish(nil)
    }
  }

  /// Whether more of a request may come that nobody reads.
  private func hasUnreadBody(_ request: Request, _ status: HTTPResponse.Status) -> Bool {
    let hasBody =
      request.headers[.transferEncoding] != nil
      || request.headers[.contentLength].map { Int($0) != 0 } ?? false
    return hasBody && (request.method != .post || status.code >= 400)
  }

  /// Closes a connection some seconds later, whatever comes until then.
  func close(_ channel: any Channel, after seconds: Int64) {
    channel.eventLoop.scheduleTask(in: .seconds(seconds)) { channel.close(promise: nil) }
  }

  private static func word(_ method: HTTPRequest.Method) -> String {
    let known = ["GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"]
    return known.contains(method.rawValue) ? method.rawValue : "other"
  }
}
