import Basics
import Diagnostics
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Pipelines

/// The present moment, for what people are shown.
enum PageClock {
  /// Seconds since 1970.
  static var now: Int { Int(Date().timeIntervalSince1970) }
}

extension ServiceResponder {
  /// Answers a person's browser. What is wrong is said on a page, too.
  func page(
    _ route: PageRoute, _ request: Request, _ context: ServiceContext, _ pages: Pages
  ) async -> Response {
    var answer = PageAnswer(pages, request)
    do {
      if request.method == .post, route == .signIn {
        return try await signIn(request, context, answer)
      }
      if request.method == .post, !pages.door.isOwn(request) { throw PageRefusal.origin }
      guard let session = try await session(request, pages) else {
        return door(request, answer)
      }
      answer.session = session
      let scopes = session.caller.scopes
      answer.isOperator = scopes.contains(settings.tokens.operatorScope)
      answer.mayAsk = scopes.contains(settings.tokens.requestScope)
      if route == .signOut { return try await signOut(request, context, answer) }
      if route == .signIn { return PageAnswer.leadingOn(to: "/") }
      guard scopes.contains(settings.tokens.readScope) else { throw Problem(.scope) }
      let reach = try reach(of: session.caller)
      switch route {
      case .home where reach == nil && request.uri.queryParameters["tenant"] == nil:
        return try await overview(request, answer)
      case .home: return try await tenantPage(reach, request, answer)
      case .tenants: return try await tenants(answer)
      case .report(let id): return try await reportPage(id, reach, request, answer)
      case .ask, .signIn, .signOut:
        return request.method == .post
          ? try await take(reach, request, context, answer)
          : try await askPage(reach, request, answer)
      }
    } catch let problem as Problem {
      return self.problem(problem, answer)
    } catch let refusal as PageRefusal {
      return answer.response(
        .problem, answer.text("refused.title"),
        ["says": answer.text("refused.\(refusal.rawValue)")], status: .forbidden)
    } catch let fault as Diagnostic {
      log.line("\(route.pattern): \(fault)")
      return self.problem(Problem(.internalFault), answer)
    } catch {
      return self.problem(Problem(.unavailable, retryAfter: 5), answer)
    }
  }

  /// What a person sees who asks for a file without a session.
  func door(_ request: Request, _ pages: Pages) -> Response {
    door(request, PageAnswer(pages, request))
  }

  private func problem(_ problem: Problem, _ answer: PageAnswer) -> Response {
    var response = answer.response(
      .problem, answer.language.title(of: problem.kind), status: problem.kind.status)
    if let wait = problem.retryAfter { response.headers[.retryAfter] = String(wait) }
    return response
  }

  // MARK: Who looks

  /// The person's session; `nil` without a token that is believed.
  private func session(_ request: Request, _ pages: Pages) async throws -> PageSession? {
    let token: String
    let hasCookie: Bool
    if request.headers[.authorization] != nil {
      // What a proxy in front says goes before what a browser says.
      guard let sent = Self.bearer(request) else { return nil }
      (token, hasCookie) = (sent, false)
    } else {
      guard let kept = pages.door.token(in: request) else { return nil }
      (token, hasCookie) = (kept, true)
    }
    let caller: Caller
    do {
      caller = try await self.caller(token: token)
    } catch let problem as Problem where problem.kind == .unauthenticated {
      return nil
    }
    // A proxy has a new token from time to time, and forms stay open.
    let seal =
      hasCookie
      ? SHA256Digest(of: token.utf8).hex
      : "\(caller.subject.utf8.count):\(caller.subject)\(caller.tenant ?? "")"
    return PageSession(caller: caller, seal: seal, hasCookie: hasCookie)
  }

  /// Where people sign in; or, after a link of another site, one step with which the browser sends
  /// its cookie along.
  private func door(_ request: Request, _ answer: PageAnswer) -> Response {
    let path = request.method == .get ? PageDoor.path(answer.path) : "/"
    if request.method == .get, answer.pages.door.isFromElsewhere(request) {
      return goOn(to: path, answer)
    }
    return signInPage(
      answer, path: path, status: request.uri.path == "/sign-in" ? .ok : .unauthorized)
  }

  private func goOn(to path: String, _ answer: PageAnswer) -> Response {
    answer.response(.goOn, answer.text("go_on.title"), ["go_on": path])
  }

  private func signInPage(
    _ answer: PageAnswer, path: String, fault: String? = nil, status: HTTPResponse.Status
  ) -> Response {
    var values: [String: Any] = ["to": path]
    values["fault"] = fault.map { answer.text("sign_in.\($0)") }
    var response = answer.response(
      .signIn, answer.text("sign_in.title"), values, status: status)
    if status == .unauthorized {
      response.headers[.wwwAuthenticate] = "Bearer realm=\"yearbook\""
    }
    return response
  }

  /// Takes a token and keeps it in a cookie, no longer than it is good for.
  private func signIn(
    _ request: Request, _ context: ServiceContext, _ answer: PageAnswer
  ) async throws -> Response {
    let door = answer.pages.door
    let isOwn = door.isOwn(request)
    guard isOwn || door.isKnown(request) else { throw PageRefusal.origin }
    let fields = try await form(request, context)
    let (token, path) = (fields["token"], PageDoor.path(fields["to"]))
    func refused(_ fault: String) -> Response {
      signInPage(answer, path: path, fault: fault, status: .unauthorized)
    }
    guard !token.isEmpty else { return refused("empty") }
    guard token.utf8.count <= PageDoor.mostToken else { return refused("long") }
    let caller: Caller
    do {
      caller = try await self.caller(token: token)
    } catch let problem as Problem where problem.kind == .unauthenticated {
      return refused("refused")
    }
    let seconds = caller.expires - PageClock.now
    guard seconds > 0 else { return refused("refused") }
    guard caller.scopes.contains(settings.tokens.readScope) else { throw Problem(.scope) }
    _ = try reach(of: caller)
    // After a form of another site, a redirect would still count as that site's, and the browser
    // would keep the cookie back.
    var response = isOwn ? PageAnswer.leadingOn(to: path) : goOn(to: path, answer)
    response.headers.append(door.keeping(token, seconds: seconds))
    return response
  }

  private func signOut(
    _ request: Request, _ context: ServiceContext, _ answer: PageAnswer
  ) async throws -> Response {
    _ = try name(of: try await form(request, context), "sign-out", answer)
    var response = PageAnswer.leadingOn(to: "/sign-in")
    response.headers.append(answer.pages.door.keeping("", seconds: 0))
    // Reports that this browser kept are not for who sits down here next.
    response.headers.append("Clear-Site-Data", "\"cache\"")
    return response
  }

  // MARK: Forms

  /// The fields of a form.
  func form(_ request: Request, _ context: ServiceContext) async throws -> PageForm {
    let type = request.headers[.contentType]?.split(separator: ";").first?
      .trimmingCharacters(in: .whitespaces).lowercased()
    guard type == "application/x-www-form-urlencoded",
      let form = PageForm(try await body(request, context))
    else { throw Problem(.malformed) }
    return form
  }

  /// The name of a form that this person was shown for this purpose.
  func name(of form: PageForm, _ purpose: String, _ answer: PageAnswer) throws -> String {
    guard
      let name = answer.pages.seal.name(
        of: form["form"], purpose, of: answer.session?.seal ?? "", now: PageClock.now)
    else { throw PageRefusal.form }
    return name
  }
}
