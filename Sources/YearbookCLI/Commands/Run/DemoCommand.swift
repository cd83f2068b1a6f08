import ArgumentParser
import Basics
import Diagnostics
import Engine
import Foundation
import Pipelines
import Postgres
import Sample
import Store

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract:
      "Sets up a private database with sample data and publishes everything.",
    discussion: """
      Example:
        yearbook demo --folder demo

      Everything is in the folder; to remove it all, remove the folder. A second demo in the same \
      folder does not repeat finished work.
      """)

  @Option(help: "The folder to work in.")
  var folder = "demo"
  @OptionGroup var sample: SampleOptions
  @OptionGroup var running: RunOptions

  func run() throws {
    let whole = Stopwatch()
    let demo = Demo(folder: folder, platform: sample.platform)
    var times: [(String, Double)] = []
    func timed<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
      let step = Stopwatch()
      let result = try body()
      times.append((name, step.seconds))
      return result
    }
    let server = try timed("database") { try demo.startServer() }
    let outcome = Result {
      () throws -> (Configuration, RunSummary, DeliveryWorker.Counts?, Verification) in
      try timed("sample") { try demo.makePlatform(on: server) }
      let configuration = try demo.configure()
      let summary = try timed("nightly") { try demo.runNightly(configuration, running) }
      let sent = try timed("deliver") { try demo.deliver(configuration, running) }
      let verification = try timed("verify") {
        try ReleaseStore(root: demo.store).verify(tenant: nil, deep: true)
      }
      return (configuration, summary, sent, verification)
    }
    try server.stop()
    let (configuration, summary, sent, verification) = try outcome.get()
    demo.report(
      summary, sent, verification, times, seconds: whole.seconds, configuration)
    if summary.wasInterrupted { throw CommandFailure(exitCode: Signals.exitCode) }
    if summary.state != "done" || !verification.isSound { throw CommandFailure(exitCode: 1) }
  }
}

/// The steps of the demo. Each one uses what an earlier demo in the folder made.
private struct Demo {
  let folder: String
  let platform: SamplePlatform

  var root: String { URL(fileURLWithPath: folder).standardizedFileURL.path }
  var store: String { root + "/store" }

  func startServer() throws -> PrivateServer {
    let server = try PrivateServer.start(in: root + "/postgres")
    setenv("PGHOST", server.socketDirectory, 1)
    setenv("PGPORT", "5432", 1)
    return server
  }

  /// Two databases, as in production: the platform's, which is only read, and the record's.
  func makePlatform(on server: PrivateServer) throws {
    let administrator = try Connection(server.conninfo(), application: "yearbook demo")
    for name in ["platform", "yearbook"] {
      let exists = try !administrator.query(
        "SELECT FROM pg_catalog.pg_database WHERE datname = $1", [name]
      ).isEmpty
      if !exists { try administrator.execute("CREATE DATABASE \(Quoting.identifier(name))") }
    }
    let platformDatabase = try Connection(
      server.conninfo(database: "platform"), application: "yearbook demo")
    try SampleCommand.make(platform, on: platformDatabase, media: root + "/media")
    let recordDatabase = try Connection(
      server.conninfo(database: "yearbook"), application: "yearbook demo")
    for (database, part) in [(platformDatabase, "source"), (recordDatabase, "record")] {
      try database.query(
        "SELECT set_config('yearbook.part', $1, false), set_config('yearbook.deliver', 'on', false)",
        [part])
      try database.execute("SET client_min_messages = warning")
      try database.execute(Resources.platformRole())
    }
  }

