import Basics
import Diagnostics
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Pipelines

/// The pages for people: what they are made of, and who is let in.
struct Pages: Sendable {
  let settings: PageSettings
  let library: PageLibrary
  let seal: PageSeal
  let door: PageDoor

  /// Throws what is wrong with the templates or the key.
  init(_ settings: PageSettings) throws(Diagnostics) {
    self.settings = settings
    library = try PageLibrary(folder: settings.templates)
    do throws(Diagnostic) {
      seal = try PageSeal(file: settings.key)
    } catch {
      throw Diagnostics([error])
    }
    door = PageDoor(settings: settings)
  }
}

/// One answer to a person's browser, while it is made.
struct PageAnswer {
  let pages: Pages
  let language: Language
  /// The address that was asked for, without the choice of a language.
  let path: String
  /// Whether the person chose the language with this request.
  let isChosen: Bool
  var session: PageSession?
  /// Whether the person can ask for reports.
  var mayAsk = false
  /// Whether the person reaches all tenants.
  var isOperator = false
  /// The tenant that the page is about.
  var tenant: PageTenant?

  init(_ pages: Pages, _ request: Request) {
    self.pages = pages
    let query = request.uri.queryParameters
    let chosen = query["language"].flatMap { Language(rawValue: String($0)) }
    isChosen = chosen != nil
    language =
      chosen ?? pages.door.language(in: request)
      ?? Language(accepting: request.headers[.acceptLanguage])
    let fields = ["tenant", "report", "period", "still", "before"].map { name in
      (name, query[Substring(name)].map { String($0) } ?? "")
    }
    let rest = PageForm.query(fields)
    path = request.uri.path + (rest.isEmpty ? "" : "?" + rest)
  }

  /// A message of the pages.
  func text(_ key: String, _ arguments: [String: MessageCatalog.Argument] = [:]) -> String {
    pages.library.text(key, language, arguments)
  }

  /// The hidden field of a form of this person.
  func form(_ purpose: String) -> String {
    pages.seal.form(purpose, of: session?.seal ?? "", now: PageClock.now)
  }

  /// `2027`, `November 2026`.
  func period(_ text: String?) -> String {
    guard let text else { return self.text("report.current") }
    return Period(text).map { LocaleFormat(language.rawValue).period($0) } ?? text
  }

  /// `20 Nov 2026, 14:05 UTC`
  func time(_ seconds: Int) -> [String: Any] {
    let written = Timestamp.rfc3339(seconds)
    let day = CivilDate(daysSince1970: Timestamp.dayNumber(seconds))
    let clock = written.dropFirst(11).prefix(5)
    return [
      "iso": written,
      "says": "\(LocaleFormat(language.rawValue).shortDate(day)), \(clock) UTC",
    ]
  }

  /// `12 kB`, `34 MB`, rounded up.
  func size(_ bytes: Int) -> String {
    let format = LocaleFormat(language.rawValue)
    return bytes < 10_000_000
      ? "\(format.integer(max(1, (bytes + 999) / 1000)))\u{A0}kB"
      : "\(format.integer((bytes + 999_999) / 1_000_000))\u{A0}MB"
  }

  /// The answer with a page.
  func response(
    _ template: PageLibrary.Template, _ title: String, _ values: [String: Any] = [:],
    status: HTTPResponse.Status = .ok
  ) -> Response {
    var values = values
    values["title"] = title
    values["has_session"] = session != nil
    values["may_ask"] = mayAsk
    values["operator"] = isOperator
    values["ask"] = "/ask" + (isOperator ? tenant.map { "?tenant=\($0.id)" } ?? "" : "")
    // Until something of it is published, a tenant has no name here. Its people know who they are.
    if let tenant, isOperator || tenant.slug != nil {
      values["tenant"] = ["name": tenant.name, "id": tenant.id]
    }
    if session?.hasCookie == true { values["sign_out"] = form("sign-out") }
    values["languages"] = Language.allCases.map { other -> [String: Any] in
      [
        "code": other.rawValue, "name": Self.names[other] ?? "", "now": other == language,
        "href": path + (path.contains("?") ? "&" : "?") + "language=\(other.rawValue)",
      ]
    }
    let (html, policy) = pages.library.page(
      template, values, language, owner: tenant?.id ?? "yearbook")
    var headers = HTTPFields()
    headers[.contentType] = "text/html; charset=utf-8"
    headers[.contentLanguage] = language.rawValue
    headers[.cacheControl] = "no-store"
    headers[.contentSecurityPolicy] = policy
    // With `no-referrer`, a browser would not say that our own forms come from us.
    headers.append("Referrer-Policy", "same-origin")
    headers.append("Cross-Origin-Opener-Policy", "same-origin")
    if isChosen { headers.append(pages.door.keeping(language)) }
    return Response(
      status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: html)))
  }

  private static let names: [Language: String] = [
    .portuguese: "Português", .english: "English", .spanish: "Español",
  ]

  /// Leads on to another page of ours after a form.
  static func leadingOn(to path: String) -> Response {
    var headers = HTTPFields()
    headers[.location] = path
    headers[.cacheControl] = "no-store"
    return Response(status: .seeOther, headers: headers)
  }
}

/// A tenant as pages name it.
struct PageTenant: Sendable, Equatable {
  /// A UUID in lower case.
  var id: String
  /// Its name in the store; its id where nothing of it was published yet.
  var name: String
  /// `nil` where nothing of it was published yet.
  var slug: String?
}

/// Why a form was not taken.
enum PageRefusal: String, Error, Sendable {
  /// Another site sent it.
  case origin
  /// It is not one that this person was shown, or it is too old.
  case form
}

extension HTTPFields {
  /// Adds a header that the library has no name for.
  mutating func append(_ name: String, _ value: String) {
    if let name = HTTPField.Name(name) { append(HTTPField(name: name, value: value)) }
  }
}
