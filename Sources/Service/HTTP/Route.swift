import Foundation

/// What an address of the service stands for.
enum Route: Sendable, Equatable {
  case health, ready, metrics, document
  /// Asks for a report by the name that callers use.
  case ask(String)
  case report(Int)
  case file(Int, String)
  /// The reports of a tenant, by the id that the address has.
  case list(String)
  /// A page for people, where the settings have pages.
  case page(PageRoute)

  /// Reads a path as it came; `nil` if it stands for nothing.
  init?(path: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
      .map(String.init)
    switch parts.first {
    case "healthz" where parts.count == 1: self = .health
    case "readyz" where parts.count == 1: self = .ready
    case "metrics" where parts.count == 1: self = .metrics
    case "openapi.yaml" where parts.count == 1: self = .document
    case "v1" where parts.count >= 3 && parts[1] == "report":
      if let id = Self.number(parts[2]) {
        if parts.count == 3 {
          self = .report(id)
        } else if parts.count >= 5, parts[3] == "files" {
          self = .file(id, parts[4...].joined(separator: "/"))
        } else {
          return nil
        }
      } else if parts.count == 3, !parts[2].isEmpty {
        self = .ask(parts[2])
      } else {
        return nil
      }
    case "v1" where parts.count == 4 && parts[1] == "tenant" && parts[3] == "reports":
      guard let tenant = parts[2].removingPercentEncoding, !tenant.isEmpty else { return nil }
      self = .list(tenant)
    default:
      guard path.hasPrefix("/"), let page = PageRoute(Array(parts)) else { return nil }
      self = .page(page)
    }
  }

  /// The methods that the address knows.
  var methods: [String] {
    switch self {
    case .ask: ["POST"]
    case .report: ["GET", "HEAD", "DELETE"]
    case .page(let page): page.methods
    default: ["GET", "HEAD"]
    }
  }

  /// The address without what differs from one caller to the next, for metrics.
  var pattern: String {
    switch self {
    case .health: "/healthz"
    case .ready: "/readyz"
    case .metrics: "/metrics"
    case .document: "/openapi.yaml"
    case .ask: "/v1/report/{report}"
    case .report: "/v1/report/{id}"
    case .file: "/v1/report/{id}/files/{path}"
    case .list: "/v1/tenant/{id}/reports"
    case .page(let page): page.pattern
    }
  }

  /// A positive number without a sign and leading zeros.
  static func number(_ text: some StringProtocol) -> Int? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text.utf8.first != 0x30 else {
      return nil
    }
    return Int(text)
  }
}
