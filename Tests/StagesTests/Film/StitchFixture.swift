import Basics
import Diagnostics
import Foundation
import Media
import TestSupport

@testable import Pipelines
@testable import Stages

/// A partition with a small film.
enum StitchFixture {
  static let pipeline = """
    name: film
    period: year
    title: {en: Film of the year, pt-BR: Filme do ano}
    extract: {queries: {timeline: {}, months: {}, totals: {}}}
    stitch:
      storyboard: timeline
      preset: PRESET
      lengths: {target: 90s, max: 3m}
      emphasis: starred
      totals: {from: totals, show: {pocs: integer, dojos: integer, dojo_seconds: duration}}
      months: {from: months, by: month, show: {pocs: integer, dojos: integer}}
      scenes:
        intro: title.svg
        month: month.svg
        poc: poc.svg
        dojo: {template: lower-third.svg, media: recording}
        mosaic: mosaic.svg
        outro: outro.svg
    publish: {}
    """

  static let header =
    "at,kind,id,day,title,subtitle,description,people,hidden,guests,media_key,starred"

  /// - Parameter more: lines of the stitch part, each with a line break and two spaces before it.
  static func work(
    _ folder: String, rows: [String], preset: String = "360p30", name: String = "Ação Tecnologia",
    locale: String = "pt-BR", tenant: String = "3f0c1a52-0000-4000-8000-000000000001",
    streams: Bool = false, isProvisional: Bool = false, more: String = ""
  ) throws -> PartitionWork {
    let pipelines = "\(folder)/pipelines/film"
    try FileManager.default.createDirectory(atPath: pipelines, withIntermediateDirectories: true)
    try write(
      pipeline.replacingOccurrences(of: "PRESET", with: preset), "\(pipelines)/pipeline.yaml")
    for query in ["timeline", "months", "totals"] {
      try write("SELECT tenant_id FROM partition", "\(pipelines)/\(query).sql")
    }
    let spec = SpecReader(file: "pipeline.yaml")
    let root = spec.parse(
      pipeline.replacingOccurrences(
        of: "PRESET", with: preset + (streams ? "\n  hls: true" : "") + more))
    let stitch = root?.mapping()?["stitch"].flatMap {
      StitchSpec($0, queries: ["timeline", "months", "totals"])
    }
    try spec.finish()
    let pipeline = Pipeline(
      name: "film", file: "pipeline.yaml", periods: [.year], scope: .tenant,
      title: ["en": "Film of the year", "pt-BR": "Filme do ano"], dependsOnDay: false,
      extract: ExtractSpec(preludes: [], queries: []), aggregate: nil, render: nil, stitch: stitch)
    guard let period = Period("2026") else { throw Diagnostic(.bug, "no period") }
    return PartitionWork(
      tenant: Tenant(
        id: tenant, slug: "acao", name: name,
        zone: ZoneRules(name: "America/Sao_Paulo", offset: -10_800), locale: locale,
        currency: "BRL"),
      settings: TenantSettings(), period: period, pipeline: pipeline, asOf: nil,
      progress: PeriodProgress(period, today: isProvisional ? period.start : period.end),
      datasets: [
        try dataset("timeline", ([header] + rows).joined(separator: "\n") + "\n", folder),
        try dataset(
          "months",
          "month,pocs,dojos\n"
            + (1...12).map { "2026-\($0 < 10 ? "0" : "")\($0)-01,\($0 * 3),\($0 % 4)" }
            .joined(separator: "\n") + "\n", folder),
        try dataset(
          "totals", "pocs,dojos,dojo_seconds\n\(rows.isEmpty ? "0,0,0" : "128,34,190800")\n", folder
        ),
      ])
  }

  private static func dataset(_ name: String, _ csv: String, _ folder: String) throws -> Dataset {
    let path = "\(folder)/\(name)-\(UUID().uuidString).csv"
    try write(csv, path)
    return Dataset(
      name: name,
      columns: csv.prefix { $0 != "\n" }.split(separator: ",").map {
        Dataset.Column(name: String($0), type: "text")
      }, rows: 0, bytes: csv.utf8.count, digest: SHA256Digest(of: csv.utf8),
      content: .file(path: path))
  }

  static func write(_ text: String, _ path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  /// A screenshot-like picture.
  static func picture(_ path: String, width: Int, height: Int, hue: Int = 220) throws {
    let lines = (0..<max(4, height / 34)).map { row in
      "<rect x=\"40\" y=\"\(70 + row * 34)\" width=\"\(120 + row * 97 % max(1, width - 260))\" height=\"14\" rx=\"4\" fill=\"hsl(\((hue + row * 40) % 360),60%,70%)\"/>"
    }.joined()
    let svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)">
      <rect width="\(width)" height="\(height)" fill="hsl(\(hue),30%,14%)"/>
      <rect width="\(width)" height="40" fill="hsl(\(hue),25%,22%)"/>\(lines)
      <text x="\(width / 2)" y="27" text-anchor="middle" font-family="Inter" font-size="18" fill="#fff">main.rs</text></svg>
      """
    try Data(Rasteriser.draw(svg, width: width, height: height).png()).write(
      to: URL(fileURLWithPath: path))
  }

  /// A recording whose brightness and sound rise in its third second.
  static func recording(
    _ path: String, shape: RecordingWriter.Shape = .webmVP8, width: Int = 320, height: Int = 180,
    seconds: Int = 6
  ) throws {
    let writer = try RecordingWriter(
      shape: shape, width: width, height: height, hasAudio: true, path: path)
    for index in 0..<seconds * 15 {
      var frame = VideoFrame(width: width, height: height, luma: 60, cb: 140, cr: 110)
      for row in 0..<height {
        for column in 0..<width where (column + index * 4) / 20 % 2 == 0 {
          frame.y[row * width + column] = UInt8(90 + row % 100)
        }
      }
      try writer.append(frame, at: index * 1_000 / 15)
      let samples = (0..<3_200).flatMap { sample -> [Float] in
        let value: Float = (sample / 60) % 2 == 0 ? 0.05 : -0.05
        return [value, value]
      }
      try writer.append(stereo: samples)
    }
    try writer.finish()
  }
}
