import Basics
package import Diagnostics
import Foundation
package import ObjectStorage
import Pipelines
import Postgres

/// What the service does and for whom: a YAML file of its own. The batch program's file holds the
/// passwords of the sources, which a program on the network must not be able to read.
package struct ServiceSettings: Sendable {
  /// Where the service listens.
  package enum Address: Sendable, Hashable {
    case host(String, port: Int)
    /// A Unix socket, which only members of its folder's group can reach.
    case socket(String)
  }

  /// A libpq URI or keyword string; it may hold a password and is never printed.
  package var record = ""
  /// The store's folder.
  package var store = ""
  package var address = Address.host("127.0.0.1", port: 8480)
  /// The names that callers use for reports, and the pipelines that make them.
  package var reports: [String: String] = [:]
  package var tokens = TokenSettings()
  package var limits = ServiceLimits()
  /// What the platform's ids of tenants are.
  var tenantIDs = TenantIDType.uuid
  /// The name of the source that the tenants are of; `nil` for the platform itself.
  var source: String?
  /// The file of the key that signs links to files; `nil` without such links.
  package var linkKey: String?
  /// The bucket that links lead to; `nil`: they lead to the service itself.
  package var linkBucket: BucketLocation?
  /// Users of this system who need no token.
  package var callers: [LocalCaller] = []
  /// How long a link to a file works, in seconds.
  package var linkSeconds = 300
  /// The pages for people; `nil` without them.
  package var pages: PageSettings?
  /// The longest that a link to a file can work, in seconds.
  static let mostLinkSeconds = 900

  /// Nothing set.
  package init() {}

  /// Reads the file. Throws all faults at once, with their lines.
  package init(path: String) throws(Diagnostics) {
    self.init()
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Diagnostics([
        Diagnostic(
          .configuration, "the configuration cannot be read", at: .init(file: path),
          hint: "name an existing file: yearbook-serve FILE")
      ])
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let reader = SpecReader(file: path)
    if let text = String(validating: data, as: UTF8.self) {
      if let root = reader.parse(text) { read(root, folder) }
    } else {
      reader.report("not UTF-8", line: nil, column: nil)
    }
    if let mode = Disk.mode(path), mode & 0o004 != 0, ConnectionSecrets(record).hasPassword {
      reader.report(
        "the configuration holds a password, and every user can read it", line: nil, column: nil,
        hint: CommandText.line(["chmod", "o=", path]))
    }
    try reader.finish()
  }

  private mutating func read(_ root: SpecNode, _ folder: String) {
    guard
      let map = root.mapping(keys: [
        "record", "store", "listen", "plain_http", "reports", "tokens", "tenants", "limits",
        "links", "callers", "pages",
      ])
    else { return }
    func resolve(_ path: String) -> String { SettingsPaths.resolve(path, in: folder) }
    record = map.required("record")?.string() ?? ""
    store = map.required("store")?.string().map(resolve) ?? ""
    if let node = map["listen"], let text = node.string() {
      if let address = Self.address(text, resolve) {
        self.address = address
        if case .host(let host, _) = address, !Self.isLoopback(host),
          map["plain_http"]?.boolean() != true
        {
          node.report(
            "tokens and reports would cross the network without encryption",
            hint: "listen on 127.0.0.1 or on a Unix socket behind a server with TLS, or set"
              + " plain_http: true if what is before the service encrypts")
        }
      } else {
        node.report("expected HOST:PORT or unix:PATH, found '\(text)'")
      }
    }
    if let node = map["pages"] {
      var isLoopback = false
      if case .host(let host, _) = address { isLoopback = Self.isLoopback(host) }
      pages = PageSettings(node, isLoopback: isLoopback, in: folder)
    }
    readReports(map.required("reports"))
    if let tenants = map["tenants"]?.mapping(keys: ["ids", "source"]) {
      if let word = tenants["ids"]?.word(of: TenantIDType.allCases.map(\.rawValue)) {
        tenantIDs = TenantIDType(rawValue: word) ?? .uuid
      }
      source = tenants["source"]?.name()
    }
    // Who has callers of this system alone needs no issuer.
    if let node = map["callers"] == nil ? map.required("tokens") : map["tokens"] {
      tokens.read(node, resolve)
    }
    readCallers(map["callers"])
    if let node = map["limits"] { limits.read(node) }
    if let linksNode = map["links"],
      let links = linksNode.mapping(keys: ["key", "bucket", "time"])
    {
      linkKey = links["key"]?.string().map(resolve)
      linkBucket = links["bucket"].flatMap(Self.bucket)
      if (links["key"] == nil) == (links["bucket"] == nil) {
        linksNode.report("expected either key, or bucket")
      }
      if let node = links["time"], let seconds = node.duration() {
        linkSeconds = seconds
        if !(1...Self.mostLinkSeconds).contains(seconds) {
          node.report("a link to a file can work for 15 minutes at most")
        }
      }
    }
  }

  private mutating func readCallers(_ node: SpecNode?) {
    guard let node else { return }
    callers = node.list().compactMap { LocalCaller($0, self) }
    if Set(callers.map(\.number)).count < callers.count {
      node.report("a user can be named once only")
    }
    if case .host = address {
      node.report(
        "users of this system are known over a Unix socket alone", hint: "set listen: unix:PATH")
    }
  }

  private static func bucket(_ node: SpecNode) -> BucketLocation? {
    let keys = ["to", "endpoint", "region", "addressing", "plain_http"]
    let map = node.isMapping ? node.mapping(keys: keys) : nil
    if node.isMapping, map == nil { return nil }
    guard let text = (map == nil ? node : map?.required("to"))?.string() else { return nil }
    do throws(Diagnostic) {
      var location = try BucketLocation(
        text, endpoint: map?["endpoint"]?.string(), region: map?["region"]?.string())
      location.allowsPlainHTTP = map?["plain_http"]?.boolean() ?? false
      let words = BucketAddressing.allCases.map(\.rawValue)
      location.addressing = map?["addressing"]?.word(of: words).flatMap(BucketAddressing.init)
      try location.checkAddressing()
      return location
    } catch {
      node.report(error.message, hint: error.hint)
      return nil
    }
  }

  private mutating func readReports(_ node: SpecNode?) {
    guard let node else { return }
    if node.isMapping {
      for entry in node.mapping()?.entries ?? [] {
        guard isReport(entry.key, entry.keyNode), let name = entry.value.string(),
          isReport(name, entry.value)
        else { continue }
        reports[entry.key] = name
      }
    } else {
      for entry in node.list() {
        guard let name = entry.string(), isReport(name, entry) else { continue }
        reports[name] = name
      }
    }
    if reports.isEmpty { node.report("at least one report must be named") }
  }

  private func isReport(_ name: String, _ node: SpecNode) -> Bool {
    // It is a part of an address, and of the store's paths.
    let isName =
      (1...63).contains(name.utf8.count)
      && name.utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
      }
    // A number would be taken for the id of a request.
    if isName, Int(name) == nil { return true }
    node.report("expected a pipeline's name of [a-z0-9-], found '\(name)'")
    return false
  }

  private static func address(_ text: String, _ resolve: (String) -> String) -> Address? {
    if text.hasPrefix("unix:") {
      let path = resolve(String(text.dropFirst("unix:".count)))
      // The system's limit on the path of a socket.
      return path.utf8.count < 108 ? .socket(path) : nil
    }
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65_535).contains(port), colon > text.startIndex
    else { return nil }
    let host = text[..<colon].trimmingCharacters(in: ["[", "]"])
    return .host(host, port: port)
  }

  private static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "::1"
      || host.hasPrefix("127.") && !host.contains(where: \.isLetter)
  }
}

/// Paths of a configuration file, relative to its folder.
enum SettingsPaths {
  static func resolve(_ path: String, in folder: String) -> String {
    if path.hasPrefix("/") { return path }
    return URL(fileURLWithPath: folder).appendingPathComponent(path).standardizedFileURL.path
  }
}
