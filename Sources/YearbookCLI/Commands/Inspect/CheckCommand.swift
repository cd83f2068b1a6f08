import ArgumentParser
import Diagnostics
import Engine
import Extraction
import Foundation
import Pipelines
import Stages

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract:
      "Checks all pipelines, schedules, templates and messages; with a database, every query too.",
    discussion: """
      Example:
        yearbook check --pipelines pipelines

      If a source and a record are configured, it also reads each query's columns and runs the \
      isolation trial.
      """)

  @OptionGroup var shared: SharedOptions

  func run() throws {
    let configuration = try shared.configuration()
    let out = Console.standardOutput
    let library = try PipelineLibrary(folder: configuration.pipelineFolder())
    try checkTemplates(of: library, in: configuration.templateFolder())
    let sound =
      "\(Figures.count(library.pipelines.count, "pipeline")),"
      + " \(Figures.count(library.schedules.count, "schedule")), their templates and messages are sound"
    guard let source = configuration.source, let record = configuration.record else {
      out.line(sound)
      out.line("the queries were not tried: configure a source and a record")
      return
    }
    try configuration.withServer {
      let trial = IsolationTrial(
        record: try RunRecord(record).connection,
        catalog: try Source(source, schema: configuration.schema).catalog())
      var faults: [Diagnostic] = []
      var lines: [String] = []
      for pipeline in library.pipelines {
        do {
          let outcome = try trial.run(pipeline)
          faults += pipeline.aggregate?.diagnostics(columns: outcome.columns) ?? []
          let rest =
            outcome.silent.isEmpty
            ? ""
            : " (\(SilentQueries.text(outcome.silent)))"
          lines.append("\(pipeline.name): tenants stay apart in every query\(rest)")
          lines += outcome.reads.filesWithOtherUses.map { file in
            "\(pipeline.name): note: \(file) uses cutoff_at other than by comparing it with a column,"
              + " so every run reads its rows"
          }
        } catch let error as Diagnostics {
          faults += error.all
        }
      }
      guard faults.isEmpty else { throw Diagnostics(faults) }
      out.line(sound)
      for line in lines { out.line(line) }
    }
  }

  /// Throws unless every template exists and names only what exists, and every message exists in
  /// every language.
  private func checkTemplates(of library: PipelineLibrary, in folder: String) throws {
    let templates = try PageTemplates(folder: folder)
    var faults = library.pipelines.flatMap { templates.diagnostics(of: $0) }
    faults += templates.diagnosticsOfStore() + templates.missingMessages()
    for pipeline in library.pipelines {
      guard let stitch = pipeline.stitch else { continue }
      faults += StitchStage.diagnostics(
        of: stitch, pipeline: pipeline.file, templates: folder, catalog: templates.catalog)
    }
    guard faults.isEmpty else { throw Diagnostics(faults) }
  }
}
