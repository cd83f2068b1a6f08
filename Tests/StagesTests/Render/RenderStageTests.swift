import Diagnostics
import Foundation
import Pipelines
import TestSupport
import Testing

@testable import Basics
@testable import Stages

@Suite struct RenderStageTests {
  @Test func `What a tenant typed is data, whatever the template does with it`() throws {
    let page = try #require(try ReportFixture().files()["index.html"])
    #expect(page.contains("<body title=\"Acme &lt;&amp; &quot;Söhne&quot;\">"))
    #expect(!page.contains("<script"))
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(!page.contains("href=\"javascript"))
    #expect(page.contains("href=\"https://example.org/?a=1&amp;b=2\""))
    // Escaping by grapheme would let this quote pass.
    #expect(page.contains("&quot;\u{301}onclick="))
    #expect(page.contains("<em>convidado</em>"))
  }

  @Test func `No link has a user or a password, and no typed text turns its neighbours around`()
    throws
  {
    var fixture = ReportFixture()
    fixture.tenant.name = "Acme \u{202E}\u{2069}evil"
    fixture.datasets["posts"] = fixture.datasets["posts"]?
      .replacing("https://example.org/?a=1&b=2", with: "https://user:SECRET@evil.example/x")
      .replacing("<script>alert(1)</script>", with: "\u{202E}title")
    let page = try #require(
      try fixture.files(
        template: "<div>{{{charts.kinds}}}{{{tables.posts.html}}}<p>{{t.p.title}}</p></div>"
      )["index.html"])
    #expect(!page.contains("SECRET") && !page.contains("href=\"https://user"))
    #expect(page.contains("<bdi>https://evil.example/x</bdi>"))
    #expect(page.contains("<bdi>javascript:alert(1)</bdi>"))
    #expect(page.contains("<td data-l=\"Título\"><bdi>\u{202E}title</bdi></td>"))
    #expect(page.contains("<th scope=\"row\"><bdi>\u{202E}title</bdi></th>"))
    // In a sentence, marks isolate it; what could end the isolation is taken away.
    #expect(page.contains("<p>Relatório de \u{2068}Acme evil\u{2069}</p>"))
  }

  @Test func `Figures, amounts and links are written in the tenant's language`() throws {
    let page = try #require(try ReportFixture().files()["index.html"])
      .replacing("\u{A0}", with: " ")
    #expect(page.contains("<p>Notas 3 2 +50% Notas em 2026.</p>"))
    #expect(page.contains("<li>R$ 10,30</li><li>US$ 5,00</li>"))
    #expect(page.contains("28 de fevereiro de 2026"))
    #expect(page.contains("31/12/2025 23:30"))
    #expect(page.contains("Preço (R$)"))
    #expect(page.contains("<p>3 lidas.</p>"))
    #expect(page.contains("href=\"../../../../../film/2026/index.html\""))
  }

  @Test func `What a figure lacks is not taken from an outer figure`() throws {
    let page = try #require(
      try ReportFixture().files(
        template: """
          <p>{{#figures.posts}}{{#figures.streak}}{{value}}{{#previous}} {{previous}}{{/previous}}\
          {{#change}} {{change}}{{/change}}{{#definition}} {{definition}}{{/definition}}\
          {{/figures.streak}}{{/figures.posts}}</p>
          """)["index.html"])
    #expect(page == "<p>2</p>")
  }

  @Test func `An empty partition gets a small page`() throws {
    var fixture = ReportFixture()
    fixture.datasets["totals"] = "posts:bigint,posts_before:bigint\n0,2\n"
    for name in ["posts", "sales", "days"] {
      fixture.datasets[name] = fixture.datasets[name].map {
        String($0.split(separator: "\n")[0]) + "\n"
      }
    }
    let page = try #require(try fixture.files()["index.html"])
    #expect(page.contains("<p>Acme"))
    #expect(!page.contains("<table"))
  }

  @Test(arguments: [
    ("<p>{{tenant.name}}", "not well-formed: an element is not closed"),
    ("<p><script>1</script></p>", "the element 'script' is not allowed"),
    (
      "<p><a href=\"nowhere.csv\">x</a></p>",
      "a link leads to a file that the release does not have"
    ),
  ])
  func `A page that breaks the rules does not leave the stage`(template: String, message: String)
    throws
  {
    do {
      _ = try ReportFixture().files(template: template)
      Issue.record("it left")
    } catch let error as Diagnostics {
      #expect(error.all.map(\.message) == [message])
    }
  }

  @Test func `A template's unknown messages and partials are reported with the nearest word`()
    throws
  {
    do {
      _ = try ReportFixture().files(template: "<p>\n  {{t.p.titel}} {{>q}}\n</p>")
      Issue.record("it was read")
    } catch let error as Diagnostics {
      #expect(
        error.all.map { $0.message } == [
          "no message 'p.titel' in English", "no template is named 'q.html'",
        ])
      #expect(error.all.map(\.subject.line) == [2, 2])
      #expect(error.all.map(\.subject.column) == [3, 17])
      #expect(error.all.map(\.hint) == ["did you mean p.title?", "did you mean p.html?"])
    }
  }

  @Test func `A template that names what the report lacks is reported before a run`() throws {
    let template = "<p>{{figures.post.value}} {{figures.posts.value}}\n{{{charts.day}}}</p>"
    try ReportFixture().with(template: template) { work, environment in
      let templates = try PageTemplates(folder: environment.templates)
      let faults = templates.diagnostics(of: work.pipeline)
      #expect(
        faults.map { $0.message } == [
          "the report has no 'figures.post.value'", "the report has no 'charts.day'",
        ])
      #expect(faults.map(\.subject.line) == [1, 2])
      #expect(faults.last?.hint == "did you mean charts.days?")
    }
  }

  @Test func `A sentence that names a leader without asking whether there is one is reported`()
    throws
  {
    for (condition, message, fault) in [
      ("best", "best", "the sentence names one leader, 'best', where several can be equal"),
      (
        "best.share >= 0.5", "best",
        "the sentence names one leader, 'best', where several can be equal"
      ),
      ("not best.tied", "best", nil), ("best.share > 0.5", "best", nil),
      ("best.tied", "tied", nil), ("posts.change > 0", "more", nil),
    ] {
      var fixture = ReportFixture()
      fixture.aggregate = fixture.aggregate.replacing(
        "{when: [posts], message: p.pace.plain}",
        with: "{when: [\(condition)], message: p.pace.\(message)}")
      try fixture.with { work, environment in
        let templates = try PageTemplates(folder: environment.templates)
        #expect(
          templates.diagnostics(of: work.pipeline).map(\.message) == [fault].compactMap(\.self),
          "\(condition)")
      }
    }
  }

  @Test func `A change that is not said to be against what is reported`() throws {
    try ReportFixture().with { work, environment in
      let file = environment.templates + "/messages/en.yaml"
      let text = try String(contentsOfFile: file, encoding: .utf8)
      try Data(text.replacing(" que {compared}", with: "").utf8).write(
        to: URL(fileURLWithPath: file))
      let templates = try PageTemplates(folder: environment.templates)
      #expect(
        templates.diagnostics(of: work.pipeline).map(\.message) == [
          "the sentence does not say what 'posts' is compared with"
        ])
    }
  }

  @Test func `A change since the start that is said to be against the period before is reported`()
    throws
  {
    var fixture = ReportFixture()
    fixture.aggregate = fixture.aggregate.replacing(
      "previous: posts_before}", with: "previous: posts_before, against: start}")
    try fixture.with { work, environment in
      let templates = try PageTemplates(folder: environment.templates)
      #expect(
        templates.diagnostics(of: work.pipeline).map(\.message) == [
          "the sentence compares 'posts' with the period before, but its previous value is that of"
            + " the start"
        ])
    }
  }

  @Test func `The project's templates are sound and every locale has every message`() throws {
    let templates = try PageTemplates(folder: Places.project + "/templates")
    let library = try PipelineLibrary(folder: Places.project + "/pipelines")
    for pipeline in library.pipelines {
      #expect(templates.diagnostics(of: pipeline) == [])
    }
    #expect(templates.diagnosticsOfStore() == [])
    #expect(templates.missingMessages() == [])
  }

  @Test func `The page and the model are as they were recorded`() throws {
    let files = try ReportFixture().files()
    for name in ["index.html", "report.json"] {
      let golden = Places.project + "/Tests/Fixtures/report/\(name)"
      let made = try #require(files[name])
      if ProcessInfo.processInfo.environment["YEARBOOK_RECORD_GOLDEN"] != nil {
        try FileManager.default.createDirectory(
          atPath: Places.project + "/Tests/Fixtures/report", withIntermediateDirectories: true)
        try Data(made.utf8).write(to: URL(fileURLWithPath: golden))
      }
      let recorded = try String(contentsOfFile: golden, encoding: .utf8)
      #expect(made == recorded, "record again with YEARBOOK_RECORD_GOLDEN=1, and read the diff")
    }
  }
}

