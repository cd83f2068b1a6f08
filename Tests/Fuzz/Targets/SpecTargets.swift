import Diagnostics
import Foundation
import TestSupport

@testable import Pipelines

extension FuzzTarget {
  /// A folder of pipelines of which one file is the input.
  private final class Folder: Sendable {
    let path: String

    init() throws {
      path = "/tmp/yb-fuzz-\(getpid())/tried"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for name in ["rows", "totals", "months"] {
        try "SELECT".write(toFile: "\(path)/\(name).sql", atomically: false, encoding: .utf8)
      }
    }

    static let shared = Result { try Folder() }
  }

  @Sendable static func checkPipeline(_ bytes: [UInt8]) throws {
    let folder = try Folder.shared.get().path
    try Data(bytes).write(to: URL(fileURLWithPath: folder + "/pipeline.yaml"))
    try accepts([.configuration]) {
      let pipeline = try PipelineFile(folder: folder).read()
      try require(pipeline.name == "tried", "the name \(pipeline.name)")
      try require(!pipeline.extract.queries.isEmpty, "a pipeline without queries")
    }
  }

  @Sendable static func checkSchedule(_ bytes: [UInt8]) throws {
    let file = try Folder.shared.get().path + "/nightly.yaml"
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    let pipelines = ["video", "report", "billing"].map { name in
      Pipeline(
        name: name, file: "", periods: [.year, .month], scope: .tenant, title: [:],
        dependsOnDay: false, extract: ExtractSpec(preludes: [], queries: []))
    }
    try accepts([.configuration]) {
      let schedule = try ScheduleFile(path: file, pipelines: pipelines).read()
      for (place, entry) in schedule.entries.enumerated() {
        let after = schedule.entries[place...].map(\.pipeline)
        try require(
          !entry.needs.contains(where: after.contains), "\(entry) needs what does not end before it"
        )
        for day in ["2026-01-01", "9999-12-31", "0001-01-01"].compactMap({ RunMoment($0) }) {
          guard case .day(let day) = day else { continue }
          for selector in entry.periods {
            _ = selector.periods(on: day, graceDays: schedule.graceDays) { _ in true }
          }
        }
      }
    }
  }

  @Sendable static func checkMessages(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    let files = ["en": (file: "en.yaml", text: text)]
    try accepts([.configuration]) {
      let catalog = try MessageCatalog(files: files)
      try require(try catalog.digest == MessageCatalog(files: files).digest, "another digest")
      for key in catalog.keys(beginningWith: "") {
        guard let message = catalog.message(key, locale: "en-GB") else {
          throw Violation(description: "a key without its message")
        }
        var arguments: [String: MessageCatalog.Argument] = [:]
        for name in MessageCatalog.parameters(of: message) { arguments[name] = .text("x") }
        arguments["count"] = .number(DecimalNumber(2))
        // With all it names, no message fails.
        do throws(Diagnostic) { _ = try catalog.text(key, locale: "en", arguments) } catch {
          throw Violation(description: "\(error)")
        }
      }
    }
  }
}
