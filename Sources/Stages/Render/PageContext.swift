import Basics
import Diagnostics
import Markup
import Mustache
import Pipelines

/// What a template sees of a report model. Values are made when the template asks for them, so a
/// page costs only what it shows.
///
/// `figures.NAME`, `sentences.NAME`, `charts.NAME`, `tables.NAME`, `links.PIPELINE`, `t.KEY` and
/// the plain values of `child`. Confined to the thread that renders the page.
final class PageContext: MustacheParent {
  let model: ReportModel
  let messages: ReportMessages
  let values: ReportValue
  /// The input files, by name.
  let files: [String: Artifact]
  let links: [String: String]
  /// Object key to picture.
  var pictures: [ExactText: PagePicture] = [:]
  /// The films of linked pipelines.
  var films: [String: LinkedFilm] = [:]
  /// The names of the pictures to share.
  var cards: [String] = []
  /// The pages of rows of each long table.
  var pages: [String: [PageRowsLink]] = [:]
  /// The rows that a page of rows shows.
  var rows: PageRows?
  /// The page that a page of rows belongs to.
  var up = "index.html"
  /// The script of the page; empty without one.
  var script = ""
  /// The style sheets and the security policy, finished.
  private let head: PageHead
  private let title: String
  /// Finished markup. The template's text contains marks for it.
  private(set) var blocks: [[UInt8]] = []
  /// The tables and charts made so far: a template can name one several times.
  private var found: [String: Any?] = [:]
  /// The parameters that every message can use: the tenant, the period and so on.
  private(set) lazy var globals = makeGlobals()
  /// The first failure. It is kept because the template engine cannot throw it.
  private(set) var failure: (any Error)?

  init(
    model: ReportModel, messages: ReportMessages, title: String, head: PageHead,
    files: [String: Artifact], links: [String: String]
  ) {
    self.model = model
    self.messages = messages
    self.title = title
    self.head = head
    self.files = files
    self.links = links
    values = ReportValue(messages)
  }

  /// Runs what can fail. The template continues without the value, and the page is refused at the
  /// end.
  func attempt<T>(_ body: () throws -> T?) -> T? {
    do {
      return try body()
    } catch {
      if failure == nil { failure = error }
      return nil
    }
  }

  func child(named name: String) -> Any? {
    switch name {
    case "lang": PageText.carry(messages.locale)
    case "title": PageText.carry(title)
    case "head": block(Array(head.markup.utf8))
    case "tenant": tenant
    case "person": model.person.map(PageText.carry) ?? false
    case "period": period
    case "as_of": model.asOf.flatMap { CivilDate($0) }.map { messages.format.date($0) }
    case "empty": model.isEmpty
    case "provisional": model.isProvisional
    case "final": !model.isProvisional
    case "comparison": attempt { try self.comparison() }.map(PageText.carry) ?? false
    case "version": String(model.version)
    case "up": PageText.carry(up)
    case "rows": once("rows") { try self.rowsView() }
    case "script": script.isEmpty ? nil : block(Array("<script>\(script)</script>".utf8))
    case "t":
      PageMessages(messages: messages) { key in
        self.attempt { PageText.carry(try self.messages.text(key, self.globals)) }
      }
    case "figures":
      PageNode { name in self.model.figure(name).flatMap { figure in self.view(figure) } }
    case "sentences":
      PageNode { name in
        self.model.sentences.first { $0.name == name }.map { PageText.carry($0.text) }
      }
    case "charts": PageNode { name in self.once("chart " + name) { try self.charts(name) } }
    case "covers": PageNode { name in self.once("cover " + name) { self.cover(name) } }
    case "cover_of":
      PageNode { name in
        self.attempt { try self.coverText(name).map(PageText.carry) } ?? false
      }
    case "tables": PageNode { name in self.once("table " + name) { try self.table(name) } }
    case "links": PageNode { name in self.links[name].map(PageText.carry) }
    case "films":
      PageNode { name in
        self.films[name].map {
          PageView([
            "poster": PageText.carry($0.name), "width": String($0.width),
            "height": String($0.height), "length": $0.length,
          ])
        }
      }
    case "cards": cardsView
    case "definitions": once("definitions") { try self.definitions() }
    // A heading must not stand over nothing.
    case "any_quality": !model.findings.isEmpty || !model.ties.isEmpty
    case "quality": attempt { try self.quality() }
    case "readings":
      model.readings.map {
        PageView(["name": $0.dataset, "rows": messages.format.integer($0.rows)])
      }
    case "tied":
      attempt {
        let count = MessageCatalog.Argument.number(DecimalNumber(model.ties.count))
        return model.ties.isEmpty
          ? nil : PageText.carry(try messages.text("page.tied", ["count": count, "ties": count]))
      }
    case "files": attempt { try self.fileList() }
    case "workbook": attempt { try self.workbookView() } ?? false
    default: nil
    }
  }

