import Diagnostics
import Glibc
import Markup
import Mustache
public import Pipelines

/// Makes the pages of one partition from its report model.
///
/// A page is one self-contained file: no script, its style inlined, nothing fetched. It is read by an XML parser and
/// checked before it leaves the stage.
public struct RenderStage: Stage {
  public let name = "render"
  private static let version = 2

  public init() {}

  public func keyInputs(
    _ work: PartitionWork, inputs: [Artifact], environment: any StageEnvironment
  ) throws -> KeyInputs {
    let templates = try PageTemplates.cached(folder: environment.templates)
    var key = KeyInputs(stage: name, version: RenderStage.version)
    key.add("pipeline", work.pipeline.name)
    key.add("render", contentsOf: try spec(of: work).canonicalText.utf8)
    key.add("title", work.pipeline.title(for: work.tenant.locale))
    key.add("templates", templates.digest)
    let accent = Accent(tenant: work.tenant.id)
    key.add("accent", "\(accent.light) \(accent.dark)")
    key.add("messages", templates.catalog.digest)
    for input in inputs { key.add("input \(input.name)", input.digest) }
    return key
  }

  public func run(
    _ work: PartitionWork, inputs: [Artifact], environment: any StageEnvironment
  ) throws -> StageOutput {
    let spec = try spec(of: work)
    let templates = try PageTemplates.cached(folder: environment.templates)
    guard let report = inputs.first(where: { $0.name == "report.json" }) else {
      throw Diagnostic(.bug, "'render' was run without a report model")
    }
    let model = try ReportModel(json: try RenderStage.contents(of: report.path))
    let files = Dictionary(inputs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let addresses = Dictionary(
      spec.links.map { ($0, StorePages.address(of: $0, period: work.period)) },
      uniquingKeysWith: { first, _ in first })
    let siblings = Set(
      inputs.filter(\.isPublished).map(\.name) + spec.pages.map(\.name))
    let pages = try spec.pages.map { page in
      let bytes = try render(page, work, model, templates, files: files, links: addresses)
      try PageCheck(name: page.name, siblings: siblings, addresses: Set(addresses.values))
        .check(bytes)
      return StageOutput.File(name: page.name, mediaType: "text/html", content: .bytes(bytes))
    }
    return StageOutput(files: pages)
  }

  private func render(
    _ page: RenderSpec.Page, _ work: PartitionWork, _ model: ReportModel,
    _ templates: PageTemplates, files: [String: Artifact], links: [String: String]
  ) throws -> [UInt8] {
    let messages = try ReportMessages(
      catalog: templates.catalog, pipeline: work.pipeline.name, locale: work.tenant.locale,
      timeZone: work.tenant.timeZone)
    let context = PageContext(
      model: model, messages: messages, title: work.pipeline.title(for: messages.locale),
      head: PageHead(styleSheet: templates.styleSheet, tenantID: work.tenant.id), files: files,
      links: links)
    guard
      let text = templates.library.render(context, withTemplate: String(page.template.dropLast(5)))
    else {
      throw Diagnostics(templates.diagnostics(of: RenderSpec(pages: [page])))
    }
    if let failure = context.failure { throw failure }
    return PageText.deliver(text)
  }

  private func spec(of work: PartitionWork) throws -> RenderSpec {
    guard let spec = work.pipeline.render else {
      throw Diagnostic(
        .bug, "'render' was planned for a pipeline without it", at: .init(file: work.pipeline.file))
    }
    return spec
  }

  private static func contents(of path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw Diagnostic(.io, "the report model can't be opened: error \(errno)")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw Diagnostic(.io, "the report model can't be read: error \(errno)")
      }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }
}
