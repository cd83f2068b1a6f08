import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres
import Stages
import Store

/// The operator's view of all tenants: `operator/catalog.json`, `operator/runs/ID.json` and
/// `operator/index.html`. They must not be served to anybody else.
struct OperatorPages {
  let store: ReleaseStore
  let templates: PageTemplates

  /// How many of the last runs the overview shows.
  private static let runLimit = 20

  // MARK: - Runs

  /// `operator/runs/ID.json`
  struct RunFile: Codable {
    struct Release: Codable {
      var tenant, pipeline, period, release, status: String
    }

    struct Failure: Codable {
      var tenant, pipeline, period, stage, code, message: String
      var hint: String?
      /// The command that retries this partition.
      var retry: String
    }

    var id, name, as_of, state, finished: String
    var seconds: Double
    var planned, unchanged, skipped: Int
    var published: [Release]
    var failed: [Failure]
    /// The command that retries everything that failed.
    var retry: String?
    /// What stopped the run as a whole.
    var problem: String?
  }

  /// A release that a run published.
  struct PublishedRelease {
    var place: ReleasePartition
    var release: String
    var status: ReleaseStatus
  }

  /// Writes what a run published, left unchanged and could not do.
  func tell(
    _ summary: RunSummary, published: [PublishedRelease],
    failures: [RunRecord.Failure]
  ) throws {
    let file = RunFile(
      id: summary.run, name: summary.name, as_of: summary.moment.description,
      state: summary.state, finished: Date().formatted(.iso8601),
      seconds: (summary.seconds * 1000).rounded() / 1000, planned: summary.counts.planned,
      unchanged: summary.counts.unchanged, skipped: summary.counts.skipped,
      published: published.sorted { $0.place < $1.place }.map { one in
        .init(
          tenant: one.place.tenant, pipeline: one.place.pipeline, period: one.place.period,
          release: one.release, status: one.status.rawValue)
      },
      failed: failures.map { failure in
        .init(
          tenant: failure.slug, pipeline: failure.partition.pipeline,
          period: failure.partition.period.description,
          stage: failure.stage, code: failure.code, message: failure.message, hint: failure.hint,
          retry: CommandText.yearbook(["retry", summary.run, "--tenant", failure.slug]))
      }, retry: failures.isEmpty ? nil : CommandText.yearbook(["retry", summary.run]),
      problem: summary.problem?.description)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try store.putRun(summary.run.lowercased(), Array(try encoder.encode(file)) + [0x0A])
  }

