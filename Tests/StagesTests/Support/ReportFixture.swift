import Diagnostics
import Foundation
import Pipelines
import TestSupport

@testable import Basics
@testable import Stages

/// A small report with templates and messages for the tests.
struct ReportFixture {
  var tenant = Tenant(
    id: "00000000-0000-4000-8000-000000000001", slug: "acme", name: "Acme <& \"Söhne\"",
    zone: ZoneRules(name: "America/Sao_Paulo", offset: -10_800), locale: "pt-BR", currency: "BRL")
  var aggregate = """
    figures:
      posts: {from: totals, value: posts, previous: posts_before}
      listed: {from: posts, count: rows}
      revenue: {from: sales, sum: amount, currency: currency, format: money}
      streak: {from: days, streak: day}
      best: {from: days, peak: posts, take: day, format: date}
      share: {ratio: [listed, posts]}
    sentences:
      pace:
        - {when: [posts.change > 0], message: p.pace.more}
        - {when: [posts], message: p.pace.plain}
    charts:
      days: {kind: calendar, from: days, x: day, y: [posts], fill: days}
      kinds: {kind: bar, from: posts, x: title, y: [size], top: 2, other: true}
    tables:
      posts:
        from: posts
        publish: posts
        columns:
          title: {format: text}
          author: text
          author_is: term
          size: {sum: true}
          price: {format: money, currency: currency, sum: true}
          currency: text
          made: time
          link: link
    ties:
      - [posts, listed]
    quality: [quality]
    empty: [posts]
    """
  var datasets = [
    "totals": "posts:bigint,posts_before:bigint\n3,2\n",
    "posts": """
    title:text,author:text,author_is:text,size:integer,price:numeric,currency:text,made:timestamptz,link:text
    "=cmd()|'x'",Ana,,3,10.50,BRL,2026-01-01 02:30:00+00,https://example.org/?a=1&b=2
    <script>alert(1)</script>,,guest,2,-1.25,BRL,2026-02-28 12:00:00.5+00,javascript:alert(1)
    "東京 ""x"" ""\u{301}onclick=",Zé,,1,,BRL,,

    """,
    "sales": "amount:numeric,currency:text\n10.10,BRL\n5.00,USD\n0.20,BRL\n",
    "days": "day:date,posts:bigint\n2026-01-01,1\n2026-02-27,1\n2026-02-28,4\n",
    "quality": "rule:text,rows:bigint,fatal:boolean\nread,3,f\nbroken,0,t\n",
  ]

  static let messages = """
    p:
      figures: {posts: Notas, listed: Listadas, revenue: Receita, streak: Sequência, best: Melhor dia}
      definitions: {posts: 'Notas em {period}.'}
      charts: {days: Dias, kinds: Tamanhos}
      tables: {posts: Notas}
      columns:
        {title: Título, author: Autor, author_is: Quem, size: Tamanho, price: Preço, currency: Moeda,
         made: Feita, link: Ligação, day: Dia, posts: Notas}
      terms: {author_is: {guest: convidado}}
      quality: {read: {one: '{count} lida.', other: '{count} lidas.'}}
      pace: {more: '{posts} notas, {posts.change} a mais que {compared}.', plain: '{posts} notas.',
        best: 'O melhor dia foi {best}.', tied: 'Melhores dias: {best.names}.'}
      title: 'Relatório de {tenant}'
    compared: {whole: no ano anterior, same_days: 'no mesmo período de {before}'}
    page:
      {numbers: Números, no_rows: Nada, none: nenhum, others: 'outros ({count})', total: Total,
       csv: CSV, spreadsheet: Planilha, workbook: Excel, rows: '{count} linhas',
       cut: '{shown} de {rows}', yes: sim,
       no: não, chart_most: '{series}: {label}, {value}.', count: Quantidade,
       not_drawn: 'Só nos números: {others}', range: '{series}: de {least} a {most}.',
       points: '{count} pontos.', from_to: 'de {low} a menos de {high}', or_more: '{value} ou mais',
       less_than: 'menos de {value}', tied: '{ties} conferidos.'}
    """

