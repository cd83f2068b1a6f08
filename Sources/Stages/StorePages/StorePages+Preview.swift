import Media

extension StorePages {
  /// What messengers and networks show for a link to a stable address: the release's wide picture,
  /// and its words.
  package struct Preview: Sendable {
    /// The picture's name below `data/`.
    package static let picture = ShareCardTemplates.Shape.wide.name

    private let page: String
    private let address: String
    private let words: [String]

    /// - Parameters:
    ///   - page: the page's own address.
    ///   - address: the picture's.
    ///   - bytes: the picture, whose words are taken from it; it can be missing.
    package init(page: String, address: String, bytes: [UInt8]) {
      self.page = page
      self.address = address
      words = StillImage.description(ofPNG: bytes).split(separator: "\n").map(String.init)
    }

    func view(_ page: StorePage) -> PageView {
      // The first two lines are whose it is and what: the page's title says that.
      PageView([
        "page": page.text(self.page), "picture": page.text(address),
        "width": String(ShareCardTemplates.Shape.wide.width),
        "height": String(ShareCardTemplates.Shape.wide.height),
        "says": page.text(words.dropFirst(2).joined(separator: " · ")),
        "alt": page.text(words.joined(separator: " · ")),
      ])
    }
  }
}
