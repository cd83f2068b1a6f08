import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// The schemas in `docs/reference/schemas` against what the program really writes, by a validator of
/// JSON Schema 2020-12.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(if: Places.judgesPython != nil, "no judges: scripts/install-judges"),
  .enabled(if: ObjectServer.missing == nil, "\(ObjectServer.missing ?? "")"))
struct SchemaTests {
  private static let schemas = Places.project + "/docs/reference/schemas"

  /// Collects what commands print.
  private struct Outputs {
    let here: Installation
    let environment: [String]
    let folder: String
    private let count = Counter()

    private final class Counter: Sendable {
      private let value = Mutex(0)
      func next() -> Int {
        value.withLock { value in
          value += 1
          return value
        }
      }
    }

    init(_ here: Installation, _ environment: [String]) throws {
      self.here = here
      self.environment = environment
      folder = here.folder + "/outputs"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    @discardableResult
    func add(
      _ schema: String, _ arguments: [String], status: Int32? = 0, isLines: Bool = false
    ) throws -> String {
      let text = try Self.standardOutput(
        of: arguments, in: here, environment: environment, status: status)
      try add(schema, text, isLines: isLines)
      return text
    }

    func add(_ schema: String, _ text: String, isLines: Bool = false) throws {
      try Data(text.utf8).write(
        to: URL(
          fileURLWithPath: "\(folder)/\(schema).\(count.next()).\(isLines ? "jsonl" : "json")"))
    }

    /// Without the standard error, which is for people.
    private static func standardOutput(
      of arguments: [String], in here: Installation, environment: [String], status: Int32?
    ) throws -> String {
      let file = "\(here.folder)/standard-output"
      let outcome = try Program.run(
        ["/bin/sh", "-c", "file=$1; shift; exec \"$@\" >\"$file\"", "sh", file, Places.yearbook]
          + arguments
          + (arguments.first == "film"
            ? []
            : [
              "--pipelines", "\(here.folder)/pipelines", "--templates", "\(here.folder)/templates",
            ]),
        in: here.folder, environment: here.environment + environment)
      if let status { #expect(outcome.status == status, "\(arguments): \(outcome.output)") }
      return try String(contentsOfFile: file, encoding: .utf8)
    }
  }

  private func validate(_ outputs: String) throws -> (status: Int32, output: String) {
    try Program.run(
      [
        try #require(Places.judgesPython), Places.project + "/Tests/Fixtures/validate_schemas.py",
        Self.schemas, outputs,
      ])
  }

  @Test func `Every schema fits what the program writes, and none is without an output`() throws {
    try Installation.withFilms { here in
      let server = try ObjectServer()
      server.misbehave(nil)
      let environment = server.environment.map { "\($0)=\($1)" }
      try here.write("yearbook.yaml", "mirror: {to: 's3://bucket/schemas', connections: 2}\n")
      try addCharts(to: here)
      let outputs = try Outputs(here, environment)
      try collect(outputs, here)
      for (path, bytes) in try here.payload() where path.hasSuffix("report.json") {
        try outputs.add("report", String(decoding: bytes, as: UTF8.self))
      }
      let judged = try validate(outputs.folder)
      #expect(judged.status == 0, "\(judged.output)")
      // It can say no: a key that no schema has, and a value of another type.
      let wrong = here.folder + "/wrong"
      try FileManager.default.createDirectory(atPath: wrong, withIntermediateDirectories: true)
      try Data(#"{"mirror": 1, "new": 2}"#.utf8).write(
        to: URL(fileURLWithPath: wrong + "/mirror.1.json"))
      let refused = try validate(wrong)
      #expect(refused.status == 1 && refused.output.contains("new"), "\(refused.output)")
      #expect(refused.output.contains("no output of report"), "\(refused.output)")
    }
  }

  private func collect(_ outputs: Outputs, _ here: Installation) throws {
    let run = ["run", "nightly", "--json", "--as-of", "2026-01-05"]
    try outputs.add("explain", ["run", "nightly", "--dry-run", "--json"])
    let place = ["--tenant", "acme", "--period", "2025"]
    // A zone that nobody knows: the tenant is refused, the others are published.
    try here.addTenant("nowhere", timeZone: "Nowhere/Land")
    let events = try outputs.add("run-event", run, status: 1, isLines: true)
    for event in ["began", "tried", "extracted", "published", "failed", "finished", "mirrored"] {
      #expect(events.contains("\"event\":\"\(event)\""), "\(event)")
    }
    try outputs.add("run-event", ["run", "nightly", "--json"], status: 1, isLines: true)
    try outputs.add("explain", ["explain", "rows", "--json"] + place)
    try outputs.add("status", ["status", "--json"])
    try outputs.add("status-age", ["status", "--json", "--max-age", "1h"], status: 1)
    try outputs.add("runs", ["runs", "--json"])
    try outputs.add("slo", ["slo", "--json"])
    try here.record.connect().execute(
      "UPDATE yearbook.run SET due = now() - interval '1 minute', on_time = 1")
    try outputs.add("slo", ["slo", "--json"], status: 1)
    try outputs.add("log-line", ["logs", "--json"], isLines: true)
    try outputs.add("doctor", ["doctor", "--json"], status: nil)
    try here.platform.connect().execute("UPDATE app.\"user\" SET username = username || 'x'")
    _ = try here.yearbook(
      ["run", "rows"] + place, environment: outputs.environment)
    try outputs.add("releases", ["releases", "--json"])
    try outputs.add("releases", ["releases", "acme/rows/2025", "--json"])
    try outputs.add("show", ["show", "acme/rows/2025", "--json"])
    try outputs.add("diff", ["diff", "acme/rows/2025", "--json"], status: 1)
    try outputs.add("verify", ["verify", "--json", "--deep"])
    try outputs.add("mirror", ["mirror", "--json"])
    try outputs.add("prune", ["prune", "--keep-last", "1", "--grace", "0h", "--json"])
    try outputs.add("withdraw", ["withdraw", "--pipeline", "rows", "--json"] + place)
    try outputs.add(
      "withdraw", ["withdraw", "--pipeline", "rows", "--json", "--yes", "--reason", "x"] + place)
    try outputs.add("releases", ["releases", "acme/rows/2025", "--json"])
    let lost = try #require(
      FileManager.default.enumerator(atPath: here.folder + "/store/tenants/acme/charts")?
        .compactMap { $0 as? String }.first { $0.hasSuffix("/data/report.json") })
    let path = here.folder + "/store/tenants/acme/charts/" + lost
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try FileManager.default.removeItem(atPath: path)
    try outputs.add("verify", ["verify", "--json"], status: 1)
    try bytes.write(to: URL(fileURLWithPath: path))
    try outputs.add("gc", ["gc", "--json"])
    try outputs.add(
      "film-plan",
      [
        "film", "plan", "--json", "--rows", Places.project + "/templates/video/example",
        "--pipelines", here.folder + "/pipelines", "--templates", here.folder + "/templates",
      ])
    for file in ["shots/1.png", "dojo.webm"] {
      try outputs.add(
        "film-inspect", ["film", "inspect", "\(here.folder)/media/acme/\(file)", "--json"])
    }
  }

