import Basics
package import Diagnostics
package import Pipelines

/// What the engine lends a running stage.
package protocol StageEnvironment: Sendable {
  /// An empty folder of the stage's own, removed after it.
  var scratch: String { get }
  /// The folder of templates and messages.
  var templates: String { get }
  /// The media root; `nil` where none is configured.
  var media: String? { get }

  /// Runs `body` for 0 ..< count, side by side on the engine's threads, the caller's among them.
  ///
  /// Returns when all have ended; throws the failure with the lowest index.
  func parallel(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws

  /// A piece that outlives the run: found by its key, or made by `make` at the path it is given,
  /// made durable and recorded. Segments of a film and analyses of recordings are such pieces.
  ///
  /// - Returns: the file with its digest, and the warnings it was made with.
  func cached(
    _ inputs: KeyInputs, _ make: (_ path: String) throws -> [Warning]
  ) throws -> (file: Artifact, warnings: [Warning])

  /// The SHA-256 of a media object by its key; remembered by key, size and times, so that unchanged
  /// objects are not read again.
  ///
  /// Throws a `Diagnostic` of code `data` where there is none such, or it leads out of the root.
  func digest(ofMedia key: String) throws -> String

  /// Tells how far the stage is.
  func progress(_ done: Int, of total: Int, _ what: String)

  /// Throws a `Diagnostic` of code `interrupted` once the run is to stop.
  func checkCancellation() throws
}
