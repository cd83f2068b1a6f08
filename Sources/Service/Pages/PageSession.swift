import Basics
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// Who looks at a page, by the token that a proxy sends along or that the person signed in with.
struct PageSession: Sendable {
  var caller: Caller
  /// What forms are bound to.
  var seal: String
  /// Whether the person signed in here, and so can sign out here.
  var hasCookie: Bool
}

/// The cookies and the origin of the pages.
struct PageDoor: Sendable {
  let settings: PageSettings
  /// Cookies of browsers end at 4096 bytes with their name and attributes.
  static let mostToken = 3800

  /// Whether browsers come over TLS. Otherwise the pages are only tried on this machine.
  var isSecure: Bool { settings.origin != nil }

  /// With the prefix, a browser takes the cookie from this host alone, over TLS, for all paths.
  private var prefix: String { isSecure ? "__Host-" : "" }
  private var sessionName: String { prefix + "yearbook-session" }
  private var languageName: String { prefix + "yearbook-language" }

  /// Whether a request has a session's cookie to go by, and no other token.
  func opens(_ request: Request) -> Bool {
    request.headers[.authorization] == nil && token(in: request) != nil
  }

  /// The token that the person signed in with.
  func token(in request: Request) -> String? { cookie(sessionName, request) }

  /// The language that the person chose.
  func language(in request: Request) -> Language? {
    cookie(languageName, request).flatMap { Language(rawValue: $0) }
  }

  /// A cookie that is there once. Of two with one name, one may be somebody else's.
  private func cookie(_ name: String, _ request: Request) -> String? {
    let values = request.headers.filter { $0.name.canonicalName == "cookie" }
      .flatMap { $0.value.split(separator: ";") }
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { $0.hasPrefix(name + "=") }
      .map { String($0.dropFirst(name.count + 1)) }
    return values.count == 1 && !values[0].isEmpty ? values[0] : nil
  }

  /// The header that keeps a token for some seconds; for none, it is forgotten.
  func keeping(_ token: String, seconds: Int) -> HTTPField {
    set(sessionName, token, seconds)
  }

  /// The header that keeps a language for a year.
  func keeping(_ language: Language) -> HTTPField {
    set(languageName, language.rawValue, 365 * 86_400)
  }

  private func set(_ name: String, _ value: String, _ seconds: Int) -> HTTPField {
    HTTPField(
      name: .setCookie,
      value: "\(name)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict"
        + (isSecure ? "; Secure" : ""))
  }

  /// Whether one of our own pages sent a form, by what the browser says of it.
  func isOwn(_ request: Request) -> Bool {
    guard let origin = request.headers[.origin], origin == own(request) else { return false }
    return Self.said("site", request).map { $0 == "same-origin" } ?? true
  }

  /// Whether a page that can send somebody here with a token sent the form.
  func isKnown(_ request: Request) -> Bool {
    request.headers[.origin].map(settings.origins.contains) ?? false
  }

  private func own(_ request: Request) -> String? {
    if let origin = settings.origin { return origin }
    // A name that a stranger's DNS leads to this machine is not this machine's.
    guard let host = request.head.authority?.lowercased() else { return nil }
    let names = ["localhost", "127.0.0.1", "[::1]"]
    return names.contains { host == $0 || host.hasPrefix($0 + ":") } ? "http://\(host)" : nil
  }

  /// Whether somebody followed a link of another site. A browser keeps the cookie back then.
  func isFromElsewhere(_ request: Request) -> Bool {
    ["cross-site", "same-site"].contains(Self.said("site", request))
      && Self.said("mode", request) == "navigate"
  }

  /// What the browser says of a request, in a header that no page can set.
  private static func said(_ what: String, _ request: Request) -> String? {
    request.headers.first { $0.name.canonicalName == "sec-fetch-" + what }?.value
  }

  /// Whether the caller is a person's browser.
  static func isBrowser(_ request: Request) -> Bool {
    request.headers[.authorization] == nil
      && request.headers[.accept]?.contains("text/html") == true
  }

  /// A path of ours, to lead on to after signing in; the first page for anything else.
  static func path(_ text: String) -> String {
    guard text.utf8.count <= 500, text.hasPrefix("/"), !text.hasPrefix("//"),
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x5C })
    else { return "/" }
    switch Route(path: String(text.prefix { $0 != "?" })) {
    case .page(let page) where page != .signIn && page != .signOut: return text
    case .file: return text
    default: return "/"
    }
  }
}
