/// The addresses of the pages for people.
enum PageRoute: Sendable, Equatable {
  /// A tenant's reports; for an operator, what runs, waits and failed.
  case home
  /// The tenants that an operator can choose.
  case tenants
  case signIn, signOut
  /// Where a report is asked for.
  case ask
  /// One request and what became of it.
  case report(Int)

  /// Reads the parts of a path; `nil` if they stand for no page.
  init?(_ parts: [String]) {
    switch (parts.first, parts.count) {
    case ("", 1): self = .home
    case ("tenants", 1): self = .tenants
    case ("sign-in", 1): self = .signIn
    case ("sign-out", 1): self = .signOut
    case ("ask", 1): self = .ask
    case ("report", 2):
      guard let id = Route.number(parts[1]) else { return nil }
      self = .report(id)
    default: return nil
    }
  }

  /// The methods that the address knows.
  var methods: [String] {
    switch self {
    case .home, .tenants, .report: ["GET", "HEAD"]
    case .signIn, .ask: ["GET", "HEAD", "POST"]
    case .signOut: ["POST"]
    }
  }

  /// The address without what differs from one person to the next.
  var pattern: String {
    switch self {
    case .home: "/"
    case .tenants: "/tenants"
    case .signIn: "/sign-in"
    case .signOut: "/sign-out"
    case .ask: "/ask"
    case .report: "/report/{id}"
    }
  }
}
