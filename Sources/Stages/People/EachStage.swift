import Basics
import Diagnostics
import Foundation
import Media
import Pipelines

/// Makes a report for each of some people of a tenant: `own/FOLDER/` with `index.html`,
/// `report.json` and the pictures to share.
///
/// Nobody can guess a folder's name. Each report is made of the person's own rows, by the stages
/// that make a tenant's, and is a piece of its own: a fault in one costs the others nothing.
package struct EachStage: Stage {
  package let name = "each"
  package let readsRows = true
  private static let version = 1
  /// How many people are held in memory at a time.
  private static let atOnce = 32

  package init() {}

  /// The key names all datasets and what a report is made with, and the folders' names.
  package func prepare(
    _ work: PartitionWork, inputs: [Artifact], environment: any StageEnvironment
  ) throws -> PreparedStage {
    guard let spec = work.pipeline.each, let people = work.dataset(spec.dataset) else {
      throw Diagnostic(
        .bug, "'each' was planned for a pipeline that does not have this part",
        at: .init(file: work.pipeline.file))
    }
    var key = KeyInputs(stage: name, version: Self.version)
    key.add("each", "\(spec.dataset) \(spec.key) \(spec.name) \(spec.shared)")
    for stage in [AggregateStage(), RenderStage()] as [any Stage] {
      let own = try stage.prepare(work, inputs: [], environment: environment).inputs
      for (part, value) in own.parts { key.add("\(stage.name): \(part)", value) }
    }
    for dataset in work.datasets { key.add("rows of \(dataset.name)", dataset.digest) }
    // Without rows, the people are those for whom there are folders.
    let ids = people.content == .unread ? nil : try PersonReader.ids(people, spec)
    let folders = try environment.folders(of: ids)
    let lines = folders.map { "\($0.key) \($0.value)\n" }.sorted()
    key.add("folders", contentsOf: lines.joined().utf8)
    return PreparedStage(key) { try run(work, spec, folders, environment) }
  }

  private func run(
    _ work: PartitionWork, _ spec: EachSpec, _ folders: [String: String],
    _ environment: any StageEnvironment
  ) throws -> StageOutput {
    let templates = try PageTemplates.cached(folder: environment.templates)
    let reader = try PersonReader(work, spec)
    var output = StageOutput(files: [
      .init(
        name: "index.html", mediaType: "text/html",
        content: .bytes(
          try StorePages.personalAddress(
            title: work.pipeline.title(for: work.tenant.locale), tenant: work.tenant,
            folder: PersonalFiles.folder, templates: templates)))
    ])
    var done = 0
    var firstFault: Diagnostic?
    while true {
      var people: [PersonReader.Person] = []
      while people.count < Self.atOnce, let person = try reader.next() { people.append(person) }
      if people.isEmpty { break }
      if work.settings.privacy != .names {
        throw Diagnostic(
          .data, "people have reports of their own, but the tenant's privacy is not 'names'",
          at: spec.place.subject, hint: "the query '\(spec.dataset)' must not name them")
      }
      let (group, before) = (people, done)
      let made = Locked<[Int: Result<[StageOutput.File], Diagnostic>]>([:])
      try environment.parallel(group.count) { index in
        try environment.checkCancellation()
        let outcome = try files(
          of: group[index], number: before + index, work, templates, environment)
        made.withLock { $0[index] = outcome }
      }
      for (index, person) in group.enumerated() {
        switch made.withLock({ $0[index] }) {
        case .success(let files):
          guard let folder = folders[person.id] else {
            throw Diagnostic(.bug, "a person has no folder")
          }
          output.files += files.map { file in
            var file = file
            file.name = "\(PersonalFiles.folder)/\(folder)/\(file.name)"
            return file
          }
        case .failure(let fault):
          if firstFault == nil { firstFault = fault }
          output.warnings.append(
            Warning(
              code: "left-out", subject: "person \(before + index + 1)",
              message: "without a report of their own: \(fault.message)"))
        case nil: throw Diagnostic(.bug, "a person was not worked on")
        }
      }
      done += people.count
      environment.progress(done, of: folders.count, "people")
    }
    // What fails for all of them is not a fault of their rows.
    if let firstFault, output.warnings.count == done { throw firstFault }
    return output
  }

  /// The files of one person, or the fault of their rows. Throws what is no fault of theirs.
  private func files(
    of person: PersonReader.Person, number: Int, _ work: PartitionWork, _ templates: PageTemplates,
    _ environment: any StageEnvironment
  ) throws -> Result<[StageOutput.File], Diagnostic> {
    var own = PartitionWork(
      tenant: work.tenant, settings: work.settings, period: work.period, pipeline: work.pipeline,
      asOf: work.asOf, progress: work.progress, datasets: person.datasets, linked: [:])
    own.person = person.name
    let place = try PersonEnvironment(
      environment, scratch: "\(environment.scratch)/person-\(number)")
    defer { place.finish() }
    do {
      return .success(try files(own, templates, place))
    } catch let fault as Diagnostic where fault.code == .data && !fault.isTransient {
      return .failure(fault)
    } catch let faults as Diagnostics {
      guard let fault = faults.all.first, fault.code == .data else { throw faults }
      return .failure(fault)
    }
  }

  private func files(
    _ own: PartitionWork, _ templates: PageTemplates, _ environment: PersonEnvironment
  ) throws -> [StageOutput.File] {
    let aggregate = try AggregateStage().prepare(own, inputs: [], environment: environment)
    var aggregated: [Artifact]?
    func inputs() throws -> [Artifact] {
      if let aggregated { return aggregated }
      let made = try environment.artifacts(aggregate.run())
      aggregated = made
      return made
    }
    var key = KeyInputs(stage: "person's report", version: Self.version)
    key.add("aggregate", aggregate.inputs.key.digest)
    let report = try environment.cached(key) { path in
      guard let report = try inputs().first(where: { $0.name == "report.json" }) else {
        throw Diagnostic(.bug, "a person has no report model")
      }
      try FileDescriptor.write(file: path, try FileReader.contents(report.path) ?? [])
      return []
    }.file
    let model = try own.memory.model(report.digest) {
      try ReportModel(json: FileReader.contents(report.path) ?? [])
    }
    let render = RenderStage()
    var pageKey = KeyInputs(stage: "person's page", version: Self.version)
    pageKey.add("report", report.digest)
    pageKey.add(
      "render", try render.prepare(own, inputs: [], environment: environment).inputs.key.digest)
    let page = try environment.cached(pageKey) { path in
      let made = try render.prepare(own, inputs: inputs(), environment: environment).run()
      guard case .bytes(let bytes)? = made.files.first(where: { $0.name == "index.html" })?.content
      else { throw Diagnostic(.bug, "a person has no page") }
      try FileDescriptor.write(file: path, bytes)
      return []
    }.file
    return [
      .init(name: "index.html", mediaType: "text/html", content: .artifact(page.content)),
      .init(name: "report.json", mediaType: "application/json", content: .artifact(report.content)),
    ] + (try render.cards(own, model, templates, environment))
  }
}
