import Basics
import Diagnostics
import Markup
import Media
import Mustache
import Pipelines

/// Makes the pages of one partition from its report model.
///
/// A page is one self-contained file: its style is inline, it fetches nothing, and its only script
/// is the search of a table. An XML parser reads and checks each page before it leaves the stage.
package struct RenderStage: Stage {
  package let name = "render"
  package let readsRows = false
  private static let version = 13
  /// The template of the pages of rows of a long table.
  static let rowsTemplate = "rows"

  package init() {}

  /// The key names the spec, the templates, the messages, the report model and its pictures.
  package func prepare(
    _ work: PartitionWork, inputs: [Artifact], environment: any StageEnvironment
  ) throws -> PreparedStage {
    let templates = try PageTemplates.cached(folder: environment.templates)
    for page in work.pipeline.render?.pages ?? [] {
      // A template that cannot be read fails before anything is made.
      try templates.compiled.library(for: String(page.template.dropLast(5)))
    }
    return PreparedStage(try keyInputs(work, inputs, templates, environment)) {
      try run(work, inputs, templates, environment)
    }
  }

  private func keyInputs(
    _ work: PartitionWork, _ inputs: [Artifact], _ templates: PageTemplates,
    _ environment: any StageEnvironment
  ) throws -> KeyInputs {
    var key = KeyInputs(stage: name, version: RenderStage.version)
    key.add("pipeline", work.pipeline.name)
    key.add("render", contentsOf: try spec(of: work).canonicalText.utf8)
    key.add("title", work.pipeline.title(for: work.tenant.locale))
    key.add("time zone", work.tenant.zone.digest)
    key.add("templates", templates.digest)
    let accent = Accent(tenant: work.tenant.id)
    key.add("accent", "\(accent.light) \(accent.dark)")
    key.add("messages", templates.catalog.digest)
    if cards(of: work) != nil {
      key.add("cards", try ShareCardTemplates.cached(folder: environment.templates).digest)
      key.add("fonts", RasterFonts.digest)
    }
    for link in try links(of: work) {
      // Its film's picture and length are on the page.
      key.add("link \(link)", work.linked?[link].map { "\($0.digest)" } ?? "")
    }
    for input in inputs { key.add("input \(input.name)", input.digest) }
    // The inputs hold only the object keys of pictures. Their content can change, so it is part of
    // the key.
    for (table, keys) in try PagePictures.keys(of: work, files: files(inputs)) {
      for object in keys {
        key.add("picture \(table) \(object)", try environment.keyText(ofMedia: object))
      }
    }
    return key
  }

  private func run(
    _ work: PartitionWork, _ inputs: [Artifact], _ templates: PageTemplates,
    _ environment: any StageEnvironment
  ) throws -> StageOutput {
    let spec = try spec(of: work)
    let model = try model(of: work, inputs)
    let files = files(inputs)
    let addresses = Dictionary(
      try links(of: work).map { ($0, StorePages.address(of: $0, period: work.period)) },
      uniquingKeysWith: { first, _ in first })
    var output = StageOutput(files: [])
    var pictures: [ExactText: PagePicture] = [:]
    for (table, keys) in try PagePictures.keys(of: work, files: files) {
      let made = try PagePictures(environment: environment).make(keys, of: table)
      pictures.merge(made.pictures) { first, _ in first }
      output.files += made.files
      output.warnings += made.warnings
    }
    var films: [String: LinkedFilm] = [:]
    for (pipeline, release) in work.linked ?? [:] where addresses[pipeline] != nil {
      films[pipeline] = try LinkedFilm(release, of: pipeline)
    }
    output.files += films.sorted { $0.key < $1.key }.map {
      .init(name: $0.value.name, mediaType: "image/jpeg", content: .bytes($0.value.poster))
    }
    let cards = try cards(work, model, templates, environment)
    output.files += cards
    let siblings = Set(
      inputs.filter(\.isPublished).map(\.name) + spec.pages.map(\.name)
        + output.files.map(\.name) + model.tables.flatMap(PageRows.names))
    let renderer = PageRenderer(
      work: work, model: model, templates: templates, files: files, links: addresses,
      siblings: siblings, pictures: pictures, films: films, cards: cards.map(\.name))
    let (rows, pages) = try renderer.rowsPages(
      environment: environment, up: spec.pages.first?.name ?? "index.html")
    output.files += rows
    output.files += try spec.pages.map { page in
      StageOutput.File(
        name: page.name, mediaType: "text/html",
        content: .bytes(try renderer.page(page, pages: pages)))
    }
    return output
  }

  /// What is drawn to share; nothing as long as the period is under way: its figures change, and
  /// who has sent a picture cannot take it back.
  private func cards(of work: PartitionWork) -> CardsSpec? {
    work.progress.isProvisional ? nil : work.pipeline.render?.cards
  }

  /// The pictures to share; none of an empty partition.
  func cards(
    _ work: PartitionWork, _ model: ReportModel, _ templates: PageTemplates,
    _ environment: any StageEnvironment
  ) throws -> [StageOutput.File] {
    guard let cards = cards(of: work) else { return [] }
    let messages = ReportMessages(
      catalog: templates.catalog, pipeline: work.pipeline.name, locale: work.tenant.locale,
      zone: work.tenant.zone)
    guard
      let card = try ShareCard(
        model, cards, title: work.pipeline.title(for: messages.locale), messages: messages)
    else { return [] }
    return try ShareCards(
      card: card, templates: .cached(folder: environment.templates), tenantID: work.tenant.id,
      locale: messages.locale, environment: environment
    ).make()
  }

  /// The pipelines that the pages link to, if they have a release.
  private func links(of work: PartitionWork) throws -> [String] {
    let links = try spec(of: work).links
    guard let linked = work.linked else { return links }
    return links.filter { linked[$0] != nil }
  }

  private func model(of work: PartitionWork, _ inputs: [Artifact]) throws -> ReportModel {
    let report = try report(inputs)
    return try work.memory.model(report.digest) { try ReportModel(json: json(of: report)) }
  }

  private func report(_ inputs: [Artifact]) throws(Diagnostic) -> Artifact {
    guard let report = inputs.first(where: { $0.name == "report.json" }) else {
      throw Diagnostic(.bug, "'render' was run without a report model")
    }
    return report
  }

  private func json(of report: Artifact) throws -> [UInt8] {
    guard let json = try FileReader.contents(report.path) else {
      throw Diagnostic(.io, "the report model is no longer in the workspace")
    }
    return json
  }

  private func files(_ inputs: [Artifact]) -> [String: Artifact] {
    Dictionary(inputs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  private func spec(of work: PartitionWork) throws -> RenderSpec {
    guard let spec = work.pipeline.render else {
      throw Diagnostic(
        .bug, "'render' was planned for a pipeline that does not have this stage",
        at: .init(file: work.pipeline.file))
    }
    return spec
  }
}
