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

      It makes each pipeline's pages in every language from generated rows, and names the \
      template's line of what would fail a run. If a source and a record are configured, it also \
      reads each query's columns, runs the isolation trial and looks for an order that is not unique.
      """)

  @OptionGroup var shared: SharedOptions

  func run() throws {
    let configuration = try shared.configuration()
    let out = Console.standardOutput
    let library = try PipelineLibrary(folder: configuration.pipelineFolder())
    let templates = try PageTemplates(folder: configuration.templateFolder())
    var faults = self.faults(of: templates, library)
    add(try messageFaults(configuration, library), to: &faults)
    let sound =
      "\(Figures.count(library.pipelines.count, "pipeline")),"
      + " \(Figures.count(library.schedules.count, "schedule")), their templates and messages are sound"
    guard !configuration.sourceNames.isEmpty, let record = configuration.record else {
      if faults.isEmpty {
        for pipeline in library.pipelines {
          add(try PageTrial(pipeline, templates: templates).faults(), to: &faults)
        }
      }
      guard faults.isEmpty else { throw Diagnostics(faults) }
      out.line(sound)
      out.line("the queries were not tried: configure a source and a record")
      return
    }
    // Pages are tried only if nothing is known to be wrong with what they are made of.
    let canTryPages = faults.isEmpty
    try configuration.withServer {
      let record = try RunRecord(record).connection
      var trials: [String?: IsolationTrial] = [:]
      var lines: [String] = []
      // Without a channel no address is read, and the role need not be able to.
      let tried = configuration.channels.isEmpty ? library.withoutDelivery : library
      for pipeline in tried.pipelines {
        do {
          let name = pipeline.extract.source
          guard configuration.sourceNames.contains(name) else {
            lines.append(
              "\(pipeline.name): not tried: its source \(name.map { "'\($0)' " } ?? "")is not configured"
            )
            if canTryPages {
              add(try PageTrial(pipeline, templates: templates).faults(), to: &faults)
            }
            continue
          }
          let trial =
            try trials[name]
            ?? IsolationTrial(
              record: record,
              catalog: configuration.openShards(
                name, pipelines: library.folder, isLimited: false
              ).first().catalog())
          trials[name] = trial
          let outcome = try trial.run(pipeline)
          var found = pipeline.aggregate?.diagnostics(columns: outcome.columns) ?? []
          if found.isEmpty, canTryPages {
            let pages = PageTrial(pipeline, templates: templates, types: outcome.types)
            found = try pages.faults()
          }
          add(found + outcome.ties, to: &faults)
          let rest =
            outcome.silent.isEmpty
            ? ""
            : " (\(SilentQueries.text(outcome.silent)))"
          lines.append("\(pipeline.name): tenants stay apart in every query\(rest)")
          lines += outcome.reads.filesWithOtherUses.map { file in
            "\(pipeline.name): note: \(file) uses cutoff_at or previous_ends_at other than by comparing"
              + " it with a column, so every run reads its rows"
          }
        } catch let error as Diagnostics {
          add(error.all, to: &faults)
        }
      }
      guard faults.isEmpty else { throw Diagnostics(faults) }
      out.line(sound)
      for line in lines { out.line(line) }
    }
  }

  /// The faults in what people are told. Without channels their names are not looked at.
  private func messageFaults(
    _ configuration: Configuration, _ library: PipelineLibrary
  ) throws -> [Diagnostic] {
    let messages = try MessageTemplates(folder: configuration.templateFolder())
    let channels = configuration.channels.isEmpty ? nil : configuration.channels
    return library.pipelines.flatMap {
      messages.diagnostics(of: $0, in: library, channels: channels)
    } + configuration.operatorFaults(messages) + [configuration.linkFault].compactMap(\.self)
  }

  /// Pipelines share templates and messages: each fault counts once.
  private func add(_ more: [Diagnostic], to faults: inout [Diagnostic]) {
    for fault in more where !faults.contains(fault) { faults.append(fault) }
  }

  /// The faults that can be found without making a page: templates that do not exist or name what
  /// does not exist, messages that a language lacks, or that name what they do not get.
  private func faults(of templates: PageTemplates, _ library: PipelineLibrary) -> [Diagnostic] {
    var faults = library.pipelines.flatMap { templates.diagnostics(of: $0) }
    faults += templates.strayParameters(of: library.pipelines)
    faults += templates.diagnosticsOfStore() + templates.missingMessages()
    for pipeline in library.pipelines {
      guard let stitch = pipeline.stitch else { continue }
      faults += StitchStage.diagnostics(
        of: stitch, pipeline: pipeline.file, templates: templates.folder,
        catalog: templates.catalog)
      add(StitchStage.diagnostics(ofPage: templates), to: &faults)
    }
    return faults
  }
}
