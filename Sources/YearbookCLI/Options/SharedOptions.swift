import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Pipelines
import Postgres

/// The flags that every command has.
struct SharedOptions: ParsableArguments {
  @Option(
    help: "The configuration file (default: yearbook.yaml, if it exists).",
    completion: .file(extensions: ["yaml", "yml"]))
  var config: String?
  @Option(help: "The folder of pipelines.", completion: .directory)
  var pipelines: String?
  @Option(help: "The folder of templates.", completion: .directory)
  var templates: String?
  @Option(help: "The platform's database, a libpq URI (YEARBOOK_SOURCE).")
  var source: String?
  @Option(help: "The run record's database, a libpq URI (YEARBOOK_RECORD).")
  var record: String?
  @Option(help: "The folder that readers see (YEARBOOK_STORE).", completion: .directory)
  var store: String?
  @Option(help: "The folder of intermediate results (YEARBOOK_WORKSPACE).", completion: .directory)
  var workspace: String?
  @Option(
    help: "The folder of the platform's media objects (YEARBOOK_MEDIA).", completion: .directory)
  var media: String?

  /// The configuration; these flags override it.
  func configuration() throws -> Configuration {
    var configuration = try Configuration(
      path: config, environment: ProcessInfo.processInfo.environment)
    configuration.source = source ?? configuration.source
    configuration.record = record ?? configuration.record
    configuration.store = store ?? configuration.store
    configuration.workspace = workspace ?? configuration.workspace
    configuration.media = media ?? configuration.media
    configuration.pipelines = pipelines ?? configuration.pipelines
    configuration.templates = templates ?? configuration.templates
    configuration.shippedTenants = "\(Resources.share)/pipelines/tenants.sql"
    return configuration
  }
}

extension Configuration {
  /// The folder of pipelines: named, beside the configuration, or installed with the program.
  func pipelineFolder() throws -> String {
    try folder("pipelines", named: pipelines)
  }

  /// The folder of templates, looked up like `pipelineFolder`.
  func templateFolder() throws -> String {
    if templates == nil, let pipelines {
      let beside = URL(fileURLWithPath: pipelines).deletingLastPathComponent()
        .appendingPathComponent("templates").path
      if FileManager.default.fileExists(atPath: beside) { return beside }
    }
    return try folder("templates", named: templates)
  }

  private func folder(_ name: String, named: String?) throws -> String {
    if let named { return named }
    let candidates = ["\(folder)/\(name)", "\(Resources.share)/\(name)"]
    for candidate in candidates where FileManager.default.fileExists(atPath: candidate) {
      return candidate
    }
    throw Diagnostic(
      .configuration,
      "cannot find the folder of \(name) (looked for \(candidates.joined(separator: ", ")))",
      hint: "name it with --\(name), or work in a folder that contains \(name)/")
  }

  /// Runs `body` while the configuration's private server, if it names one, is up.
  func withServer<Result>(_ body: () throws -> Result) throws -> Result {
    guard let privateServer else { return try body() }
    let server = try PrivateServer.start(in: privateServer)
    // libpq reads here what a connection string leaves out.
    setenv("PGHOST", server.socketDirectory, 1)
    setenv("PGPORT", "5432", 1)
    let outcome = Swift.Result(catching: body)
    try server.stop()
    return try outcome.get()
  }
}
