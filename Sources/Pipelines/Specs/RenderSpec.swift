/// The `render:` part of a pipeline file: published names to templates.
package struct RenderSpec: Sendable {
  /// One page and its template.
  package struct Page: Sendable, Hashable {
    /// The published name: `index.html`.
    package var name: String
    /// The template's file in the templates folder.
    package var template: String
    package var place: SpecPlace
  }

  /// In the file's order.
  package var pages: [Page]
  /// The pipelines to which a page can link, for the same tenant and period.
  package var links: [String]
  /// The pictures to share; `nil`: none.
  package var cards: CardsSpec?
  /// The part without comments and the order of keys, for the stage key.
  package var canonicalText: String

  /// Pages without a pipeline file, to check a single page.
  package init(pages: [Page], links: [String] = []) {
    self.pages = pages
    self.links = links
    canonicalText = ""
  }

  /// Reads the part. Faults are reported to the node's reader.
  package init?(_ node: SpecNode) {
    guard let map = node.mapping() else { return nil }
    canonicalText = node.canonicalText
    pages = []
    links = []
    for entry in map.entries {
      if entry.key == "links" {
        links = entry.value.names()
        continue
      }
      if entry.key == "cards" {
        cards = CardsSpec(entry.value)
        continue
      }
      guard RenderSpec.isPageName(entry.key) else {
        entry.keyNode.report(
          "expected 'links', 'cards' or a page's name such as 'index.html', found '\(entry.key)'")
        continue
      }
      guard let template = entry.value.string() else { continue }
      guard RenderSpec.isPageName(template) else {
        entry.value.report("expected a template's name such as 'report.html', found '\(template)'")
        continue
      }
      pages.append(Page(name: entry.key, template: template, place: entry.value.place))
    }
    if pages.isEmpty {
      node.report("there are no pages: add 'index.html: TEMPLATE.html'")
      return nil
    }
  }

  private static func isPageName(_ text: String) -> Bool {
    guard text.hasSuffix(".html"), text.utf8.count > 5 else { return false }
    let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789-_.".utf8)
    return text.utf8.allSatisfy(allowed.contains) && text.utf8.first != UInt8(ascii: ".")
  }
}

/// The `cards:` part of `render:`: what the pictures to share of a report say.
package struct CardsSpec: Sendable, Hashable {
  /// A chart of days, which is drawn; `nil`: nothing is drawn.
  package var cover: String?
  /// The sentence that says it all; `nil`: there is none.
  package var headline: String?
  /// The figures to choose from. The first ones that are not zero are shown.
  package var figures: [String]
  package var place: SpecPlace

  /// A part with these values.
  package init(cover: String?, headline: String?, figures: [String], place: SpecPlace) {
    self.cover = cover
    self.headline = headline
    self.figures = figures
    self.place = place
  }

  /// Reads the part. Faults are reported to the node's reader.
  init?(_ node: SpecNode) {
    guard let map = node.mapping(keys: ["cover", "headline", "figures"]) else { return nil }
    cover = map["cover"]?.name()
    headline = map["headline"]?.name()
    figures = map["figures"]?.names() ?? []
    place = node.place
    if figures.isEmpty {
      node.report("the cards show no figures: add 'figures: [NAME]'")
      return nil
    }
  }
}
