/// A problem that did not stop the work: a recording that could not be decoded, a picture with too
/// many pixels. It is kept with the stage's result and shown with the run.
package struct Warning: Hashable, Sendable, Codable {
  /// A short, stable word for grouping: `recording-unusable`.
  package var code: String
  /// What the warning is about: an object key or a scene's number, never a tenant's text.
  package var subject: String
  /// What is wrong and what was done instead.
  package var message: String

  /// A warning with these parts.
  package init(code: String, subject: String, message: String) {
    self.code = code
    self.subject = subject
    self.message = message
  }
}
