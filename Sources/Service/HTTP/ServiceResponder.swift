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
      response = problem.response(language: language)
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
    }
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

  /// The caller, who has this scope and asks no more often than allowed.
  func caller(_ request: Request, scope: String) async throws -> Caller {
    let caller = try await known(request)
    try pace([
      ("caller \(caller.subject)", settings.limits.callerRate),
      ("tenant \(caller.tenant ?? "none")", settings.limits.tenantRate),
    ])
    guard caller.scopes.contains(scope) else { throw Problem(.scope) }
    return caller
  }

  /// Who asks: by the token if there is one, else by the user at the other end of the socket.
  private func known(_ request: Request) async throws -> Caller {
    guard let header = request.headers[.authorization] else {
      if let caller = PeerUser.caller { return caller }
      throw Problem(.unauthenticated)
    }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else {
      throw Problem(.unauthenticated)
    }
    do throws(TokenFault) {
      return try await verifier.caller(String(parts[1]), now: Date().timeIntervalSince1970)
    } catch {
      metrics.count(error)
      throw Problem(.unauthenticated, .token)
    }
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
    if let name = HTTPField.Name("Referrer-Policy") { response.headers[name] = "no-referrer" }
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
