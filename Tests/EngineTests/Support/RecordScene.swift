import Basics
import Pipelines
import Stages
import Store
import TestSupport

@testable import Engine

/// A record, a workspace and what works with them, as a run has them.
final class RecordScene {
  let database: TestDatabase
  let folder: TemporaryFolder
  let blobs: BlobStore
  let lookup: Locked<RunRecord>
  let committer: Committer
  static let tenant = Plans.tenant(1).id

  /// - Parameter scene: One whose database and folder are used again, as by a later run.
  init(after scene: RecordScene? = nil) throws {
    database = try scene?.database ?? TestDatabase()
    folder = try scene?.folder ?? TemporaryFolder()
    blobs = try BlobStore(workspace: folder.path)
    lookup = Locked(try RunRecord(database.conninfo))
    let writer = RecordWriter(
      record: Locked(try RunRecord(database.conninfo)), blobs: blobs, run: "run", sharedRun: "run")
    committer = try Committer(write: writer.write, publish: { _ in })
  }

  func cache(_ policy: ResultCache.Policy = .all) -> ResultCache {
    ResultCache(blobs: blobs, record: lookup, committer: committer, policy: policy)
  }

  static func inputs(_ number: Int) -> KeyInputs {
    var inputs = KeyInputs(stage: "aggregate", version: 1)
    inputs.add("number", String(number))
    return inputs
  }

  static func output(_ text: String) -> StageOutput {
    StageOutput(
      files: [
        .init(name: "report.json", mediaType: "application/json", content: .bytes(Array(text.utf8)))
      ], warnings: [])
  }
}
