import Basics
package import Diagnostics
import Foundation
package import Pipelines

/// Makes the pages of a pipeline before a tenant's rows do: from generated rows of every shape, in
/// every language, by the very stages of a run. So whatever would fail a run for its template or
/// its words is told by `check`, at the template's line.
package struct PageTrial {
  private let templates: PageTemplates
  private let pipeline: Pipeline
  private let types: [String: [Dataset.Column]]

  /// - Parameter types: the columns of each query, if a database has told them. Otherwise they are
  ///   what the pipeline file says of them.
  package init(
    _ pipeline: Pipeline, templates: PageTemplates, types: [String: [Dataset.Column]] = [:]
  ) {
    self.templates = templates
    self.types = types
    var pipeline = pipeline
    // Generated rows do not add up, and a page must not need a thousand rows to be cut.
    pipeline.aggregate?.ties = []
    for place in pipeline.extract.queries.indices { pipeline.extract.queries[place].order = [] }
    for place in pipeline.aggregate?.tables.indices ?? 0..<0 {
      pipeline.aggregate?.tables[place].show = 2
      if pipeline.aggregate?.tables[place].pages != nil {
        pipeline.aggregate?.tables[place].pages = 1
      }
    }
    self.pipeline = pipeline
  }

  /// All faults, each once. Throws what has nothing to do with them: `io`.
  package func faults() throws -> [Diagnostic] {
    guard let spec = pipeline.aggregate else { return [] }
    let scratch = try Self.folder()
    defer { do { try FileManager.default.removeItem(atPath: scratch) } catch {} }
    let environment = TrialEnvironment(scratch: scratch, templates: templates.folder)
    var found = missingTerms(spec)
    for kind in pipeline.periods {
      let period = Period.sample(kind, on: Self.day)
      let rows = TrialDatasets(
        spec, of: pipeline, catalog: templates.catalog, period: period, types: types)
      for locale in templates.catalog.locales {
        for shape in TrialDatasets.Shape.allCases {
          let faults = faults(of: rows.datasets(shape), locale, period, shape, environment, rows)
          for fault in faults where !found.contains(fault) { found.append(fault) }
        }
      }
    }
    return found
  }

  private static let day = CivilDate(validYear: 2024, month: 1, day: 15)

  private func faults(
    of datasets: [Dataset], _ locale: String, _ period: Period, _ shape: TrialDatasets.Shape,
    _ environment: TrialEnvironment, _ rows: TrialDatasets
  ) -> [Diagnostic] {
    var pipeline = pipeline
    // Without a database nothing is known of a table that takes all columns as they are.
    pipeline.aggregate?.tables.removeAll { !rows.isKnown($0.dataset) }
    var work = PartitionWork(
      tenant: Tenant(
        id: "00000000-0000-4000-8000-000000000000", slug: "tenant", name: "Tenant & <Sons>",
        zone: .utc, locale: locale, currency: "EUR"),
      settings: TenantSettings(), period: period, pipeline: pipeline,
      asOf: pipeline.dependsOnDay ? period.start : nil, datasets: datasets,
      linked: shape == .nothing ? [:] : nil)
    if pipeline.each != nil { work.person = "Person & <Child>" }
    do {
      let report = try environment.artifacts(
        AggregateStage().prepare(work, inputs: [], environment: environment).run())
      if pipeline.render != nil {
        _ = try RenderStage().prepare(work, inputs: report, environment: environment).run()
      }
      return []
    } catch let fault as Diagnostic {
      return [fault.filling(.init(file: pipeline.file))]
    } catch let faults as Diagnostics {
      return faults.all.map { $0.filling(.init(file: pipeline.file)) }
    } catch {
      return [
        Diagnostic(
          .bug, "the pages cannot be tried", at: .init(file: pipeline.file), underlying: error)
      ]
    }
  }

  /// Columns of format `term` for which no message catalogue has a word: the first row would fail.
  private func missingTerms(_ spec: AggregateSpec) -> [Diagnostic] {
    func lacks(_ column: String) -> Bool {
      ["\(pipeline.name).terms.\(column).", "terms.\(column)."].allSatisfy {
        templates.catalog.keys(beginningWith: $0).isEmpty
      }
    }
    func fault(_ column: String, _ place: SpecPlace) -> Diagnostic {
      Diagnostic(
        .configuration, "the column '\(column)' of format 'term' has no list of terms",
        at: place.subject,
        hint: "add \(pipeline.name).terms.\(column) to the message catalogues")
    }
    let columns = spec.tables.flatMap { table in
      (table.columns ?? []).filter { $0.format == .term && lacks($0.name) }
        .map { fault($0.name, $0.place) }
    }
    let labels = spec.charts.filter { $0.names == .term && lacks($0.x) }
      .map { fault($0.x, $0.place) }
    let series = spec.charts.compactMap { chart in
      chart.series.flatMap { series in
        series.names == .term && lacks(series.column) ? fault(series.column, chart.place) : nil
      }
    }
    return columns + labels + series
  }

  /// A new folder of our own.
  private static func folder() throws -> String {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("yearbook-check-\(UUID().uuidString)").path
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    } catch {
      throw Diagnostic(
        .io, "a folder for trying the pages cannot be made", at: .init(file: folder),
        hint: "set TMPDIR to a folder that can be written", underlying: error)
    }
    return folder
  }
}
