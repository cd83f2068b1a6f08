import Basics
import Diagnostics
import Foundation
import Media
import Synchronization
import TestSupport
import Testing

@testable import Pipelines
@testable import Stages

/// A row names an object that is not its tenant's: it is in no film and on no page.
struct TenantMediaTests {
  /// Keys that a row can hold, and the warning for each.
  static let keys: [(key: String, code: String)] = [
    ("zeta/secret.png", "media-refused"), ("secret.png", "media-refused"),
    ("acao-2/secret.png", "media-refused"), ("../media/zeta/secret.png", "media-refused"),
    ("acao/../zeta/secret.png", "media-refused"), ("/etc/passwd", "media-refused"),
    ("acao//own.png", "media-refused"), ("acao/./own.png", "media-refused"),
    ("./acao/own.png", "media-refused"), ("acao/own.png\0", "media-refused"),
    ("acao/", "media-refused"), ("acao", "media-refused"), ("acao/link.png", "media-missing"),
    ("acao/others/secret.png", "media-missing"), ("acao/gone.png", "media-missing"),
  ]

  private func environment(_ folder: String) throws -> StitchEnvironment {
    let environment = try StitchEnvironment(folder: folder, workers: 2, prefix: "acao/")
    for name in ["acao", "zeta", "acao-2"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/media/\(name)", withIntermediateDirectories: true)
    }
    for name in ["acao/own", "zeta/secret", "acao-2/secret", "secret"] {
      try StitchFixture.picture("\(folder)/media/\(name).png", width: 320, height: 180)
    }
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder)/media/acao/link.png", withDestinationPath: "../zeta/secret.png")
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder)/media/acao/others", withDestinationPath: "../zeta")
    return environment
  }

  @Test func `No key of another's object shows it in a film`() throws {
    try withTemporaryFolder { folder in
      let environment = try environment(folder)
      let keys = Self.keys + [("acao/own.png", "")]
      let rows = keys.enumerated().map { index, key in
        "x,poc,\(index),2026-0\(1 + index % 9)-0\(1 + index / 9),N\(index),,,Ana,0,0,\(key.key),t"
      }.sorted { $0.split(separator: ",")[3] < $1.split(separator: ",")[3] }
      let work = try StitchFixture.work(folder, rows: rows)
      let output = try StitchStage().prepare(work, inputs: [], environment: environment).run()
      let found = Set(output.warnings.map { "\($0.code) \($0.subject)" })
      #expect(found == Set(Self.keys.map { "\($0.code) \($0.key)" }))
      let file = try #require(output.files.first { $0.name == "storyboard.json" })
      guard case .bytes(let bytes) = file.content else { throw POSIXFailure(EINVAL) }
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(text.components(separatedBy: "\"picture\"").count == 2, "only its own: \(text)")
      // No segment was made of another picture either: each kept fact is of the tenant's own.
      let facts = environment.made.withLock { $0 }.filter { $0.parts["stage"] == "picture facts" }
      #expect(facts.count == 1)
    }
  }

  @Test func `No key of another's object shows it on a page`() throws {
    try withTemporaryFolder { folder in
      let environment = try environment(folder)
      let made = try PagePictures(environment: environment).make(
        Self.keys.map(\.key) + ["acao/own.png"], of: "cards")
      #expect(Set(made.pictures.keys) == ["acao/own.png"])
      #expect(made.files.isEmpty)
      let found = made.warnings.map { "\($0.code) \($0.subject)" }
      #expect(
        found
          == Self.keys.map {
            "\($0.code == "media-missing" ? "picture-missing" : $0.code) \($0.key)"
          })
    }
  }

  @Test func `A picture that changes while it is read is not kept under its old digest`() throws {
    try withTemporaryFolder { folder in
      let environment = try environment(folder)
      environment.changes.withLock { $0 = ["acao/own.png"] }
      let error = #expect(throws: Diagnostic.self) {
        try PagePictures(environment: environment).make(["acao/own.png"], of: "cards")
      }
      #expect(error?.message == "the object was changed while it was read")
      #expect(error?.isTransient == true)
      #expect(environment.made.withLock { $0 }.isEmpty)
    }
  }

  @Test func `A missing media folder fails the page, and is not taken for missing pictures`() throws
  {
    try withTemporaryFolder { folder in
      let environment = try environment(folder)
      try FileManager.default.removeItem(atPath: "\(folder)/media")
      let error = #expect(throws: Diagnostic.self) {
        try PagePictures(environment: environment).make(["acao/own.png"], of: "cards")
      }
      #expect(error?.code == .configuration)
    }
  }
}
