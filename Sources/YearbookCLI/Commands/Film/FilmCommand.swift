import ArgumentParser
import Basics
import Diagnostics
import Engine
import Foundation
import Media
import Pipelines
import Stages

struct FilmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "film",
    abstract: "Draws single scenes of a film without a database, to tune the film's templates.",
    discussion: """
      Examples:
        yearbook film plan                                   the example's scenes
        yearbook film render 3 --to scene.png                one frame of scene 3
        yearbook film render 3 --to scene.mp4 --preset 360p30
        yearbook film plan --rows my/rows --media my/media   with your own rows
        yearbook film inspect recording.webm                 how a film uses a file
      """,
    subcommands: [FilmPlanCommand.self, FilmRenderCommand.self, FilmInspectCommand.self])
}

/// The flags that replace the database: what the film is made from.
struct FilmOptions: ParsableArguments {
  @Option(help: "The pipeline that makes the film.", completion: Completions.films)
  var pipeline = "video"
  @Option(help: "The folder of the queries' rows, as QUERY.csv (default: the templates' example).")
  var rows: String?
  @Option(help: "The tenant's name.")
  var name = "Kōbō & Sons"
  @Option(help: "The tenant's language.")
  var locale = "en"
  @Option(help: "The tenant's id; it decides the colour.")
  var id = "00000000-0000-4000-8000-000000000001"
  @Option(help: "The film's period.", completion: Completions.periods)
  var period = "2026"
  @Option(help: "360p30, 720p30, 1080p30 or vertical (default: the pipeline's).")
  var preset: String?

  @Option(help: "A folder that keeps scenes, so that only changed scenes are made again.")
  var keep: String?

  /// Runs `body` with a workbench. Removes its pieces afterwards, unless `keep` names a folder.
  func withWorkbench(_ shared: SharedOptions, _ body: (FilmWorkbench) throws -> Void) throws {
    let configuration = try shared.configuration()
    let library = try PipelineLibrary(folder: configuration.pipelineFolder())
    guard let pipeline = library.pipeline(pipeline) else {
      throw Diagnostic(
        .usage, "there is no pipeline '\(self.pipeline)'", at: .init(file: library.folder),
        hint: NearestWords.choice("use one of", library.pipelines.map(\.name)))
    }
    guard let period = Period(period) else {
      throw Diagnostic(
        .usage, "'\(self.period)' is not a valid period",
        hint: Period.advice(for: self.period))
    }
    let templates = try configuration.templateFolder()
    let scratch =
      keep
      ?? FileManager.default.temporaryDirectory
      .appendingPathComponent("yearbook-film-\(getpid())").path
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    let outcome = Result {
      try body(
        FilmWorkbench(
          pipeline: pipeline,
          tenant: Tenant(
            id: id, slug: "example", name: name, zone: .utc, locale: locale, currency: "EUR"),
          period: period, rows: rows ?? "\(templates)/video/example", templates: templates,
          media: configuration.media, scratch: scratch, preset: preset))
    }
    if keep == nil { try FileManager.default.removeItem(atPath: scratch) }
    try outcome.get()
  }

  static func write(_ warnings: [Warning]) {
    let errors = Console.standardError
    for warning in warnings {
      errors.line(
        errors.styled("warning: ", .yellow) + "\(warning.code), \(warning.subject):"
          + " \(warning.message)")
    }
  }
}

struct FilmPlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Lists the film's scenes: start, kind and caption.")

  @OptionGroup var film: FilmOptions
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func run() throws {
    try film.withWorkbench(shared) { bench in
      let (lines, warnings) = try bench.plan()
      FilmOptions.write(warnings)
      if json { return try printJSON(lines) }
      for line in lines {
        let seconds = line.startMilliseconds / 1_000
        let rest = seconds % 60
        let columns = [
          String(repeating: " ", count: max(0, 4 - String(line.number).count))
            + String(line.number), "\(seconds / 60):\(rest < 10 ? "0" : "")\(rest)",
          line.content.padding(toLength: 6, withPad: " ", startingAt: 0), line.caption,
        ]
        Console.standardOutput.line(columns.joined(separator: "  "))
      }
    }
  }
}

