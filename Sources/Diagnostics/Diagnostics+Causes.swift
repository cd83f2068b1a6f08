extension Sequence<Diagnostic> {
  /// The first failure of each cause, in order, and how many have the same cause.
  ///
  /// Failures have the same cause if they differ only in names and paths: they have the same code,
  /// the same advice, and the same reason, which stands behind the last colon of their messages.
  package var byCause: [(first: Diagnostic, count: Int)] {
    var places: [[String]: Int] = [:]
    var causes: [(first: Diagnostic, count: Int)] = []
    for failure in self {
      let parts = failure.message.split(separator: ": ", omittingEmptySubsequences: false)
      let reason = parts.count > 1 ? String(parts[parts.count - 1]) : failure.message
      let cause = [failure.code.description, failure.hint ?? "", reason]
      if let place = places[cause] {
        causes[place].count += 1
      } else {
        places[cause] = causes.count
        causes.append((failure, 1))
      }
    }
    return causes
  }
}
