import Foundation
import TestSupport
import Testing

/// A person with a browser, as far as headers go: its cookie, and what it says of where a request
/// comes from.
struct Visitor {
  static let origin = "https://reports.example.org"
  static let platform = "https://app.example.org"
  /// The settings of a service with pages, as behind a server with TLS.
  static let settings = """
    pages:
      origin: \(origin)
      key: link.key
      templates: \(Places.project)/templates
      sign_in_from: [\(platform)]
      titles: {yearly: {en: Year in review, pt-BR: Retrospectiva}}
    """

  let scene: ServiceScene
  var token: String?
  var language = "en"

  private var own: [(name: String, value: String)] {
    var headers = [(name: "Accept-Language", value: language)]
    if let token {
      headers.append(("Cookie", "other=1; __Host-yearbook-session=\(token)"))
    }
    return headers
  }

  func get(
    _ path: String, _ headers: [(name: String, value: String)] = []
  ) throws -> ServiceScene.Answer {
    try scene.send("GET", path, headers: own + headers)
  }

  func post(
    _ path: String, _ fields: [(String, String)], origin: String? = Self.origin,
    headers: [(name: String, value: String)] = []
  ) throws -> ServiceScene.Answer {
    var all = own + headers
    if let origin { all.append(("Origin", origin)) }
    all.append(("Content-Type", "application/x-www-form-urlencoded"))
    let kept = CharacterSet.alphanumerics
    let body = fields.map { name, value in
      "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: kept) ?? "")"
    }
    return try scene.send("POST", path, body: body.joined(separator: "&"), headers: all)
  }

  /// The hidden field of a page's form that goes to an address.
  func form(on path: String, to action: String) throws -> String {
    let page = try get(path)
    return try #require(Self.form(in: page.text, to: action), "\(page.status) \(page.text)")
  }

  static func form(in page: String, to action: String) -> String? {
    let forms = page.components(separatedBy: "<form ").dropFirst()
    let form =
      forms.first { $0.hasPrefix("class=\"wish\" method=\"post\" action=\"\(action)\"") }
      ?? forms.first { $0.hasPrefix("method=\"post\" action=\"\(action)\"") }
    return form?.firstMatch(of: /name="form" value="([^"]*)"/).map { String($0.output.1) }
  }
}
