import Basics
import Diagnostics
import Foundation
import Pipelines
import Testing

@testable import Stages

@Suite struct AggregateStageTests {
  private func model(_ fixture: ReportFixture = ReportFixture()) throws -> ReportModel {
    let files = try fixture.files()
    return try ReportModel(json: Array(try #require(files["report.json"]).utf8))
  }

  private func failure(_ fixture: ReportFixture) throws -> Diagnostic {
    do {
      _ = try fixture.files()
      throw Diagnostic(.bug, "nothing failed")
    } catch let error as Diagnostic { return error }
  }

  @Test func `Figures are exact, with their base and change`() throws {
    let model = try model()
    let posts = try #require(model.figure("posts")?.amounts.first)
    #expect(posts.value == DecimalNumber(3))
    #expect(posts.change == DecimalNumber("0.5"))
    #expect(model.figure("streak")?.amounts.first?.value == DecimalNumber(2))
    #expect(model.figure("best")?.amounts.first?.text == "2026-02-28")
    #expect(model.figure("share")?.amounts.first?.value == DecimalNumber(1))
    #expect(model.sentences.map(\.text) == ["3 notas, 50% a mais que no ano anterior."])
  }

  /// The model with these rows for the figure `best`, and these sentences.
  private func best(_ days: String, _ sentences: String) throws -> ReportModel {
    var fixture = ReportFixture()
    fixture.datasets["days"] = "day:date,posts:bigint\n" + days
    let start = try #require(fixture.aggregate.range(of: "sentences:\n"))
    let end = try #require(fixture.aggregate.range(of: "charts:\n"))
    fixture.aggregate.replaceSubrange(
      start.upperBound..<end.lowerBound, with: "  best:\n" + sentences)
    return try model(fixture)
  }

  private static let leader = "    - {when: [best, not best.tied], message: p.pace.best}\n"

  @Test func `One of several equal ones is not called the leader`() throws {
    let tie = "    - {when: [best.tied == 2], message: p.pace.tied}\n"
    let rows = "2026-01-01,2\n2026-02-27,4\n2026-02-28,4\n"
    let tied = try best(rows, Self.leader + tie)
    #expect(tied.sentences.map(\.text) == ["Melhores dias: 27/02/2026 e 28/02/2026."])
    #expect(
      tied.figure("best")?.lead
        == .init(
          value: DecimalNumber(4), total: DecimalNumber(10), count: 2,
          names: ["2026-02-27", "2026-02-28"]))
    // In whatever order they come.
    #expect(
      try best("2026-02-26,4\n2026-02-27,4\n2026-02-28,1\n", Self.leader).sentences.isEmpty)
    #expect(
      try best("2026-02-26,4\n2026-02-27,4\n2026-02-28,5\n", Self.leader).sentences.map(\.text)
        == ["O melhor dia foi 28 de fevereiro de 2026."])
  }

  @Test func `Three of eight are not most of them`() throws {
    let most = "    - {when: [best.share > 0.5], message: p.pace.best}\n"
    #expect(try best("2026-01-01,3\n2026-01-02,3\n2026-01-03,2\n", most).sentences.isEmpty)
    #expect(try best("2026-01-01,4\n2026-01-02,2\n2026-01-03,2\n", most).sentences.isEmpty)
    #expect(!(try best("2026-01-01,5\n2026-01-02,2\n2026-01-03,1\n", most).sentences.isEmpty))
  }

  @Test func `Nobody leads where rows without a name have more`() throws {
    #expect(try best("2026-01-01,3\n,4\n", Self.leader).sentences.isEmpty)
    #expect(try best(",4\n2026-01-01,3\n", Self.leader).figure("best")?.lead == nil)
    #expect(!(try best(",3\n2026-01-01,3\n", Self.leader).sentences.isEmpty))
  }

  @Test func `A year under way says that it is compared with the same days`() throws {
    var fixture = ReportFixture()
    fixture.progress = PeriodProgress(
      try #require(Period("2026")), today: try #require(CivilDate("2026-02-28")))
    let model = try model(fixture)
    #expect(model.isProvisional)
    #expect(model.comparison == .init(days: .same))
    #expect(model.sentences.map(\.text) == ["3 notas, 50% a mais que no mesmo período de 2025."])
  }

  @Test func `A tenant that came in the year before is not compared with a part of it`() throws {
    var fixture = ReportFixture()
    let period = try #require(Period("2026"))
    fixture.progress = PeriodProgress(
      period, today: period.end, firstDay: CivilDate("2025-01-02"))
    let model = try model(fixture)
    #expect(model.comparison == .init(days: .none, since: "2025-01-02"))
    #expect(model.figure("posts")?.amounts.first?.previous == nil)
    #expect(model.figure("posts")?.amounts.first?.change == nil)
    #expect(model.sentences.map(\.text) == ["3 notas."])
    // On the first day of it is early enough.
    fixture.progress = PeriodProgress(
      period, today: period.end, firstDay: CivilDate("2025-01-01"))
    #expect(try self.model(fixture).figure("posts")?.amounts.first?.previous == DecimalNumber(2))
  }

  @Test func `What is counted at the start of the period is compared for a new tenant too`() throws
  {
    var fixture = ReportFixture()
    fixture.aggregate = fixture.aggregate.replacing(
      "previous: posts_before}", with: "previous: posts_before, against: start}")
    let period = try #require(Period("2026"))
    fixture.progress = PeriodProgress(
      period, today: period.end, firstDay: CivilDate("2025-07-01"))
    let model = try model(fixture)
    #expect(model.comparison == nil)
    #expect(model.figure("posts")?.against == "start")
    #expect(model.figure("posts")?.amounts.first?.previous == DecimalNumber(2))
  }

  @Test func `Currencies are never mixed, the tenant's own first`() throws {
    let amounts = try #require(try model().figure("revenue")).amounts
    #expect(amounts.map(\.currency) == ["BRL", "USD"])
    #expect(amounts.map(\.value?.description) == ["10.30", "5.00"])
  }

  @Test func `A figure without a base has no change`() throws {
    var fixture = ReportFixture()
    fixture.datasets["totals"] = "posts:bigint,posts_before:bigint\n3,0\n"
    #expect(try model(fixture).figure("posts")?.amounts.first?.change == nil)
  }

  @Test func `A calendar holds each day of the year, leap days too`() throws {
    let chart = try #require(try model().charts.first { $0.name == "days" })
    #expect(chart.labels.count == 365)
    #expect(chart.series[0].values.reduce(into: 0) { $0 += $1.integer ?? 0 } == 6)
    let kinds = try #require(try model().charts.first { $0.name == "kinds" })
    #expect(kinds.labels.count == 2)
    #expect(kinds.others == .init(count: 1, values: [DecimalNumber(1)]))
  }

  @Test func `Figures that must be equal but differ fail the partition`() throws {
    var fixture = ReportFixture()
    fixture.datasets["totals"] = "posts:bigint,posts_before:bigint\n4,2\n"
    let error = try failure(fixture)
    #expect(error.code == .data)
    #expect(error.message == "the figures 'posts' and 'listed' must be equal, but they differ")
    #expect(error.subject.line != nil)
  }

  @Test func `An unknown term is the tenant's error and is not repeated`() throws {
    var fixture = ReportFixture()
    fixture.datasets["posts"] = fixture.datasets["posts"]?.replacing("guest", with: "s3cret")
    #expect(
      try failure(fixture)
        == Diagnostic(
          .data, "row 2 of the dataset 'posts': the column 'author_is' holds an unknown term",
          hint: "known terms: guest; fix the row, or add the term"))
  }

  @Test func `A fatal rule that finds rows fails the partition`() throws {
    var fixture = ReportFixture()
    fixture.datasets["quality"] = "rule:text,rows:bigint,fatal:boolean\nbroken,2,t\n"
    #expect(
      try failure(fixture)
        == Diagnostic(
          .data, "the rule 'broken' of 'quality' found 2 rows",
          hint: "fix the rows in the platform's database, then retry"))
  }

  @Test func `A malformed number is reported by row and column, not by its text`() throws {
    var fixture = ReportFixture()
    fixture.datasets["sales"] = "amount:numeric,currency:text\n1,BRL\nNaN,BRL\n"
    let error = try failure(fixture)
    #expect(error.code == .data)
    #expect(
      error.message == "row 2 of the dataset 'sales' has a value that is not a number in 'amount'")
  }

  @Test func `A table has one file for machines and one for people`() throws {
    let files = try ReportFixture().files()
    #expect(
      files["posts.csv"] == """
        title,author,author_is,size,price,currency,made,link\r
        =cmd()|'x',Ana,,3,10.50,BRL,2026-01-01T02:30:00Z,https://example.org/?a=1&b=2\r
        <script>alert(1)</script>,,guest,2,-1.25,BRL,2026-02-28T12:00:00.5Z,javascript:alert(1)\r
        "東京 ""x"" ""\u{301}onclick=",Zé,,1,,BRL,,\r

        """)
    #expect(
      files["posts.excel.csv"] == """
        \u{FEFF}Título;Autor;Quem;Tamanho;Preço;Moeda;Feita;Ligação\r
        '=cmd()|'x';Ana;;3;10,50;BRL;2025-12-31 23:30:00;https://example.org/?a=1&b=2\r
        <script>alert(1)</script>;;convidado;2;-1,25;BRL;2026-02-28 09:00:00;javascript:alert(1)\r
        "東京 ""x"" ""\u{301}onclick=";Zé;;1;;BRL;;\r

        """)
  }

  @Test func `The key follows what decides the result and nothing else`() throws {
    func key(_ fixture: ReportFixture) throws -> KeyInputs {
      try fixture.with { work, environment in
        try AggregateStage().prepare(work, inputs: [], environment: environment).inputs
      }
    }
    let base = try key(ReportFixture())
    #expect(try key(ReportFixture()) == base)
    var fixture = ReportFixture()
    fixture.datasets["totals"] = "posts:bigint,posts_before:bigint\n3,1\n"
    let other = try key(fixture)
    let changed = base.parts.filter { other.parts[$0.key] != $0.value }.keys
    #expect(Array(changed) == ["dataset totals"])
  }

  @Test func `The same rows give the same bytes`() throws {
    #expect(try ReportFixture().files() == ReportFixture().files())
  }
}