  /// Keeps finished markup and returns its mark for the template's text.
  func block(_ markup: [UInt8]) -> String {
    blocks.append(markup)
    return PageText.mark(ofBlock: blocks.count - 1)
  }

  private func once(_ key: String, _ make: () throws -> Any?) -> Any? {
    if let known = found[key] { return known }
    let made = attempt(make)
    found[key] = .some(made)
    return made
  }

  private func makeGlobals() -> [String: MessageCatalog.Argument] {
    var globals: [String: MessageCatalog.Argument] = [
      "tenant": .typed(model.tenant.name), "period": .text(periodLabel),
      "time_zone": .text(model.tenant.timeZone), "currency": .text(model.tenant.currency),
    ]
    if let day = model.asOf.flatMap({ CivilDate($0) }) {
      globals["as_of"] = .text(messages.format.date(day))
    }
    return globals
  }

  private var tenant: PageView {
    PageView([
      "name": PageText.carry(model.tenant.name), "slug": PageText.carry(model.tenant.slug),
      "time_zone": PageText.carry(model.tenant.timeZone),
      "currency": PageText.carry(model.tenant.currency),
    ])
  }

  private var period: PageView {
    let period = PageView(["name": model.period.name, "label": periodLabel])
    if let start = CivilDate(model.period.start), let end = CivilDate(model.period.end) {
      period["first_day"] = messages.format.date(start)
      period["last_day"] = messages.format.date(end.adding(days: -1))
    }
    return period
  }

  var periodLabel: String {
    Period(model.period.name).map(messages.format.period) ?? model.period.name
  }

  private func definitions() throws -> [PageView] {
    try model.figures.compactMap { figure in
      guard let text = try messages.optional("definitions", figure.name, globals) else {
        return nil
      }
      return PageView([
        "name": figure.name, "label": PageText.carry(try messages.title("figures", figure.name)),
        "text": PageText.carry(text),
      ])
    }
  }

  private func quality() throws -> [PageView] {
    try model.findings.map { finding in
      let count = MessageCatalog.Argument.number(DecimalNumber(finding.rows))
      guard
        let text = try messages.optional("quality", finding.rule, ["count": count])
      else {
        throw Diagnostic(
          .configuration, "no message '\(model.pipeline).quality.\(finding.rule)'",
          hint: "add it to the message catalogues")
      }
      return PageView([
        "text": PageText.carry(text), "rows": messages.format.integer(finding.rows),
      ])
    }
  }
}

/// Named values of a template. A class, because the engine would check the type of a dictionary on
/// every access.
final class PageView: MustacheParent {
  private var values: [String: Any]

  init(_ values: [String: Any]) { self.values = values }

  subscript(name: String) -> Any? {
    get { values[name] }
    set { values[name] = newValue }
  }

  func child(named name: String) -> Any? { values[name] }
}

/// A value of a template whose parts are looked up by name on demand.
struct PageNode: MustacheParent {
  let find: (String) -> Any?

  func child(named name: String) -> Any? { find(name) }
}

/// The message catalogue as a template sees it: `t.sections.people`.
struct PageMessages: MustacheParent {
  let messages: ReportMessages
  var prefix = ""
  /// The text of a message that exists, as data.
  let text: (String) -> String?

  func child(named name: String) -> Any? {
    let key = prefix + name
    guard messages.catalog.message(key, locale: messages.locale) != nil else {
      return PageMessages(messages: messages, prefix: key + ".", text: text)
    }
    return text(key)
  }
}
