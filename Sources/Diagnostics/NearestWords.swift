/// Finds the known words that are nearest to a mistyped word.
package enum NearestWords {
  /// At most `limit` words of `known`, nearest first, ties in alphabetical order. Words with more
  /// edits than a third of the length (at least two edits) are left out.
  package static func of(_ word: String, in known: some Sequence<String>, limit: Int = 3)
    -> [String]
  {
    let wanted = Array(word.lowercased().unicodeScalars)
    return
      known
      .map { (distance(wanted, Array($0.lowercased().unicodeScalars)), $0) }
      .filter { $0.0 <= max(2, $0.1.unicodeScalars.count / 3) }
      .sorted { $0 < $1 }
      .prefix(limit)
      .map(\.1)
  }

  /// “did you mean a, b?”, or `nil` if no word is near.
  package static func hint(for word: String, in known: some Sequence<String>) -> String? {
    let near = of(word, in: known)
    return near.isEmpty ? nil : "did you mean \(near.joined(separator: ", "))?"
  }

  /// “use one of a, b”, for a `lead` of “use one of”; `nil` if there is nothing to choose from.
  package static func choice(_ lead: String, _ words: [String]) -> String? {
    words.isEmpty ? nil : "\(lead) \(words.joined(separator: ", "))"
  }

  /// The optimal string alignment distance: insertions, deletions, substitutions and swaps of
  /// neighbours.
  private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 1...a.count {
      var current = [i] + [Int](repeating: 0, count: b.count)
      for j in 1...b.count {
        let cost = a[i - 1] == b[j - 1] ? 0 : 1
        current[j] = min(last[j] + 1, current[j - 1] + 1, last[j - 1] + cost)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          current[j] = min(current[j], beforeLast[j - 2] + 1)
        }
      }
      beforeLast = last
      last = current
    }
    return last[b.count]
  }
}
