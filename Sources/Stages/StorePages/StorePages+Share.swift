package import Basics
package import Diagnostics
import Markup
import Media
package import Pipelines

extension StorePages {
  /// What a share shows of one release: words and pictures that were made to be shared.
  package struct Share: Sendable {
    /// The names of the pictures below `data/`: of these, a report must have the first.
    package static let pictures =
      [Preview.picture]
      + ShareCardTemplates.Shape.allCases.map(\.name).filter { $0 != Preview.picture }
    /// The QR code of the page's address.
    package static let code = "qr.svg"
    /// The film, its first picture and its captions.
    package static let film = ["film.mp4", "poster.jpg", "captions.vtt"]

    /// The page's own address, `https://…/index.html`.
    package var page: String
    /// Where its files are, relative to the page: `releases/ID/data`.
    package var folder: String
    /// The names of its files.
    package var files: [String]
    /// The last day on which it is shown; `nil` without an end.
    package var until: CivilDate?
    private let words: [String]

    /// - Parameter picture: the bytes of `Preview.picture`, whose words are taken from it.
    package init(
      page: String, folder: String, files: [String], until: CivilDate?, picture: [UInt8]
    ) {
      self.page = page
      self.folder = folder
      self.files = files
      self.until = until
      words = StillImage.description(ofPNG: picture).split(separator: "\n").map(String.init)
    }

    /// The QR code of an address, an SVG document.
    ///
    /// - Parameter title: what it leads to, for people who do not see it.
    package static func drawing(ofCode address: String, title: String) throws(Diagnostic) -> [UInt8]
    {
      try QRCode(address).svg(title: title)
    }

    /// Whose it is, with the person before the tenant.
    var who: String { words.first ?? "" }
    var title: String { words.dropFirst().first ?? "" }
    /// What it says: a sentence, if there is one, and then figures.
    private var said: ArraySlice<String> { words.dropFirst(2) }
    var says: String { said.joined(separator: " · ") }

    /// The sentence that says it all; `nil` without one. A figure is written `label: value`.
    var headline: String? {
      guard let first = said.first else { return nil }
      return said.count > ShareCard.most || !first.contains(": ") ? first : nil
    }

    var figures: [(label: String, value: String)] {
      said.dropFirst(headline == nil ? 0 : 1).compactMap { line in
        guard let colon = line.ranges(of: ": ").last else { return nil }
        return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
      }
    }
  }

  /// `tenants/SLUG/shared/NAME/index.html`: what everybody sees to whom somebody gave the address.
  package static func shared(
    _ share: Share, tenant: Tenant, templates: PageTemplates
  ) throws(Diagnostic) -> [UInt8] {
    let hasFilm = Share.film.allSatisfy(share.files.contains)
    let page = try StorePage(.share, of: tenant, templates: templates, media: hasFilm)
    func file(_ name: String) -> String { page.link("\(share.folder)/\(name)") }
    page["who"] = page.text(share.who)
    page["title"] = page.text(share.title)
    page["headline"] = share.headline.map(page.text)
    page["figures"] = share.figures.map { figure in
      PageView(["label": page.text(figure.label), "value": page.text(figure.value)])
    }
    page["page"] = page.text(share.page)
    page["says"] = page.text(share.says)
    page["preview"] = page.text(share.page.replacing("index.html", with: "") + "\(share.folder)/")
    page["code"] = file(Share.code)
    for shape in ShareCardTemplates.Shape.allCases where share.files.contains(shape.name) {
      page["\(shape)_width"] = String(shape.width)
      page["\(shape)_height"] = String(shape.height)
      page["\(shape)"] = file(shape.name)
    }
    if hasFilm {
      let names = Share.film.map(file)
      page["film"] = PageView(["film": names[0], "poster": names[1], "captions": names[2]])
    }
    if let until = share.until {
      page["until"] = page.text(page.messages.format.date(until))
    }
    return try page.bytes()
  }

  /// Throws if the templates cannot make both pages of a share: before anything is shared.
  package static func checkSharing(
    of tenant: Tenant, templates: PageTemplates
  ) throws(Diagnostic) {
    let share = Share(
      page: "https://a.example/index.html", folder: "releases/r/data", files: Share.pictures,
      until: nil, picture: [])
    _ = try shared(share, tenant: tenant, templates: templates)
    _ = try gone(tenant, templates: templates)
  }

  /// What is left where a share was: it says that something was, and not what or whose.
  package static func gone(
    _ tenant: Tenant, templates: PageTemplates
  ) throws(Diagnostic) -> [UInt8] {
    try StorePage(.gone, owner: "gone", locale: tenant.locale, templates: templates).bytes()
  }
}
