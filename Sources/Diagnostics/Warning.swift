/// Something the work went on in spite of: a recording that could not be decoded, a picture over the
/// pixel budget. It is kept with the stage's result and shown with the run.
package struct Warning: Hashable, Sendable, Codable {
  /// A short, stable word for grouping: `recording-unusable`.
  package var code: String
  /// What was met, an object's key or a scene's number; never a tenant's text.
  package var subject: String
  /// What is wrong and what was done instead.
  package var message: String

  package init(code: String, subject: String, message: String) {
    self.code = code
    self.subject = subject
    self.message = message
  }
}