struct FilmRenderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Draws one scene as a PNG or MP4 file, or the whole film as an MP4 file.")

  @Argument(
    help:
      "The scene's number from `film plan` (default: the whole film, or a picture of scene 1)."
  )
  var scene: Int?
  @Option(help: "The file to write: .png or .mp4.")
  var to: String
  @Option(help: "For a picture: the moment in the scene, from 0 (its start) to 1 (its end).")
  var at = 0.5
  @OptionGroup var film: FilmOptions
  @OptionGroup var shared: SharedOptions

  func run() throws {
    try RasterFonts.require()
    try film.withWorkbench(shared) { bench in
      switch URL(fileURLWithPath: to).pathExtension {
      case "png":
        let (frame, warnings) = try bench.picture(scene: scene ?? 1, at: at)
        FilmOptions.write(warnings)
        try FileDescriptor.write(file: to, Bitmap(frame).png())
        Console.standardOutput.line("scene \(scene ?? 1), written to \(to)")
      case "mp4":
        let (made, warnings) = try bench.film(scene: scene, to: to)
        FilmOptions.write(warnings)
        Console.standardOutput.line("\(Figures.count(made, "scene")) encoded, written to \(to)")
      default:
        throw Diagnostic(
          .usage, "the file is neither .png nor .mp4", at: .init(file: to),
          hint: "write --to scene.png or --to scene.mp4")
      }
    }
  }
}

struct FilmInspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract:
      "Reads a recording or a picture in the sandbox and shows how a film uses it.")

  @Argument(help: "The file.")
  var file: String
  @Flag(help: "Print JSON, with the activity of each second.")
  var json = false

  func run() throws {
    let url = URL(fileURLWithPath: file).standardizedFileURL
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw Diagnostic(
        .usage, "the file does not exist", at: .init(file: file),
        hint: "name a recording or a picture")
    }
    let object = try MediaRoot(url.deletingLastPathComponent().path).open(url.lastPathComponent)
    struct Picture: Encodable { var picture: [String: Int] }
    let pictureFault: Diagnostic
    do throws(Diagnostic) {
      let (picture, warnings) = try PictureReader.inspect(
        object, maxWidth: 1_400, maxHeight: 5_600)
      guard json else {
        FilmOptions.write(warnings)
        return Console.standardOutput.line(
          "a picture, used at \(picture.width) × \(picture.height)")
      }
      do {
        return try printJSON(
          Picture(picture: ["width": picture.width, "height": picture.height]))
      } catch {
        throw Diagnostic(.io, "cannot write the answer", underlying: error)
      }
    } catch {
      guard error.code == .data else { throw error }
      pictureFault = error
    }
    let probe: RecordingProbe
    do throws(Diagnostic) { probe = try RecordingProbe.probe(object) } catch {
      // What begins like a picture is one.
      throw error.code == .data && PictureReader.isPicture(object) ? pictureFault : error
    }
    if json { return try printJSON(probe) }
    tell(probe)
  }

  private func tell(_ probe: RecordingProbe) {
    let out = Console.standardOutput
    out.line(
      "a recording (\(probe.container)) of \(Figures.duration(Double(probe.duration) / 1_000))")
    if let video = probe.video {
      let turned = video.rotation == 0 ? "" : ", rotated by \(video.rotation)°"
      out.line(
        "  pictures  \(video.codec), \(video.width) × \(video.height)\(turned), "
          + "\(Figures.count(video.frames, "frame")) in \(Figures.duration(Double(video.duration) / 1_000))"
      )
    } else {
      out.line("  pictures  none: its scene is a card with its sound")
    }
    if let audio = probe.audio {
      let loudness = audio.loudness.map { "\(Double($0) / 100) LUFS" } ?? "silence"
      out.line(
        "  sound     \(audio.codec), \(Double(audio.sampleRate) / 1_000) kHz, "
          + "\(Figures.count(audio.channels, "channel")), \(loudness)")
    } else {
      out.line("  sound     none")
    }
    FilmOptions.write(probe.warnings)
    out.line("to see the activity of each second, which decides the excerpts: --json")
  }
}
