extension Int {
  /// The sum, or the largest number if there is none: numbers that a server or a file system told
  /// can be anything.
  package func saturatingAdd(_ other: Int) -> Int {
    let (sum, isOver) = addingReportingOverflow(other)
    return isOver ? (other > 0 ? .max : .min) : sum
  }
}
