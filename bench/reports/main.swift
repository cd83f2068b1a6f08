import Basics
import Diagnostics
import Foundation
import Markup
import Media
import Pipelines
import Stages

// What a page costs once its model is there: processor time of the thread that renders it, and the
// part of it that goes to libxml2's reading. Started by bench/reports/run.
//
//   PageBench FOLDER PIPELINE PIPELINES TEMPLATES
//
// FOLDER holds what the stage before left for one partition: report.json and the tables' files.

/// A stage's surroundings, as far as pages without pictures need them: drawing those is kept by
/// their content.
private struct BenchEnvironment: StageEnvironment {
  let scratch: String
  let templates: String
  var media: MediaRoot? { nil }

  func parallel(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    for index in 0..<count { try body(index) }
  }
  func cached(
    _ inputs: KeyInputs, _ make: (_ path: String) throws -> [Warning]
  ) throws -> (file: Artifact, warnings: [Warning]) {
    let path = "\(scratch)/\(inputs.key.hex).piece"
    var warnings: [Warning] = []
    if !FileManager.default.fileExists(atPath: path) { warnings = try make(path) }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    return (
      Artifact(
        name: "piece", mediaType: "image/png", isPublished: false,
        content: StoredContent(
          digest: SHA256Digest(of: inputs.key.hex.utf8), byteCount: bytes.count, path: path)),
      warnings
    )
  }
  /// Removes the pieces, so that they are made again.
  func forget() throws {
    for file in try FileManager.default.contentsOfDirectory(atPath: scratch)
    where file.hasSuffix(".piece") {
      try FileManager.default.removeItem(atPath: "\(scratch)/\(file)")
    }
  }
  func digest(ofMedia key: String) throws -> SHA256Digest {
    throw Diagnostic(.data, "pages are measured without pictures")
  }
  func progress(_ done: Int, of total: Int, _ what: String) {}
  func checkCancellation() throws {}
}

private struct Head: Decodable {
  struct Period: Decodable { var name: String }
  struct Tenant: Decodable { var id, slug, name, time_zone, locale, currency: String }
  var tenant: Tenant
  var period: Period
}

/// The processor's milliseconds that this thread spends in `body`.
private func milliseconds(_ body: () throws -> Void) rethrows -> Double {
  var began = timespec()
  var ended = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &began)
  try body()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ended)
  return Double(ended.tv_sec - began.tv_sec) * 1e3 + Double(ended.tv_nsec - began.tv_nsec) / 1e6
}

private func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }

private func measure(_ arguments: [String]) throws {
  let folder = arguments[1]
  let head = try JSONDecoder().decode(
    Head.self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/report.json")))
  let library = try PipelineLibrary(folder: arguments[3])
  guard let pipeline = library.pipeline(arguments[2]), let period = Period(head.period.name) else {
    throw CocoaError(.fileNoSuchFile)
  }
  let inputs = try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { name in
    let path = "\(folder)/\(name)"
    return Artifact(
      name: name, mediaType: "text/csv", isPublished: !name.hasSuffix(".rows.csv"),
      content: StoredContent(
        digest: SHA256Digest(of: name.utf8),
        byteCount: try Data(contentsOf: URL(fileURLWithPath: path)).count, path: path))
  }
  func newWork() -> PartitionWork {
    PartitionWork(
      tenant: Tenant(
        id: head.tenant.id, slug: head.tenant.slug, name: head.tenant.name,
        zone: ZoneRules(name: head.tenant.time_zone, offset: 0), locale: head.tenant.locale,
        currency: head.tenant.currency),
      settings: TenantSettings(), period: period, pipeline: pipeline, asOf: nil,
      datasets: [], linked: [:])
  }
  let work = newWork()
  let scratch = NSTemporaryDirectory() + "/yb-page-bench-\(getpid())"
  try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
  defer { do { try FileManager.default.removeItem(atPath: scratch) } catch {} }
  let environment = BenchEnvironment(scratch: scratch, templates: arguments[4])
  func render() throws -> [StageOutput.File] {
    try RenderStage().prepare(work, inputs: inputs, environment: environment).run().files
  }
  var pages = try render()
  let names = Set(inputs.map(\.name) + pages.map(\.name))
  let script = pages.lazy.compactMap { page -> String? in
    guard case .bytes(let text) = page.content else { return nil }
    return String(decoding: text, as: UTF8.self).components(separatedBy: "<script>")
      .dropFirst().first?.components(separatedBy: "</script>").first
  }.first
  var bytes = 0
  var (whole, read): ([Double], [Double]) = ([], [])
  // In turns, so that both find the processor's caches as the other left them.
  for _ in 0..<301 {
    whole.append(try milliseconds { pages = try render() })
    bytes = 0
    var reading = 0.0
    for page in pages {
      guard case .bytes(let text) = page.content else { continue }
      bytes += text.count
      let check = PageCheck(name: page.name, siblings: names, addresses: names, script: script)
      reading += try milliseconds { try check.check(text) }
    }
    read.append(reading)
  }
  let own = median(zip(whole, read).map { $0 - $1 })
  print(
    String(
      format:
        "  a page of %d kB, its model there            %8.2f ms of CPU, and %.2f to read it as XML",
      bytes / 1000, own, median(read)))
  guard pipeline.render?.cards != nil else { return }
  // Pages with their cards drawn, less pages whose cards are found. Each is of a tenant with another
  // name and another number, so that no text but those of all tenants was measured before.
  let report = String(
    decoding: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/report.json")), as: UTF8.self)
  let ownReport = "\(scratch)/report.json"
  let changed = inputs.map { input in
    input.name == "report.json"
      ? input.with(
        StoredContent(digest: input.digest, byteCount: input.byteCount, path: ownReport)) : input
  }
  let drawn = try (1...101).map { round in
    try report.replacingOccurrences(
      of: "\"\(head.tenant.name)\"", with: "\"Guild \(round * 7_919) of Makers\""
    ).write(toFile: ownReport, atomically: false, encoding: .utf8)
    let work = newWork()
    func render() throws {
      _ = try RenderStage().prepare(work, inputs: changed, environment: environment).run()
    }
    let drawing = try milliseconds(render)
    return drawing - (try milliseconds(render))
  }
  print(
    String(
      format: "  its three pictures to share, drawn             %8.2f ms of CPU", median(drawn)))
}

HeapLimits.giveBack()
do {
  try measure(CommandLine.arguments)
} catch {
  print(error)
  exit(1)
}
