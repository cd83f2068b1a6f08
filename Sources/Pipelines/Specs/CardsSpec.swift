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
