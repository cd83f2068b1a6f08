public import Diagnostics

/// What a finished page must keep to before it is published.
public struct PageCheck: Sendable {
  /// The page's published name: `index.html`.
  public var name: String
  /// All names of the release, which relative links may lead to.
  public var siblings: Set<String>
  /// Relative addresses outside of the release that a page may link to.
  public var addresses: Set<String>
  /// The text of the only script that the page may hold; `nil`: none.
  public var script: String?

  public init(
    name: String, siblings: Set<String>, addresses: Set<String> = [], script: String? = nil
  ) {
    self.name = name
    self.siblings = siblings
    self.addresses = addresses
    self.script = script
  }

  /// Throws all that is wrong: not well-formed; a script, an event handler or an inline style (none is ours); an
  /// `id` twice; a link that is neither `https`, nor to a file of the release, nor to a place of the page, nor to an
  /// allowed address.
  public func check(_ page: [UInt8]) throws(Diagnostics) {
    var found: [Diagnostic] = []
    do throws(Diagnostic) {
      let document = try XMLDocument(parsing: page, file: name)
      var ids: Set<String> = []
      var fragments: [(id: String, line: Int)] = []
      let isOurScript = script != nil && document.texts(of: "script") == [script ?? ""]
      document.forEachElement { element, line, attributes in
        if element == "script", isOurScript, attributes.isEmpty { return }
        if PageCheck.forbidden.contains(element.lowercased()) {
          found.append(fault("the element '\(element)' is not allowed", line))
        }
        for (attribute, value) in attributes {
          switch attribute.lowercased() {
          case "id":
            if !ids.insert(value).inserted { found.append(fault("an id stands twice", line)) }
          case "style", "srcdoc", "srcset", "ping", "formaction", "background":
            found.append(fault("the attribute '\(attribute)' is not allowed", line))
          case let name where name.hasPrefix("on"):
            found.append(fault("an event handler is not allowed", line))
          case "href", "src", "action", "poster", "data", "cite":
            if attribute == "data", element != "object" { continue }
            if value.hasPrefix("#") {
              fragments.append((String(value.dropFirst()), line))
            } else if let message = linkFault(value, of: element) {
              found.append(fault(message, line))
            }
          default: break
          }
        }
      }
      for fragment in fragments where !ids.contains(fragment.id) {
        found.append(fault("a link leads to a place that the page does not have", fragment.line))
      }
    } catch {
      found.append(error)
    }
    if !found.isEmpty { throw Diagnostics(found) }
  }

  private static let forbidden: Set<String> = [
    "script", "iframe", "object", "embed", "applet", "base", "form", "foreignobject",
  ]

  private func fault(_ message: String, _ line: Int) -> Diagnostic {
    Diagnostic(.configuration, message, at: .init(file: name, line: line))
  }

  private func linkFault(_ value: String, of element: String) -> String? {
    if value.hasPrefix("https://") { return element == "a" ? nil : "a page must fetch nothing" }
    if element == "img" || element == "image" || element == "link",
      value.hasPrefix("data:image/")
    {
      return nil
    }
    if addresses.contains(value) { return nil }
    // Only plain relative paths are left: a colon, a query or a leading slash is none.
    guard !value.isEmpty, !value.hasPrefix("/"), !value.contains(where: { ":?\\".contains($0) })
    else { return "a link is neither https nor relative" }
    let path = value.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0]
    var parts = name.split(separator: "/").dropLast().map(String.init)
    for part in path.split(separator: "/") {
      switch part {
      case ".": break
      case "..":
        if parts.isEmpty { return "a link leads out of the release" }
        parts.removeLast()
      default: parts.append(String(part))
      }
    }
    let target = parts.joined(separator: "/")
    return siblings.contains(target) ? nil : "a link leads to a file that the release does not have"
  }
}