  /// Writes `yearbook.yaml`, which starts the private server for each command that needs it.
  func configure() throws -> Configuration {
    let path = root + "/yearbook.yaml"
    // Without a file, the pipelines are looked up in the working folder, then in the installation.
    let bare = Configuration()
    let films = platform.slugs.map { "  \($0): {film: {target: 40s, max: 48s}}" }
    let text = """
      # Made by `yearbook demo`. The server in postgres/ runs only while a command needs it.
      postgres: {private: postgres}
      source: postgresql://yearbook_reader@/platform
      record: postgresql://yearbook@/yearbook
      store: store
      workspace: workspace
      media: media
      pipelines: \(quoted(try absolute(bare.pipelineFolder())))
      templates: \(quoted(try absolute(bare.templateFolder())))
      # Mails are put into a folder instead of being sent.
      channels: {mail: {kind: file, folder: mail, from: reports@example.org}}
      site: \(quoted(URL(fileURLWithPath: store, isDirectory: true).absoluteString))
      operator: {name: Operator, channel: mail, address: operator@example.org}
      tenants:
      \(films.joined(separator: "\n"))

      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    return try Configuration(path: path, environment: [:])
  }

  func runNightly(_ configuration: Configuration, _ options: RunOptions) throws -> RunSummary {
    let observer = options.reporting.reporter(
      commandFlags: ["--config", "\(folder)/yearbook.yaml"])
    let session = RunSession(
      configuration: configuration,
      library: try PipelineLibrary(folder: configuration.pipelineFolder()),
      templates: try configuration.templateFolder(), threads: options.threads,
      cancellation: Signals.cancellation, observer: observer)
    Signals.watch()
    // The sample's last day, not today: the demo is the same on any day.
    guard let moment = RunMoment(platform.today.description) else {
      throw Diagnostic(.bug, "the sample's last day is not a valid day")
    }
    var request = Planner.Request(name: "nightly", moment: moment)
    request.arguments = "demo"
    let summary = try session.run(request)
    observer.finish(summary)
    return summary
  }

  /// Publishes the last periods that are over, of which people are told, and tells them.
  func deliver(
    _ configuration: Configuration, _ options: RunOptions
  ) throws -> DeliveryWorker.Counts? {
    let library = try PipelineLibrary(folder: configuration.pipelineFolder())
    guard let moment = RunMoment(platform.today.description) else { return nil }
    for pipeline in library.pipelines where pipeline.deliver != nil {
      if Signals.cancellation.isRequested { return nil }
      guard let kind = pipeline.periods.first else { continue }
      let session = RunSession(
        configuration: configuration, library: library,
        templates: try configuration.templateFolder(), threads: options.threads,
        cancellation: Signals.cancellation, observer: SilentObserver())
      var request = Planner.Request(name: pipeline.name, moment: moment)
      request.periods = [Period(kind, containing: platform.today).previous.description]
      request.arguments = "demo"
      _ = try session.run(request)
    }
    return DeliverCommand.sendAfterRun(configuration, library)
  }

  func report(
    _ summary: RunSummary, _ sent: DeliveryWorker.Counts?, _ verification: Verification,
    _ times: [(String, Double)], seconds: Double, _ configuration: Configuration
  ) {
    let out = Console.standardOutput
    let program = CommandText.quoted(CommandLine.arguments[0])
    out.line()
    out.line(
      "\(Figures.count(verification.releaseCount, "release")) verified,"
        + " \(Figures.count(verification.fileCount, "file")), \(Counted.bytes(verification.byteCount)):"
        + (verification.isSound ? " all as published" : " FAULTS: see `yearbook verify`"))
    out.line(
      "took " + Figures.duration(seconds) + ": "
        + times.map { "\($0.0) \(Figures.duration($0.1))" }.joined(separator: ", "))
    out.line()
    out.line("Open:")
    for slug in platform.slugs.prefix(5) {
      out.line("  \(folder)/store/tenants/\(slug)/index.html")
    }
    if sent != nil {
      out.line("Read: the mails that people would have got, a maildir for each of them")
      for path in mails().prefix(2) { out.line("  \(folder)/mail/\(path)") }
    }
    let slug = platform.slugs[0]
    out.line("Try:")
    let place = CommandText.quoted(folder)
    out.line("  \(program) --config \(place)/yearbook.yaml status")
    out.line("  \(program) --config \(place)/yearbook.yaml verify --deep")
    out.line(
      "  \(program) --config \(place)/yearbook.yaml run annual --tenant \(slug) --period"
        + " \(platform.today.description.prefix(4)) --as-of \(platform.today.description)")
  }

  /// One mail of each recipient, by its path below the folder of mails.
  private func mails() -> [String] {
    let found = FileManager.default.enumerator(atPath: root + "/mail")?.compactMap { $0 as? String }
    var mails: [Substring: String] = [:]
    for path in found?.sorted() ?? [] where path.contains("/new/") {
      mails[path.prefix { $0 != "/" }] = path
    }
    return mails.sorted { $0.key < $1.key }.map(\.value)
  }

  private func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }

  /// A path as a quoted YAML scalar.
  private func quoted(_ path: String) -> String {
    "'" + path.replacingOccurrences(of: "'", with: "''") + "'"
  }
}
