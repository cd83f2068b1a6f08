import Basics
package import Diagnostics
import Markup
import Mustache
import Pipelines

/// One page of a store while it is made: what its template sees, and where its links can lead.
///
/// Texts enter as data, through `text` and `link`. Confined to the thread that makes the page.
final class StorePage: MustacheParent {
  /// The templates of the store's pages.
  enum Template: String, CaseIterable {
    case index = "store-index"
    case address = "store-address"
    case encrypted = "store-encrypted"
    case overview = "store-operator"
    case withdrawn = "store-withdrawn"
    case own = "store-own"
    case share = "store-share"
    case gone = "store-gone"

    /// `store-index.html`
    var file: String { "\(rawValue).html" }
  }

  /// Stands for the head until the page has been checked. The head is ours, ten times as long as
  /// most pages, and the same on all of them: it need not be read again each time. No text of a
  /// tenant can be this element, because texts are escaped.
  private static let headPlace = "<meta name=\"head-place\" />"

  let messages: ReportMessages
  private let template: Template
  private let templates: PageTemplates
  private let head: String
  private let values: PageView
  private let script: String?
  private var addresses: Set<String> = []
  private var failure: (any Error)?

  /// - Parameters:
  ///   - owner: the tenant's id, which decides the accent.
  ///   - script: the only script of the page.
  ///   - media: whether the page plays a film from a file beside it.
  ///   - values: what the template sees beside `lang`, `head` and `t`.
  init(
    _ template: Template, owner: String, locale: String, templates: PageTemplates,
    script: String? = nil, media: Bool = false, values: [String: Any] = [:]
  ) throws(Diagnostic) {
    self.script = script
    messages = ReportMessages(
      catalog: templates.catalog, pipeline: "store", locale: locale, zone: .utc)
    self.template = template
    self.templates = templates
    self.values = PageView(values)
    head = PageHead(templates: templates, tenantID: owner, media: media, script: script).markup
  }

  /// A page that a tenant reads.
  convenience init(
    _ template: Template, of tenant: Tenant, templates: PageTemplates, script: String? = nil,
    media: Bool = false
  ) throws(Diagnostic) {
    try self.init(
      template, owner: tenant.id, locale: tenant.locale, templates: templates, script: script,
      media: media,
      values: ["tenant": PageView(["name": PageText.carry(tenant.name)])])
  }

  subscript(name: String) -> Any? {
    get { values[name] }
    set { values[name] = newValue }
  }

  /// The form of a text in which it stays data, whatever the template does.
  func text(_ text: String) -> String { PageText.carry(text) }

  /// The same for a relative address. The page can link to it.
  func link(_ address: String) -> String {
    addresses.insert(XMLText.sanitized(address))
    return PageText.carry(address)
  }

  func child(named name: String) -> Any? {
    switch name {
    case "lang": PageText.carry(messages.locale)
    case "head": Self.headPlace
    case "script": script.map { "<script>\($0)</script>" }
    case "t": PageMessages(messages: messages) { key in self.message(key) }
    default: values[name]
    }
  }

  /// A message, for the template. The engine cannot throw a failure, so the first one is kept.
  private func message(_ key: String) -> String? {
    do {
      return PageText.carry(try messages.text(key))
    } catch {
      if failure == nil { failure = error }
      return nil
    }
  }

  private func withHead(_ bytes: [UInt8]) -> [UInt8] {
    guard let place = bytes.firstRange(of: Array(Self.headPlace.utf8)) else { return bytes }
    return bytes[..<place.lowerBound] + Array(head.utf8) + bytes[place.upperBound...]
  }

  /// The finished page. Throws its first fault: the template is missing, or the page breaks a rule
  /// of pages.
  func bytes() throws(Diagnostic) -> [UInt8] {
    let file = Diagnostic.Subject(file: "\(templates.folder)/\(template.file)")
    do {
      guard let text = try templates.compiled.render(self, template.rawValue) else {
        throw templates.missing(template)
      }
      if let failure { throw failure }
      let bytes = PageText.deliver(text)
      let check = PageCheck(
        name: "index.html", siblings: ["index.html", "catalog.json"], addresses: addresses,
        script: script)
      do throws(Diagnostics) {
        try check.check(bytes)
      } catch {
        throw templates.compiled.located(error, by: check, of: template.rawValue, self)
      }
      return withHead(bytes)
    } catch {
      guard var fault = error as? Diagnostic ?? (error as? Diagnostics)?.all.first else {
        throw Diagnostic(.bug, "the page cannot be made", at: file, underlying: error)
      }
      // A line of the page is not one of the template.
      if fault.subject.file?.hasPrefix(templates.folder + "/") != true { fault.subject = file }
      throw fault
    }
  }
}

extension PageTemplates {
  fileprivate func missing(_ template: StorePage.Template) -> Diagnostic {
    Diagnostic(
      .configuration, "no template is named '\(template.file)'", at: .init(file: folder),
      hint: "a page of the store is made with it: copy it from the program's own templates")
  }

  /// The templates of a folder, read once per process, if the pages of a store can be made with
  /// them. Throws all that are missing.
  package static func ofStore(folder: String) throws(Diagnostics) -> PageTemplates {
    let templates = try cached(folder: folder)
    let missing = templates.missingOfStore()
    guard missing.isEmpty else { throw Diagnostics(missing) }
    return templates
  }

  /// The faults of templates of the store's pages that do not exist.
  func missingOfStore() -> [Diagnostic] {
    // Most stores never need these. Who withdraws or shares something, or has reports of people, is
    // told.
    let rare: [StorePage.Template] = [.withdrawn, .own, .share, .gone]
    return StorePage.Template.allCases.filter { !rare.contains($0) && !has($0.rawValue) }
      .map(missing)
  }
}
