import Basics
import Diagnostics
import Foundation
import Media
import Pipelines
import Synchronization
import TestSupport

@testable import Stages

/// A stitch stage's environment: a media folder, pieces in a folder, and a number of workers.
final class StitchEnvironment: StageEnvironment {
  let scratch: String
  let templates = Places.project + "/templates"
  let media: MediaRoot?
  let workers: Int
  /// Keys of the pieces that were made, not found.
  let made = Mutex<[KeyInputs]>([])
  private let folder: String
  /// Objects whose digest changes each time.
  let changes = Mutex<Set<String>>([])
  private let pieces = Mutex<[String: (Artifact, [Warning])]>([:])

  /// - Parameter prefix: what the object keys of the tenant begin with.
  init(folder: String, workers: Int = 1, prefix: String = "") throws {
    self.folder = folder
    self.workers = workers
    scratch = folder + "/scratch"
    media = MediaRoot(folder + "/media", prefix: prefix)
    for path in [scratch, folder + "/media", folder + "/pieces"] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
  }

  func parallel(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
    if workers == 1 {
      for index in 0..<count { try body(index) }
      return
    }
    // Own threads: a queue would use as many as there are cores.
    let ended = DispatchGroup()
    let work = withoutActuallyEscaping(body) { body in
      let work = Work(count: count, body: body)
      for _ in 0..<workers {
        ended.enter()
        let thread = Thread {
          work.run()
          ended.leave()
        }
        thread.stackSize = 8 << 20
        thread.start()
      }
      ended.wait()
      work.end()
      return work
    }
    if let error = work.failure { throw error }
  }

  /// What the threads of one `parallel` share. A thread may live a little longer than its work, so
  /// `end` lets go of what they call.
  private final class Work: Sendable {
    private struct State {
      var next = 0
      var body: (@Sendable (Int) throws -> Void)?
      var failure: (any Error)?
    }

    private let count: Int
    private let state: Mutex<State>

    init(count: Int, body: @escaping @Sendable (Int) throws -> Void) {
      self.count = count
      state = Mutex(State(body: body))
    }

    var failure: (any Error)? { state.withLock { $0.failure } }

    func end() { state.withLock { $0.body = nil } }

    func run() {
      while true {
        let (index, body) = state.withLock { state in
          defer { state.next += 1 }
          return (state.next, state.body)
        }
        guard index < count, let body else { return }
        do {
          try body(index)
        } catch {
          state.withLock { $0.failure = error }
        }
      }
    }
  }

  func cached(
    _ inputs: KeyInputs, _ make: (_ path: String) throws -> [Warning]
  ) throws -> (file: Artifact, warnings: [Warning]) {
    let key = inputs.key.hex
    if let found = pieces.withLock({ $0[key] }) { return found }
    let path = "\(folder)/pieces/\(key)"
    let warnings = try make(path)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let file = Artifact(
      name: "piece", mediaType: "application/octet-stream", isPublished: false,
      content: StoredContent(
        digest: SHA256Digest(of: bytes), byteCount: bytes.count, path: path))
    pieces.withLock { $0[key] = (file, warnings) }
    made.withLock { $0.append(inputs) }
    return (file, warnings)
  }

  func digest(ofMedia key: String) throws -> SHA256Digest {
    if changes.withLock({ $0.contains(key) }) { return SHA256Digest(of: UUID().uuidString.utf8) }
    var bytes: [UInt8] = []
    try open(media: key).forEachBlock { bytes += $0 }
    return SHA256Digest(of: bytes)
  }

  func progress(_ done: Int, of total: Int, _ what: String) {}
  func checkCancellation() throws {}

  /// How many segments were made since the last call.
  func segmentsMade() -> Int {
    made.withLock { made in
      defer { made = [] }
      return made.filter { $0.parts["stage"] == "segment" }.count
    }
  }
}
