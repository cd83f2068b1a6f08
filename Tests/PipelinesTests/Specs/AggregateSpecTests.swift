import Diagnostics
import Pipelines
import Testing

@Suite struct AggregateSpecTests {
  private func faults(_ yaml: String) -> [String] {
    let reader = SpecReader(file: "p.yaml")
    if let node = reader.parse(yaml) { _ = AggregateSpec(node, queries: ["totals", "days"]) }
    do {
      try reader.finish()
      return []
    } catch {
      return error.all.map { "\($0)" + ($0.hint.map { " (\($0))" } ?? "") }
    }
  }

  @Test func `A complete part is read without faults`() throws {
    let reader = SpecReader(file: "p.yaml")
    let node = try #require(
      reader.parse(
        """
        figures:
          posts: {from: totals, value: posts, previous: posts_before}
          failed: {from: totals, sum: failed, where: {kind: post}}
          rate: {ratio: [failed, posts]}
          streak: {from: days, streak: day}
          best: {from: days, peak: posts, take: day, format: date}
        sentences:
          pace:
            - {when: [posts.change > 0, streak >= 3], message: p.more}
            - {when: not posts, message: p.none}
        charts:
          days: {kind: calendar, from: days, x: day, y: posts, fill: days}
        tables:
          days: {from: days, publish: days, show: 5, columns: {day: date, posts: {sum: true}}}
        ties:
          - [posts, failed]
        empty: posts
        """))
    let spec = try #require(AggregateSpec(node, queries: ["totals", "days"]))
    try reader.finish()
    #expect(spec.figures.map(\.name) == ["posts", "failed", "rate", "streak", "best"])
    #expect(spec.figures[2].format == .percent)
    #expect(spec.sentences[0].variants[0].count == "posts")
    #expect(
      spec.sentences[0].variants[0].conditions[1].test
        == .compared(.atLeast, .number(DecimalNumber(3))))
    #expect(spec.tables[0].columns?[1].isSummed == true)
    #expect(
      spec.diagnostics(columns: ["days": ["day", "post"], "totals": ["posts"]]).map {
        "\($0) (\($0.hint ?? ""))"
      }.prefix(2) == [
        "p.yaml:2:10: the query 'totals' has no column 'posts_before' (its columns are posts)",
        "p.yaml:3:11: the query 'totals' has no column 'failed' (its columns are posts)",
      ])
  }

  @Test func `A condition can ask who leads and whether the period has ended, and of nothing else`()
  {
    let figures = """
      figures:
        posts: {from: totals, value: posts, previous: before, against: start}
        best: {from: days, peak: posts, take: day, format: date}
      sentences:

      """
    for condition in [
      "final", "provisional", "best.tied", "not best.tied", "best.tied == 2", "best.share > 0.5",
      "best.peak >= posts",
    ] {
      #expect(
        faults(figures + "  pace: {when: [\(condition)], message: p.more, count: posts}\n") == [],
        "\(condition)")
    }
    #expect(
      faults(figures + "  pace: {when: [posts.tied, posts > best.shares], message: p.more}\n") == [
        "p.yaml:5:17: only a figure made with 'peak' has 'tied', and 'posts' is not",
        "p.yaml:5:29: a figure has value, previous, change, difference, times, tied, share, peak, "
          + "not 'shares' (did you mean share?)",
      ])
    #expect(
      faults("figures:\n  final: {from: totals, count: rows}\n") == [
        "p.yaml:2:10: a figure cannot be named 'final': conditions use the word for the period"
      ])
  }

  @Test func `All faults are reported at once, with their places and the nearest words`() {
    #expect(
      faults(
        """
        figures:
          posts: {from: total, value: posts}
          both: {from: totals, value: a, sum: b}
          rate: {ratio: [posts, later]}
          later: {from: totals, count: rows, format: intger}
        sentences:
          pace: {when: postz > 0, message: p.more}
          rest: {when: posts.changes > 0, message: p.more}
        charts:
          one: {kind: pie, from: days, x: day, y: posts}
        tables:
          days: {from: days, publish: Days}
        """) == [
          "p.yaml:2:17: no query is named 'total' (did you mean totals?)",
          "p.yaml:3:9: a figure needs exactly one of value, sum, count, min, max, streak, peak, "
            + "ratio, difference, found 2",
          "p.yaml:4:9: no figure above is named 'later' (move 'later' above 'rate')",
          "p.yaml:5:46: expected one of integer, decimal, money, percent, duration, date, month, "
            + "weekday, hour, time, words, text, term, boolean, link, found 'intger' "
            + "(did you mean integer?)",
          "p.yaml:7:16: no figure is named 'postz' (did you mean posts?)",
          "p.yaml:8:16: a figure has value, previous, change, difference, times, tied, share, peak, "
            + "not 'changes' "
            + "(did you mean change?)",
          "p.yaml:10:15: expected one of bar, stacked, line, share, calendar, heat, histogram, scatter, "
            + "change, found 'pie' (did you mean share?)",
          "p.yaml:12:31: expected a name of [a-z0-9_], beginning with a letter, found 'Days'",
        ])
  }

  @Test(arguments: [
    ("kind: donut", "share"), ("kind: Heat-map", "heat"), ("kind: column", "bar"),
    ("kind: bar, fill: monthly", "months"), ("kind: bar, format: currency", "money"),
    ("kind: bar, names: percentage", "percent"),
  ])
  func `A word of another program leads to the word that is meant`(keys: String, meant: String) {
    let found = faults("charts:\n  one: {\(keys), from: days, x: day, y: posts}\n")
    #expect(found.count == 1)
    #expect(found.first?.hasSuffix("(did you mean \(meant)?)") == true, "\(found)")
  }

  @Test func `No hint ends in an empty list`() throws {
    let reader = SpecReader(file: "p.yaml")
    let node = try #require(reader.parse("figures: {posts: {from: totals, count: rows}}"))
    _ = AggregateSpec(node, queries: [])
    #expect(
      reader.diagnostics.map(\.hint) == [
        "the pipeline has no query that can be read: fix 'extract' first"
      ])
    #expect(NearestWords.choice("use one of", []) == nil)
    #expect(NearestWords.choice("use one of", ["a", "b"]) == "use one of a, b")
  }

  @Test func `A chart of more names than it can have points is refused`() {
    #expect(
      faults("charts:\n  one: {kind: bar, from: days, x: day, y: posts, top: 2001}\n") == [
        "p.yaml:2:55: expected a number from 1 to 2000, found 2001"
      ])
  }

  @Test(arguments: [
    ("index.htm: a.html", "p.yaml:1:1: expected 'links', 'cards' or a page's name"),
    ("index.html: ../a.html", "p.yaml:1:13: expected a template's name"),
    ("links: [video]", "p.yaml:1:1: there are no pages"),
  ])
  func `A page's name and its template's are plain`(yaml: String, message: String) throws {
    let reader = SpecReader(file: "p.yaml")
    let node = try #require(reader.parse(yaml))
    _ = RenderSpec(node)
    #expect(reader.diagnostics.first?.description.hasPrefix(message) == true)
  }
}