  /// A report with a chart of each kind.
  private func addCharts(to here: Installation) throws {
    try here.write(
      "pipelines/charts/pipeline.yaml",
      """
      name: charts
      period: [year, week, range]
      title: Charts
      extract: {queries: {cells: {order: [weekday, hour]}}}
      aggregate:
        figures:
          total: {from: cells, sum: n, previous: before}
          busiest: {from: cells, peak: n, take: hour, format: hour}
        charts:
          heat: {kind: heat, from: cells, x: hour, y: n, fill: hours, series: {column: weekday, fill: weekdays}}
          lines: {kind: line, from: cells, x: hour, names: hour, y: n, series: {column: weekday, names: weekday, top: 2, other: true}}
          sizes: {kind: histogram, from: cells, x: n, bins: [0, 2, 4]}
          dots: {kind: scatter, from: cells, x: n, y: before, label: word}
          changes: {kind: change, from: cells, x: word, y: [n, before], top: 3}
          words: {kind: bar, from: cells, x: word, y: [n], top: 2, other: true}
          parts: {kind: share, from: cells, x: word, y: [n], top: 2, other: true}
        tables:
          cells:
            from: cells
            publish: cells
            columns: {weekday: weekday, hour: hour, n: {format: integer, sum: true}, word: text}
      render: {index.html: charts.html}
      """)
    try here.write(
      "pipelines/charts/cells.sql",
      """
      SELECT p.tenant_id, v.weekday, v.hour, v.n, v.before, v.word
      FROM partition p CROSS JOIN (VALUES
        (0, 9, 3, 1, 'a'), (0, 23, 1, 2, 'b'), (2, 9, 2, 2, 'c'), (6, 0, 5, 9, 'd')
      ) AS v(weekday, hour, n, before, word)
      """)
    try here.write(
      "templates/charts.html",
      """
      {{>document}}<title>{{title}}</title></head><body>
      {{{charts.heat}}}{{{charts.lines}}}{{{charts.sizes}}}{{{charts.dots}}}{{{charts.changes}}}
      {{{charts.words}}}{{{charts.parts}}}{{{tables.cells.html}}}</body></html>
      """)
    try here.write(
      "pipelines/nightly.yaml",
      """
      name: nightly
      due: 06:00
      pipelines:
        - {run: rows, periods: [this-year, 2025]}
        - {run: charts, periods: [2025, closing-weeks, 2025-03-01..2025-05-15]}
        - {run: annual, periods: [2025]}
        - {run: video, periods: [2025]}

      """)
    for locale in ["en", "pt-BR", "es"] {
      let file = "templates/messages/\(locale).yaml"
      try here.write(
        file,
        Installation.text(file, in: here.folder)
          + """

          charts:
            figures: {total: Total, busiest: Busiest hour}
            charts: {heat: Heat, lines: Lines, sizes: Sizes, dots: Dots, changes: Changes, words: Words, parts: Parts}
            tables: {cells: Cells}
            columns: {weekday: Day, hour: Hour, n: Number, before: Before, word: Word}

          """)
    }
  }

  @Test func `The schemas are those of this version`() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.schemas).filter {
      $0.hasSuffix(".schema.json")
    }
    #expect(!names.isEmpty)
    let index = try Installation.text("README.md", in: Self.schemas)
    for name in names {
      let text = try Installation.text(name, in: Self.schemas)
      let plain = name.dropLast(".schema.json".count)
      #expect(text.contains("\"$id\": \"urn:yearbook:\(Yearbook.version):\(plain)\""), "\(name)")
      #expect(text.contains("https://json-schema.org/draft/2020-12/schema"), "\(name)")
      #expect(index.contains("](\(name))"), "\(name)")
    }
  }
}
