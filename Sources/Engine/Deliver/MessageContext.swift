import Basics
import Diagnostics
import Mustache
import Pipelines

/// What a message's template can name.
struct MessageContext {
  /// The recipient's language.
  var locale: String
  /// `tenant`, `title`, `period`, `link`, `name`, `address`, flags, lists, and the maps `row` and
  /// `figures`.
  var values: [String: Any]

  /// The values, and `t` for the texts of the message catalogue. The texts' parameters are the
  /// values' names.
  func root(_ catalog: MessageCatalog, _ faults: Locked<[Diagnostic]>) -> [String: Any] {
    var root = values
    root["t"] = MessageNode(catalog: catalog, locale: locale, values: values, faults: faults)
    root["locale"] = catalog.effectiveLocale(for: locale)
    return root
  }
}

/// A part of the message catalogue, as a template sees it: `t.mail.ready`.
private struct MessageNode: MustacheParent {
  let catalog: MessageCatalog
  let locale: String
  let values: [String: Any]
  let faults: Locked<[Diagnostic]>
  var prefix = ""

  func child(named name: String) -> Any? {
    let key = prefix + name
    guard let message = catalog.message(key, locale: locale) else {
      var node = self
      node.prefix = key + "."
      return node
    }
    var arguments: [String: MessageCatalog.Argument] = [:]
    for name in MessageCatalog.parameters(of: message).union(["count"]) {
      // `row.NAME` and `figures.NAME` are parameters too.
      var found: Any? = values
      for part in name.split(separator: ".") { found = (found as? [String: Any])?[String(part)] }
      if let number = found as? Int { arguments[name] = .number(DecimalNumber(number)) }
      guard let text = found as? String else { continue }
      // What we wrote ourselves need not be kept apart from the words around it.
      let isTyped = ["tenant", "name"].contains(name) || name.hasPrefix("row.")
      arguments[name] = isTyped ? .typed(text) : .text(text)
    }
    do throws(Diagnostic) {
      return try catalog.text(key, locale: locale, arguments)
    } catch {
      faults.withLock { $0.append(error) }
      return ""
    }
  }
}
