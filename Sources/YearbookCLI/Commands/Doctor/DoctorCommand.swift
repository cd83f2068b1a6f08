import ArgumentParser
import Diagnostics
import Engine
import Media
import Pipelines
import Stages

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Tries what a night needs here: libraries, fonts, sandbox, databases, folders.",
    discussion: """
      Each trial is a real one: it draws with the fonts, decodes in the sandbox, links and renames \
      in the store, asks the databases. Run it as the user of the nightly run and under the same \
      limits: yearbook-doctor.timer does so every evening. The exit code is 78 if anything is a \
      fault.

      Examples:
        yearbook doctor --config /etc/yearbook.yaml
        yearbook doctor --quiet      # only what is wrong
        yearbook doctor --json       # for programs
      """)

  @OptionGroup var shared: SharedOptions

  @Flag(help: "Print faults and warnings only.")
  var quiet = false

  @Flag(help: "Print all findings as JSON.")
  var json = false

  func run() throws {
    let configuration = try shared.configuration()
    var findings = Findings(for: json ? .program : quiet ? .peopleInHaste : .people)
    findings.note("yearbook", Version.text)
    for library in StageLibraries.versions { findings.note(library.name, library.version) }
    findings.check("fonts") {
      "drawn: \(try FontTrial.check().joined(separator: ", "))"
    }
    findings.sandbox()
    findings.check("pipelines") {
      let library = try PipelineLibrary(folder: configuration.pipelineFolder())
      return "\(library.folder): \(library.names.joined(separator: ", "))"
    }
    findings.check("templates") { try configuration.templateFolder() }
    findings.folder(.store, of: configuration)
    findings.folder(.workspace, of: configuration)
    findings.permissions(of: configuration)
    findings.protection(of: configuration, shared)
    findings.media(of: configuration)
    findings.databases(of: configuration)
    try findings.finish()
    if findings.faultCount > 0 { throw CommandFailure(exitCode: 78) }
  }
}