  private func runs() throws -> [RunFile] {
    let folder = store.path("operator/runs")
    guard FileManager.default.fileExists(atPath: folder) else { return [] }
    let signed = try store.signedPages(ReleaseTenant.operatorName)
    var runs: [RunFile] = []
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted().reversed()
    where name.hasSuffix(".json") && runs.count < Self.runLimit {
      // A file that somebody else put there is ignored.
      guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)"),
        signed.hold("operator/runs/\(name)", data)
      else { continue }
      do {
        runs.append(try JSONDecoder().decode(RunFile.self, from: data))
      } catch {
        continue
      }
    }
    return runs
  }

  // MARK: - Catalog and overview

  /// One line of `operator/catalog.json`.
  struct Line: Codable, Hashable {
    struct Release: Codable, Hashable {
      var pipeline, period, release, status, published: String
      var as_of: String?
      var sequence, bytes: Int

      var isWithdrawn: Bool { status == ReleaseStatus.withdrawn.rawValue }
    }

    var slug, id, name: String
    var partitions: [Release]

    init(_ catalog: TenantCatalog) {
      slug = catalog.tenant.slug
      id = catalog.tenant.id
      name = catalog.tenant.name
      partitions = catalog.partitions.map { entry in
        .init(
          pipeline: entry.pipeline, period: entry.period, release: entry.release,
          status: entry.status, published: entry.published, as_of: entry.asOf,
          sequence: entry.sequence, bytes: entry.bytes)
      }
    }
  }

  static let catalogPath = "operator/catalog.json"

  /// Writes the catalog of all tenants and the overview again, if they changed.
  ///
  /// - Parameters:
  ///   - catalogs: The tenants that may have changed, by slug; `nil` reads all from the store.
  ///   - copies: Of catalogs that were read before, by slug.
  ///   - record: Says what is failing now; without it the overview leaves that out.
  func renew(
    _ catalogs: [String: TenantCatalog]?, copies: [String: TenantCatalog.Copy] = [:],
    _ record: RunRecord?
  ) throws {
    var lines = catalogs == nil ? [:] : try known()
    if let catalogs, !lines.isEmpty {
      for (slug, catalog) in catalogs { lines[slug] = Line(catalog) }
    } else {
      lines = try present(copies)
    }
    let sorted = lines.values.sorted { $0.slug < $1.slug }
    let failing = try record?.failing() ?? []
    var overview = OperatorOverview()
    overview.tenants = sorted.map { line in
      .init(
        slug: line.slug, name: line.name, partitions: line.partitions.count { !$0.isWithdrawn },
        bytes: line.partitions.reduce(0) { $0.saturatingAdd($1.bytes) },
        published: line.partitions.map(\.published).max() ?? "",
        failing: failing.count { $0.slug == line.slug })
    }
    overview.reports = try store.partitions(tenant: ReleaseTenant.operatorName)
      .filter { try store.shown($0) != nil }
      .map {
        .init(
          name: "\($0.pipeline) \($0.period)", address: "\($0.pipeline)/\($0.period)/index.html")
      }
    overview.failing = failing.map { failure in
      .init(
        slug: failure.slug,
        partition: "\(failure.slug) \(failure.partition.pipeline) \(failure.partition.period)",
        stage: failure.stage,
        message: failure.message, hint: failure.hint,
        command: CommandText.yearbook([
          "run", failure.partition.pipeline, "--tenant", failure.slug, "--period",
          failure.partition.period.description,
        ]))
    }
    let runs = try runs()
    // Without a record nobody knows what was fixed since.
    let unfixed = try record?.unfixed(runs.filter { $0.state == "failed" }.map(\.id))
    overview.runs = runs.map { run in
      let isFixed =
        run.state == "failed" && run.retry != nil && unfixed.map { !$0.contains(run.id) } ?? false
      return .init(
        id: run.id, name: run.name, state: run.state, finished: run.finished,
        published: run.published.count, unchanged: run.unchanged,
        failed: run.failed.count + run.skipped,
        retry: run.state == "failed" && !isFixed ? run.retry : nil, problem: run.problem,
        isFixed: isFixed)
    }
    let pages: [(path: String, bytes: [UInt8])] = [
      (Self.catalogPath, try Self.catalog(sorted)),
      ("operator/index.html", try StorePages.operatorOverview(overview, templates: templates)),
    ]
    if try store.putPages(pages) > 0 { try store.sync() }
  }

  /// The catalog's bytes, from lines sorted by slug.
  static func catalog(_ lines: [Line]) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // One line per tenant, so that the file can be read and compared line by line.
    var bytes = Array("{\"tenants\": [\n".utf8)
    for (index, line) in lines.enumerated() {
      bytes +=
        Array(try encoder.encode(line)) + Array((index + 1 < lines.count ? ",\n" : "\n").utf8)
    }
    return bytes + Array("]}\n".utf8)
  }

  /// The lines that the tenants' own catalogs make, by slug.
  ///
  /// - Parameter copies: Of catalogs that were read before.
  func present(_ copies: [String: TenantCatalog.Copy] = [:]) throws -> [String: Line] {
    var lines: [String: Line] = [:]
    for slug in try store.tenants() {
      if let copy = TenantCatalog.Copy(store: store, slug: slug, copy: copies[slug]) {
        lines[slug] = Line(copy.catalog)
      }
    }
    return lines
  }

  /// The lines of the present catalog, by slug.
  ///
  /// - Parameter isTrusted: Whether a catalog that is not the one that was signed counts too.
  func known(isTrusted: Bool = false) throws -> [String: Line] {
    struct File: Decodable { var tenants: [Line] }
    let signed = try store.signedPages(ReleaseTenant.operatorName)
    guard let data = FileManager.default.contents(atPath: store.path(Self.catalogPath)),
      isTrusted || signed.hold(Self.catalogPath, data)
    else { return [:] }
    do {
      let file = try JSONDecoder().decode(File.self, from: data)
      return Dictionary(file.tenants.map { ($0.slug, $0) }, uniquingKeysWith: { $1 })
    } catch {
      // A damaged catalog is made again from the tenants' own catalogs.
      return [:]
    }
  }
}