@Suite struct StorePagesTests {
  private let tenant = Tenant(
    id: "00000000-0000-4000-8000-000000000001", slug: "acme", name: "Acme <&>",
    zone: ZoneRules(name: "America/Sao_Paulo", offset: -10_800), locale: "es-MX", currency: "MXN")

  private func partition(_ period: String, _ files: [String]) throws -> StorePages.Partition {
    StorePages.Partition(
      pipeline: "p", title: "Informe", period: try #require(Period(period)), release: "r1",
      status: .final, published: try #require(CivilDate("2026-11-20")),
      files: files.map { .init(name: $0, bytes: 1500) })
  }

  @Test func `A tenant's index lists all releases, newest first, with links that work on a disk`()
    throws
  {
    let templates = try PageTemplates.cached(folder: Places.project + "/templates")
    let page = String(
      decoding: try StorePages.tenantIndex(
        tenant,
        partitions: [
          partition("2025", ["index.html"]), partition("2026", ["film.mp4", "poster.jpg"]),
        ], templates: templates), as: UTF8.self)
    let newest = try #require(page.range(of: "href=\"p/2026/index.html\""))
    let oldest = try #require(page.range(of: "href=\"p/2025/index.html\""))
    #expect(newest.lowerBound < oldest.lowerBound)
    #expect(page.contains("src=\"p/2026/releases/r1/data/poster.jpg\""))
    #expect(page.contains("Acme &lt;&amp;&gt;"))
    #expect(page.contains("definitivo") || page.contains("final"))
  }

  @Test func `A stable address leads to the release's page, or to its film`() throws {
    #expect(
      StorePages.target(release: "r1", files: ["a.csv", "index.html"])
        == "releases/r1/data/index.html")
    #expect(
      StorePages.target(release: "r1", files: ["captions.vtt", "film.mp4"])
        == "releases/r1/data/film.mp4")
    let templates = try PageTemplates.cached(folder: Places.project + "/templates")
    let page = String(
      decoding: try StorePages.stableAddress(
        title: "Informe", tenant: tenant, target: "releases/r1/data/index.html",
        templates: templates), as: UTF8.self)
    #expect(page.contains("content=\"0; url=releases/r1/data/index.html\""))
    #expect(page.contains("href=\"releases/r1/data/index.html\""))
  }
}
