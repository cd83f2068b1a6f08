import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Media
import Postgres
import Sample

/// The flags that decide what the sample platform is.
struct SampleOptions: ParsableArguments {
  @Option(help: "The seed; the same seed gives the same platform.")
  var seed: UInt64 = 2026
  @Option(help: "The number of tenants; only the first five have media.")
  var tenants = 5
  @Option(
    help: "The number of POCs of a large tenant; of other platforms, the measure of their rows.")
  var pocsPerTenant = 24

  var platform: SamplePlatform {
    SamplePlatform(seed: seed, tenants: tenants, pocsPerTenant: pocsPerTenant)
  }
}

extension OtherPlatform.Kind: ExpressibleByArgument {}

struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract:
      "Makes a sample platform: rows in a database, screenshots and recordings in a folder.",
    discussion: """
      Example:
        yearbook sample --database postgresql:///platform --media media --tenants 100
        yearbook sample --database postgresql:///bots --platform conversations

      The role must have the right to create the schema app. Do not use the platform's own database.

      Another platform than the usual one has no media. Conversations can be spread over several \
      databases: give --database once for each, and --archive for the one of deleted messages.
      """)

  @Option(
    help: "The database to fill: a libpq URI with a role that can create a schema. Repeatable.")
  var database: [String]
  @Option(help: "Another platform: conversations, timeline or registrations.")
  var platform: OtherPlatform.Kind?
  @Option(help: "The database of deleted messages, if conversations are spread.")
  var archive: String?
  @Flag(help: "Make only the rows, without media: for tests with many tenants.")
  var noMedia = false
  @OptionGroup var sample: SampleOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if platform == nil, database.count != 1 || archive != nil {
      throw ValidationError("the usual platform is in one database: give --database once")
    }
    if let platform, platform != .conversations, database.count != 1 || archive != nil {
      throw ValidationError("\(platform.rawValue) is in one database: give --database once")
    }
    if platform != nil, archive == nil, database.count > 1 {
      throw ValidationError(
        "with several databases, --archive must name the one of deleted messages")
    }
    if database.isEmpty { throw ValidationError("give --database") }
  }

  func run() throws {
    let configuration = try shared.configuration()
    if let platform {
      return try configuration.withServer { try make(platform) }
    }
    try configuration.withServer {
      let media = noMedia ? nil : try configuration.required(.media)
      try SampleCommand.make(
        sample.platform, on: Connection(database[0], application: "yearbook sample"), media: media)
    }
  }

  /// Makes another platform than the usual one, and prints what it made.
  private func make(_ kind: OtherPlatform.Kind) throws {
    let made = OtherPlatform(
      kind, seed: sample.seed, tenants: sample.tenants, size: sample.pocsPerTenant)
    var places = try database.map {
      OtherPlatform.Place(
        try Connection($0, application: "yearbook sample"), archive == nil ? .both : .live)
    }
    if let archive {
      places.append(.init(try Connection(archive, application: "yearbook sample"), .archive))
    }
    let count = try made.create(on: places, schema: Resources.schema(of: kind.rawValue))
    let out = Console.standardOutput
    guard let count else { return out.line("sample of \(kind.rawValue): already made") }
    out.line("sample of \(kind.rawValue): \(Figures.count(count, "row"))")
  }

  /// Makes the platform and prints what it made; shows the progress on a terminal.
  @discardableResult
  static func make(
    _ platform: SamplePlatform, on connection: Connection, media: String?
  ) throws -> SamplePlatform.Summary {
    if media != nil { try RasterFonts.require() }
    let line = ProgressLine()
    let summary = try platform.create(
      on: connection, schema: Resources.platformSchema(), mediaRoot: media
    ) { progress in
      switch progress {
      case .schema: break
      case .rows(let done, let total): line.show("sample: rows of \(done) of \(total) tenants")
      case .media(let done, let total): line.show("sample: \(done) of \(total) media files")
      }
    }
    line.clear()
    let out = Console.standardOutput
    if summary.wasThere {
      out.line("sample platform: already made, \(Figures.count(summary.files, "media file"))")
    } else {
      let rows = summary.rows.reduce(0) { $0 + $1.count }
      out.line(
        "sample platform: \(Figures.count(platform.tenants, "tenant")), \(Figures.count(rows, "row")),"
          + " \(Figures.count(summary.files, "media file"))")
    }
    return summary
  }
}

/// One line that is rewritten in place on a terminal. Elsewhere it prints nothing.
struct ProgressLine {
  private let console = Console.standardError

  func show(_ text: String) {
    if console.canRedraw { console.redraw(over: 1, [text]) }
  }

  func clear() {
    if console.canRedraw { console.redraw(over: 1, []) }
  }
}
