package import Basics
package import Diagnostics
package import Media
package import Pipelines

/// What the engine provides to a running stage.
package protocol StageEnvironment: Sendable {
  /// The stage's own empty folder, removed after the stage.
  var scratch: String { get }
  /// The folder of templates and messages.
  var templates: String { get }
  /// The part of the media root that is the tenant's; `nil` if no root is configured.
  var media: MediaRoot? { get }

  /// Runs `body` for 0 ..< count, side by side on the engine's threads and the caller's.
  ///
  /// It returns when all calls have ended, and throws the failure with the lowest index.
  func parallel(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws

  /// A piece that outlives the run, such as a segment of a film or the analysis of a recording. It
  /// is found by its key; otherwise `make` writes it to the given path, and it is made durable and
  /// recorded.
  ///
  /// - Returns: the file with its digest, and the warnings it was made with.
  func cached(
    _ inputs: KeyInputs, _ make: (_ path: String) throws -> [Warning]
  ) throws -> (file: Artifact, warnings: [Warning])

  /// The SHA-256 of a media object. It is kept by key, size and times, so that unchanged objects
  /// are not read again.
  ///
  /// Throws a `Diagnostic` of code `data` if the object does not exist or is not the tenant's, and
  /// what `checkCancellation` throws: a large object takes a long time to read.
  func digest(ofMedia key: String) throws -> SHA256Digest

  /// The names of people's folders, by the people's ids: 26 random letters and digits that are made
  /// once for a person in a partition. Who is not among `people` loses theirs.
  ///
  /// - Parameter people: `nil` only tells the names that there are.
  func folders(of people: [String]?) throws -> [String: String]

  /// Reports the stage's progress: `done` of `total` pieces; `what` names the pieces.
  func progress(_ done: Int, of total: Int, _ what: String)

  /// Throws a `Diagnostic` of code `interrupted` if the run must stop.
  func checkCancellation() throws
}

extension StageEnvironment {
  /// There are none unless the environment keeps them.
  package func folders(of people: [String]?) throws -> [String: String] {
    guard people?.isEmpty ?? true else { throw Diagnostic(.bug, "nobody keeps folders' names") }
    return [:]
  }

  /// Opens a media object of the tenant.
  ///
  /// - Throws: as `MediaRoot.open`; `data` if no media root is configured.
  package func open(media key: String) throws(Diagnostic) -> MediaObject {
    guard let media else {
      throw Diagnostic(
        .data, "no media root is configured",
        hint: "set media: in yearbook.yaml, or YEARBOOK_MEDIA in the environment")
    }
    return try media.open(key)
  }

  /// `checkCancellation`, for the time in which a stage waits for a decoder.
  var checking: SandboxCheck {
    { () throws(Diagnostic) in
      do {
        try checkCancellation()
      } catch let error as Diagnostic {
        throw error
      } catch {
        throw Diagnostic(.bug, "a check failed with an unexpected error", underlying: error)
      }
    }
  }

  /// What stands in a stage's key for a media object: its digest, or why there is none.
  func keyText(ofMedia key: String) throws -> String {
    do {
      return try digest(ofMedia: key).hex
    } catch let error as Diagnostic where error.code == .data {
      return media?.refusal(of: key) ?? "missing"
    }
  }

  /// Throws if an object has changed since it was digested: what was made from it would belong to
  /// no key.
  func confirm(media key: String, _ digest: SHA256Digest) throws {
    var now: SHA256Digest?
    do {
      now = try self.digest(ofMedia: key)
    } catch let error as Diagnostic where error.code == .data {}
    if now == digest { return }
    throw Diagnostic(
      .data, "the object was changed while it was read", at: .init(file: key), isTransient: true)
  }
}