  static let template = """
    <!DOCTYPE html>
    <html xmlns="http://www.w3.org/1999/xhtml" lang="{{lang}}">
    <head>{{{head}}}<title>{{t.p.title}}</title></head>
    <body title="{{{tenant.name}}}">
    {{#empty}}<p>{{tenant.name}}</p>{{/empty}}{{^empty}}
    <p>{{sentences.pace}}</p>
    {{#figures.posts}}<p>{{label}} {{value}} {{previous}} {{change}} {{definition}}</p>{{/figures.posts}}
    {{#figures.revenue}}<ul>{{#amounts}}<li>{{value}}</li>{{/amounts}}</ul>{{/figures.revenue}}
    {{#figures.best}}<p>{{value}}</p>{{/figures.best}}
    {{{charts.kinds}}}
    {{#tables.posts}}{{{html}}}{{#files}}<a href="{{href}}">{{label}}</a>{{/files}}{{/tables.posts}}
    {{#quality}}<p>{{text}}</p>{{/quality}}
    <a href="{{links.film}}">film</a>
    {{/empty}}
    </body>
    </html>
    """

  /// How far the year 2026 has come; without it, it has ended.
  var progress: PeriodProgress?

  var render = "{index.html: p.html, links: [film]}"

  private var today: CivilDate { CivilDate(daysSince1970: 20_500) }

  /// Runs `body` with the work and its environment in a new folder.
  func with<T>(
    template: String = ReportFixture.template,
    _ body: (PartitionWork, ReportTestEnvironment) throws -> T
  ) throws -> T {
    try withTemporaryFolder { folder in
      for (path, text) in [
        ("templates/messages/en.yaml", Self.messages),
        ("templates/messages/pt-BR.yaml", Self.messages), ("templates/p.html", template),
        ("templates/page.css", "p { color: black; }"),
        (
          "pipelines/p/pipeline.yaml",
          "name: p\nperiod: year\nextract:\n  queries:\n"
            + datasets.keys.sorted().map { "    \($0): {}\n" }.joined()
            + "aggregate:\n" + aggregate.split(separator: "\n").map { "  \($0)\n" }.joined()
            + "render: \(render)\n"
        ),
      ] + datasets.keys.map({ ("pipelines/p/\($0).sql", "SELECT 1") }) {
        let file = URL(fileURLWithPath: "\(folder)/\(path)")
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      if render.contains("cards") {
        try FileManager.default.copyItem(
          atPath: Places.project + "/templates/cards", toPath: "\(folder)/templates/cards")
      }
      let scratch = "\(folder)/scratch"
      try FileManager.default.createDirectory(
        atPath: scratch, withIntermediateDirectories: true)
      let environment = ReportTestEnvironment(scratch: scratch, templates: "\(folder)/templates")
      let library = try PipelineLibrary(folder: "\(folder)/pipelines")
      let work = PartitionWork(
        tenant: tenant, settings: TenantSettings(), period: Period(.year, containing: today),
        pipeline: library.pipelines[0], asOf: nil, progress: progress,
        datasets: try datasets.sorted { $0.key < $1.key }.map {
          try environment.dataset($0.key, $0.value)
        })
      return try body(work, environment)
    }
  }

  /// The files that aggregate and render make, by name.
  func files(template: String = ReportFixture.template) throws -> [String: String] {
    try with(template: template) { work, environment in
      let first = try environment.artifacts(
        AggregateStage().prepare(work, inputs: [], environment: environment).run())
      let second = try environment.artifacts(
        RenderStage().prepare(work, inputs: first, environment: environment).run())
      return try Dictionary(
        uniqueKeysWithValues: (first + second).map { file in
          // Not read as text, because that would remove a byte order mark.
          let bytes = try Data(contentsOf: URL(fileURLWithPath: file.path))
          return (file.name, String(decoding: bytes, as: UTF8.self))
        })
    }
  }
}
