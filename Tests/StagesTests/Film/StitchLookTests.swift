import Foundation
import Media
import Pipelines
import TestSupport
import Testing

@testable import Stages

/// Writes frames as pictures into the folder that YEARBOOK_SHOW names, for people to look at.
struct StitchLookTests {
  static let folder = ProcessInfo.processInfo.environment["YEARBOOK_SHOW"]

  static let rows = [
    "2026-03-03 10:00:00+00,poc,a,2026-03-03,Leitor de <script> & outros arquivos grandes,Rust,\"Um leitor pequeno e rápido de arquivos, que não guarda nada na memória e nunca se cansa\",Ana Souza,0,0,wide.png,t",
    "2026-03-09 10:00:00+00,poc,b,2026-03-09,Um título comprido que não cabe em uma linha só nem em duas,Kotlin,Multiplataforma com uma só base de código,José Nuñez,0,1,,f",
    "2026-03-12 10:00:00+00,poc,j,2026-03-12,日本語の全文検索エンジンを作る,Go,形態素解析と転置索引による小さな検索エンジン,山田 太郎,0,0,tall.png,t",
    "2026-03-14 10:00:00+00,poc,k,2026-03-14,محرك بحث صغير 🎉,Elixir,,ليلى,0,0,,t",
    "2026-03-15 10:00:00+00,poc,l,2026-03-15,Ícone,CSS,,Zoë,0,0,tiny.png,f",
    "2026-03-20 10:00:00+00,dojo,c,2026-03-20,Conway's Game of Life,,,\"Ana, Bruno, Chloë\",1,0,dojo.webm,f",
    "2026-03-21 10:00:00+00,dojo,m,2026-03-21,Tennis em 日本 🎾,,,\"Ana, Bruno\",0,2,portrait.webm,f",
    "2026-03-22 10:00:00+00,dojo,n,2026-03-22,Bowling,,,\"Ana Souza, Bruno Lima, Chloë Martin, 山田 太郎, Denise Alves\",2,1,,f",
  ]

  @Test(.enabled(if: folder != nil, "YEARBOOK_SHOW names no folder"))
  func `Frames are written for people to look at`() throws {
    let show = try #require(StitchLookTests.folder)
    try withTemporaryFolder { folder in
      let environment = try StitchEnvironment(folder: folder, workers: 2)
      try StitchFixture.picture(folder + "/media/wide.png", width: 1280, height: 800)
      try StitchFixture.picture(folder + "/media/tall.png", width: 600, height: 2400, hue: 20)
      try StitchFixture.picture(folder + "/media/tiny.png", width: 96, height: 96, hue: 120)
      try StitchFixture.recording(folder + "/media/dojo.webm", width: 640, height: 360, seconds: 3)
      try StitchFixture.recording(
        folder + "/media/portrait.webm", width: 180, height: 320, seconds: 3)
      for (variant, tenant, locale, name) in [
        ("pt", "3f0c1a52-0000-4000-8000-000000000001", "pt-BR", "Ação Tecnologia"),
        ("en", "91ab1a52-0000-4000-8000-0000000000b7", "en-US", "Kōbō ソフトウェア工房 & Sons"),
      ] {
        let work = try StitchFixture.work(
          folder, rows: StitchLookTests.rows, preset: "720p30", name: name, locale: locale,
          tenant: tenant)
        let pages = try PageTemplates.cached(folder: environment.templates)
        let texts = FilmTexts(catalog: pages.catalog, work: work)
        let spec = try #require(work.pipeline.stitch)
        let planner = try FilmPlanner(
          work: work, spec: spec,
          templates: FilmTemplates(
            folder: environment.templates, names: spec.templates,
            accent: Accent(tenant: tenant), locale: texts.locale), texts: texts)
        let media = FilmMedia(environment: environment)
        var facts: [Int: FilmMedia.Facts] = [:]
        for place in planner.itemsWithMedia {
          let item = planner.items[place]
          facts[place] = try media.facts(item.mediaKey ?? "", item.kind.medium).facts
        }
        for (index, scene) in try planner.scenes(facts).enumerated() {
          try frames(
            FilmSegment(
              scene: scene, format: .p720, media: media, ink: planner.templates.accent.filmInk),
            "\(show)/\(variant)-\(index)")
        }
      }
    }
  }

  private func frames(_ segment: FilmSegment, _ path: String) throws {
    let last = segment.scene.steps * 16 - 1
    for (name, frame) in try segment.frames(at: [8, 60, last - 4]) {
      try Data(StillImage.jpeg(frame, quality: 2)).write(
        to: URL(fileURLWithPath: "\(path)-\(name).jpg"))
    }
  }
}

extension FilmSegment {
  /// Some of its frames, by their numbers.
  fileprivate func frames(at numbers: [Int]) throws -> [(Int, VideoFrame)] {
    var live: VideoFrame?
    let composer: SceneComposer
    if case .recording(let facts, let start) = scene.visual {
      live = try FilmExcerpt(segment: self, facts: facts, start: start).opened().get().1?.frame
      composer = try FilmExcerpt(segment: self, facts: facts, start: start).composer(live)
    } else {
      composer = try self.composer()
    }
    var found: [(Int, VideoFrame)] = []
    for index in 0..<scene.steps * FilmFormat.framesPerStep {
      let frame = numbers.contains(index) ? composer.next(live: live) : composer.skip()
      if let frame { found.append((index, frame)) }
    }
    return found
  }
}
