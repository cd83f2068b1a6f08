/// The bytes of a file that a reader wants (RFC 9110, 14).
enum ByteRange: Equatable, Sendable {
  /// The header is missing or is one that can be ignored: the whole file.
  case whole
  case part(Range<Int>)
  /// The file has none of the bytes.
  case none

  /// Reads `Range`. Several ranges at once are answered with the whole file, as the standard
  /// allows.
  init(_ header: String?, size: Int) {
    guard let header, header.hasPrefix("bytes="), header.utf8.count < 100 else {
      self = .whole
      return
    }
    let ends = header.dropFirst("bytes=".count).split(
      separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2 else {
      self = .whole
      return
    }
    func number(_ text: Substring) -> Int? {
      text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }
    switch (ends[0].isEmpty, ends[1].isEmpty) {
    case (true, false):
      guard let count = number(ends[1]) else {
        self = .whole
        return
      }
      self = count == 0 || size == 0 ? .none : .part(max(0, size - count)..<size)
    case (false, true):
      guard let first = number(ends[0]) else {
        self = .whole
        return
      }
      self = first < size ? .part(first..<size) : .none
    case (false, false):
      guard let first = number(ends[0]), let last = number(ends[1]), first <= last else {
        self = .whole
        return
      }
      self = first < size ? .part(first..<min(size, last == .max ? last : last + 1)) : .none
    case (true, true): self = .whole
    }
  }
}
