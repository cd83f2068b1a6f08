package import Diagnostics

/// The rules that a page must follow before it is published.
package struct PageCheck: Sendable {
  /// The page's published name: `index.html`.
  package var name: String
  /// The names of all files of the release. Relative links can lead to them.
  package var siblings: Set<String>
  /// Relative addresses outside the release that a page can link to.
  package var addresses: Set<String>
  /// The text of the only script that the page can contain; `nil`: no script is allowed.
  package var script: String?

  /// Rules with these values.
  package init(
    name: String, siblings: Set<String>, addresses: Set<String> = [], script: String? = nil
  ) {
    self.name = name
    self.siblings = siblings
    self.addresses = addresses
    self.script = script
  }

  /// Throws all faults: a page that is not well-formed; a script, an event handler or an inline
  /// style that does not come from us; an `id` that is used twice; a link that does not lead to an
  /// `https` address, a file of the release, a place on the page or an allowed address.
  package func check(_ page: [UInt8]) throws(Diagnostics) {
    let reading = Reading(self)
    do throws(Diagnostic) {
      try XMLReading.read(page, file: name, reading)
      reading.finish()
    } catch {
      reading.found.append(reading.explained(error))
    }
    if !reading.found.isEmpty { throw Diagnostics(reading.found) }
  }

  /// Checks one page while it is read.
  private final class Reading: XMLVisitor {
    private let rules: PageCheck
    var found: [Diagnostic] = []
    private var ids: Set<String> = []
    private var fragments: [(id: String, line: Int)] = []
    /// The scripts: their lines, whether they have attributes, and their texts.
    private var scripts: [(line: Int, isPlain: Bool, text: [UInt8])] = []
    /// How many elements are open around the text of the innermost script; `nil` outside of one.
    private var scriptDepth: Int?
    /// The elements that are open, from the outermost on.
    private var open: [(name: XMLName, line: Int)] = []
    /// The innermost element that was open when the document turned out to be faulty.
    private var innermost: (name: String, line: Int)?
    private let elements = PageCheck.elementFilter
    private let attributes = PageCheck.attributeFilter

    init(_ rules: PageCheck) { self.rules = rules }

    func begins(_ element: XMLElement) {
      open.append((element.name, element.line))
      if element.name.canBe(in: elements) { check(element) }
      element.forEachAttribute { attribute, value in
        guard attribute.canBe(in: attributes) else { return }
        check(PageCheck.lowercased(attribute.text), value, of: element)
      }
    }

    private func check(_ element: XMLElement) {
      let name = element.name.text
      if name == "script" {
        scripts.append((element.line, !element.hasAttributes, []))
        scriptDepth = open.count
      } else if PageCheck.forbidden.contains(PageCheck.lowercased(name)) {
        found.append(rules.fault("the element '\(name)' is not allowed", element.line))
      }
    }

    func text(_ bytes: UnsafeBufferPointer<UInt8>) {
      if scriptDepth != nil { scripts[scripts.count - 1].text += bytes }
    }

    func ends() {
      if scriptDepth == open.count { scriptDepth = nil }
      _ = open.popLast()
    }

    func fails() { innermost = open.last.map { ($0.name.text, $0.line) } }

    /// A fault of the document with the element that it is about. Elements come from templates, so
    /// a message can name them.
    func explained(_ fault: Diagnostic) -> Diagnostic {
      guard let (name, line) = innermost,
        fault.message == XMLReading.mismatch || fault.message == XMLReading.unclosed
      else { return fault }
      var fault = fault
      if PageCheck.void.contains(name) {
        fault.message = XMLReading.unclosed
        fault.hint = "write '<\(name) />': a page is XML, too"
      } else if fault.message == XMLReading.mismatch {
        fault.hint = "the element '\(name)' is still open here: close it first"
        return fault
      } else {
        fault.hint = "close the element '\(name)'"
      }
      fault.subject.line = line
      fault.subject.column = nil
      return fault
    }

    private func check(
      _ attribute: String, _ value: XMLAttributeValue, of element: XMLElement
    ) {
      let line = element.line
      switch attribute {
      case "id":
        if !ids.insert(value.text).inserted {
          found.append(rules.fault("an id is used twice", line))
        }
      case let name where PageCheck.forbiddenAttributes.contains(name):
        found.append(rules.fault("the attribute '\(attribute)' is not allowed", line))
      case let name where name.hasPrefix("on"):
        found.append(rules.fault("an event handler is not allowed", line))
      case let name where PageCheck.linking.contains(name):
        let element = element.name.text
        if attribute == "data", element != "object" { return }
        let value = value.text
        if value.hasPrefix("#") {
          fragments.append((String(value.dropFirst()), line))
        } else if let message = rules.linkFault(value, of: element) {
          found.append(rules.fault(message, line))
        }
      default: break
      }
    }

    /// Checks what can be checked only at the end of the page.
    func finish() {
      let isOurs =
        rules.script != nil && scripts.count == 1 && scripts[0].isPlain
        && scripts[0].text == Array((rules.script ?? "").utf8)
      if !isOurs {
        found += scripts.map { rules.fault("the element 'script' is not allowed", $0.line) }
      }
      for fragment in fragments where !ids.contains(fragment.id) {
        found.append(
          rules.fault("a link leads to a place that the page does not have", fragment.line))
      }
      // In the order of the page. Faults of one line stay in the order in which they were found.
      found = found.enumerated().sorted { one, other in
        (one.element.subject.line ?? 0, one.offset) < (
          other.element.subject.line ?? 0, other.offset
        )
      }.map(\.element)
    }
  }

  /// The elements that HTML lets end without an end tag.
  private static let void: Set<String> = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
  ]

  private static let forbidden: Set<String> = [
    "script", "iframe", "object", "embed", "applet", "base", "form", "foreignobject",
  ]

  private static let forbiddenAttributes: Set<String> = [
    "style", "srcdoc", "srcset", "ping", "formaction", "background",
  ]
  /// The attributes whose value is an address.
  private static let linking: Set<String> = ["href", "src", "action", "poster", "data", "cite"]

  private static let elementFilter = NameFilter(forbidden)
  /// Event handlers begin with `on`.
  private static let attributeFilter = NameFilter(
    forbiddenAttributes.union(linking).union(["id", "on"]))

  /// Names are already in lower case, unless somebody hides one.
  private static func lowercased(_ name: String) -> String {
    let isLower = !name.utf8.contains { $0 >= 0x80 || (0x41...0x5A).contains($0) }
    return isLower ? name : name.lowercased()
  }

  private func fault(_ message: String, _ line: Int) -> Diagnostic {
    Diagnostic(.configuration, message, at: .init(file: name, line: line))
  }

  private func linkFault(_ value: String, of element: String) -> String? {
    if value.hasPrefix("https://") {
      guard element == "a" else { return "a page must not load anything" }
      return WebAddress(value).isLink
        ? nil : "the address of a link has no host, or names a user or a password"
    }
    if element == "img" || element == "image" || element == "link",
      value.hasPrefix("data:image/")
    {
      return nil
    }
    if addresses.contains(value) { return nil }
    // Only plain relative paths are left. A path with a colon, a query or a leading slash is not
    // one.
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
