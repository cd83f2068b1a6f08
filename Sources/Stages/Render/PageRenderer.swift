import Basics
import Diagnostics
import Foundation
import Markup
import Mustache
import Pipelines

/// Renders the pages of one partition.
struct PageRenderer {
  let work: PartitionWork
  let model: ReportModel
  let templates: PageTemplates
  let files: [String: Artifact]
  /// Pipeline to stable address.
  let links: [String: String]
  /// The names of all files of the release.
  let siblings: Set<String>
  let pictures: [ExactText: PagePicture]
  /// Pipeline to its film.
  var films: [String: LinkedFilm] = [:]
  /// The names of the pictures to share.
  var cards: [String] = []

  /// A page that the pipeline file names.
  func page(_ page: RenderSpec.Page, pages: [String: [PageRowsLink]]) throws -> [UInt8] {
    let name = String(page.template.dropLast(5))
    let shown = Set((templates.parts[name] ?? []).map(\.name))
    let isSearched = model.tables.contains { table in
      !table.hasPages && table.rows > 1 && table.search != nil
        && shown.contains("tables.\(table.name)")
    }
    return try render(name, as: page.name, isSearched: isSearched && !model.isEmpty) { context in
      context.pages = pages
    }
  }

  /// The pages of rows of all long tables, each written to a file, and the links to them.
  func rowsPages(
    environment: any StageEnvironment, up: String
  ) throws -> (files: [StageOutput.File], links: [String: [PageRowsLink]]) {
    var made: [StageOutput.File] = []
    var links: [String: [PageRowsLink]] = [:]
    let messages = self.messages()
    for table in model.tables where table.hasPages {
      guard let file = files[table.file] else {
        throw Diagnostic(.bug, "the page was made without the file '\(table.file)'")
      }
      let page = PageTable(
        table: table, title: try messages.title("tables", table.name), messages: messages,
        currency: model.tenant.currency)
      let reader = try PageRowsReader(table, page, path: file.path)
      while let rows = try reader.next() {
        try environment.checkCancellation()
        var label = ""
        let bytes = try render(
          RenderStage.rowsTemplate, as: rows.name, isSearched: page.isSearched
        ) { context in
          context.rows = rows
          context.up = up
          label = context.attempt { try context.label(of: rows, isShort: true) } ?? ""
        }
        let path = "\(environment.scratch)/\(rows.name)"
        try FileDescriptor.write(file: path, bytes)
        made.append(.init(name: rows.name, mediaType: "text/html", content: .file(path)))
        links[table.name, default: []].append(.init(address: rows.name, label: label))
      }
    }
    return (made, links)
  }

  private func messages() -> ReportMessages {
    ReportMessages(
      catalog: templates.catalog, pipeline: work.pipeline.name, locale: work.tenant.locale,
      zone: work.tenant.zone)
  }

  private func render(
    _ template: String, as name: String, isSearched: Bool, _ prepare: (PageContext) -> Void
  ) throws -> [UInt8] {
    let messages = messages()
    let script = isSearched ? templates.searchScript : ""
    let context = PageContext(
      model: model, messages: messages, title: work.pipeline.title(for: messages.locale),
      head: PageHead(
        templates: templates, tenantID: work.tenant.id,
        isSearched: !script.isEmpty),
      files: files, links: links)
    context.pictures = pictures
    context.films = films
    context.cards = cards
    context.script = script
    prepare(context)
    guard let text = try templates.compiled.render(context, template) else {
      throw Diagnostic(
        .configuration, "no template is named '\(template).html'",
        at: .init(file: work.pipeline.file))
    }
    if let failure = context.failure { throw failure }
    let bytes = PageText.deliver(text, blocks: context.blocks)
    let check = PageCheck(
      name: name, siblings: siblings, addresses: Set(links.values),
      script: script.isEmpty ? nil : script)
    do throws(Diagnostics) {
      try check.check(bytes)
    } catch {
      throw templates.compiled.located(error, by: check, of: template, context) { context.blocks }
    }
    return bytes
  }
}
