package import Basics
package import Diagnostics
package import Pipelines

/// What the engine provides to a running stage.
package protocol StageEnvironment: Sendable {
  /// The stage's own empty folder, removed after the stage.
  var scratch: String { get }
  /// The folder of templates and messages.
  var templates: String { get }
  /// The media root; `nil` if none is configured.
  var media: String? { get }

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
  /// Throws a `Diagnostic` of code `data` if the object does not exist or is outside the root.
  func digest(ofMedia key: String) throws -> SHA256Digest

  /// Reports the stage's progress: `done` of `total` pieces; `what` names the pieces.
  func progress(_ done: Int, of total: Int, _ what: String)

  /// Throws a `Diagnostic` of code `interrupted` if the run must stop.
  func checkCancellation() throws
}
