import Basics
import Diagnostics
import Foundation
import Media
import Pipelines
import Synchronization
import TestSupport
import Testing

@testable import Stages

@Suite(.serialized)
struct StitchTests {
  static let rows = [
    "2026-01-03 10:00:00+00,poc,a,2026-01-03,Leitor de <script> & outros,Rust,Um leitor pequeno e rápido de arquivos,Ana Souza,0,0,wide.png,t",
    "2026-01-09 10:00:00+00,poc,b,2026-01-09,Sem imagem,Kotlin,,José,0,1,,f",
    "2026-01-20 10:00:00+00,dojo,c,2026-01-20,Conway's Game of Life,,,\"Ana, Bruno\",1,0,dojo.webm,f",
    "2026-02-02 10:00:00+00,poc,d,2026-02-02,Quebrada,Go,,Lia,0,0,broken.png,f",
    "2026-02-03 10:00:00+00,dojo,e,2026-02-03,Gravação perdida,,,Lia,0,0,lost.webm,f",
  ]

  private func media(_ folder: String) throws {
    try StitchFixture.picture(folder + "/media/wide.png", width: 640, height: 360)
    try StitchFixture.write("no picture", folder + "/media/broken.png")
    try StitchFixture.recording(folder + "/media/dojo.webm", seconds: 3)
  }

  @Test func `The same rows and media give the same files, with one worker, two and four`() throws {
    var digests: [[String: SHA256Digest]] = []
    for workers in [1, 2, 4] {
      try withTemporaryFolder { folder in
        let environment = try StitchEnvironment(folder: folder, workers: workers)
        try media(folder)
        let work = try StitchFixture.work(folder, rows: StitchTests.rows)
        let output = try StitchStage().prepare(work, inputs: [], environment: environment).run()
        digests.append(try StitchTests.digests(output))
        #expect(
          output.warnings.map { "\($0.code) \($0.subject)" } == [
            "picture-unusable broken.png", "media-missing lost.webm",
          ])
        #expect(
          output.files.map(\.name) == [
            "index.html", "film.mp4", "poster.jpg", "captions.vtt", "storyboard.json",
          ])
      }
    }
    #expect(digests[0] == digests[1] && digests[0] == digests[2])
  }

  @Test func `One new item costs its scene, its month, the title and the end`() throws {
    try withTemporaryFolder { folder in
      let environment = try StitchEnvironment(folder: folder, workers: 2)
      try media(folder)
      let rows = StitchTests.rows
      _ = try StitchStage().prepare(
        StitchFixture.work(folder, rows: Array(rows.dropLast(2))), inputs: [],
        environment: environment
      ).run()
      #expect(environment.segmentsMade() == 6)
      _ = try StitchStage().prepare(
        StitchFixture.work(folder, rows: Array(rows.dropLast(1))), inputs: [],
        environment: environment
      ).run()
      #expect(environment.segmentsMade() == 4)
      _ = try StitchStage().prepare(
        StitchFixture.work(folder, rows: Array(rows.dropLast(1))), inputs: [],
        environment: environment
      ).run()
      #expect(environment.segmentsMade() == 0)
    }
  }

  @Test func `A film can be streamed in parts, from the same segments`() throws {
    try withTemporaryFolder { folder in
      let environment = try StitchEnvironment(folder: folder, workers: 2)
      try media(folder)
      let output = try StitchStage().prepare(
        StitchFixture.work(folder, rows: StitchTests.rows, streams: true), inputs: [],
        environment: environment
      ).run()
      #expect(
        output.files.map(\.name).suffix(4) == [
          "film.m3u8", "film-stream.m3u8", "film-stream.mp4", "film-captions.m3u8",
        ])
      #expect(environment.segmentsMade() > 0)
      _ = try StitchStage().prepare(
        StitchFixture.work(folder, rows: StitchTests.rows), inputs: [], environment: environment
      ).run()
      #expect(environment.segmentsMade() == 0)
    }
  }

  @Test func `A recording that changes while it is read is a temporary failure and leaves nothing`()
    throws
  {
    try withTemporaryFolder { folder in
      let environment = try StitchEnvironment(folder: folder)
      try media(folder)
      environment.changes.withLock { $0 = ["dojo.webm"] }
      let work = try StitchFixture.work(folder, rows: StitchTests.rows)
      #expect(
        throws: Diagnostic(
          .data, "the object was changed while it was read", at: .init(file: "dojo.webm"),
          isTransient: true)
      ) { try StitchStage().prepare(work, inputs: [], environment: environment).run() }
      let kept = environment.made.withLock { $0.filter { $0.parts["stage"] == "recording facts" } }
      #expect(kept.isEmpty)
    }
  }

  @Test func `A partition without rows has a title and an end`() throws {
    try withTemporaryFolder { folder in
      let environment = try StitchEnvironment(folder: folder)
      let work = try StitchFixture.work(folder, rows: [])
      let output = try StitchStage().prepare(work, inputs: [], environment: environment).run()
      let board = try StitchTests.storyboard(output)
      #expect(board.scenes.map(\.content) == ["intro", "outro"])
      #expect(board.items.isEmpty)
      #expect(output.warnings.isEmpty)
    }
  }

  @Test(arguments: [
    (false, "pt-BR", "Não houve POCs nem dojos em 2026."),
    (true, "pt-BR", "Ainda não há POCs nem dojos em 2026."),
    (false, "en", "There were no POCs and no dojos in 2026."),
    (true, "en", "No POCs and no dojos in 2026 yet."),
    (false, "es", "No hubo POC ni dojos en 2026."),
    (true, "es", "Todavía no hay POC ni dojos en 2026."),
  ])
  func `A film of nothing says so, without zeros, and “yet” only while something can come`(
    isProvisional: Bool, locale: String, text: String
  ) throws {
    try withTemporaryFolder { folder in
      let work = try StitchFixture.work(
        folder, rows: [], locale: locale, isProvisional: isProvisional)
      let templates = Places.project + "/templates"
      let texts = try FilmTexts(
        catalog: PageTemplates.cached(folder: templates).catalog, work: work)
      let spec = try #require(work.pipeline.stitch)
      let scenes = try FilmPlanner(
        work: work, spec: spec,
        templates: FilmTemplates(
          folder: templates, names: spec.templates, accent: Accent(tenant: work.tenant.id),
          locale: locale), texts: texts
      ).scenes([:])
      #expect(scenes.last?.caption == text)
      for scene in scenes {
        #expect(!String(decoding: scene.svg, as: UTF8.self).contains(">0<"))
      }
    }
  }

  static func storyboard(_ output: StageOutput) throws -> StoryboardFile {
    for file in output.files where file.name == "storyboard.json" {
      guard case .bytes(let bytes) = file.content else { continue }
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(StoryboardFile.self, from: Data(bytes))
    }
    throw Diagnostic(.bug, "no storyboard")
  }

  private static func digests(_ output: StageOutput) throws -> [String: SHA256Digest] {
    var digests: [String: SHA256Digest] = [:]
    for file in output.files {
      switch file.content {
      case .bytes(let bytes): digests[file.name] = SHA256Digest(of: bytes)
      case .file(let path):
        digests[file.name] = SHA256Digest(of: try Data(contentsOf: URL(fileURLWithPath: path)))
      case .artifact(let artifact): digests[file.name] = artifact.digest
      }
    }
    return digests
  }
}
