import Diagnostics

@testable import Extraction

extension FuzzTarget {
  /// The words and signs are those that PostgreSQL's own rules give, each at its place.
  @Sendable static func checkSQL(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    for fault in QueryRules.faults(inText: text, file: "q.sql") {
      try accepts([.configuration]) { throw fault }
    }
    let found = SQLTokens(text).all
    var lexer = ReferenceLexer(text)
    let expected = lexer.tokens()
    for (one, other) in zip(found, expected) {
      try require(
        one.text == other.text && one.isWord == other.isWord && one.line == other.line
          && one.column == other.column, "\(one) where \(other) stands")
    }
    try require(
      found.count == expected.count, "\(found.count) tokens where \(expected.count) stand")
  }
}

/// What PostgreSQL's scan.l says of an SQL text, one rule after the other over an index.
private struct ReferenceLexer {
  struct Token {
    var text: String
    var isWord: Bool
    var line: Int
    var column: Int
  }

  private let all: [Unicode.Scalar]
  private var place = 0
  private var found: [Token] = []
  private var isEscaped = false

  init(_ text: String) { all = Array(text.unicodeScalars) }

  mutating func tokens() -> [Token] {
    while place < all.count { next() }
    return found
  }

  private func at(_ offset: Int) -> Unicode.Scalar? {
    place + offset < all.count ? all[place + offset] : nil
  }

  private func isLetter(_ scalar: Unicode.Scalar?) -> Bool {
    guard let scalar else { return false }
    return scalar.value > 127 || scalar == "_" || ("a"..."z").contains(scalar)
      || ("A"..."Z").contains(scalar)
  }

  private func isDigit(_ scalar: Unicode.Scalar?) -> Bool {
    scalar.map { ("0"..."9").contains($0) } ?? false
  }

  private mutating func add(_ text: String, isWord: Bool, from start: Int) {
    let before = all[..<start]
    let line = before.count { $0 == "\n" } + 1
    let column = start - (before.lastIndex(of: "\n").map { $0 + 1 } ?? 0) + 1
    found.append(Token(text: text, isWord: isWord, line: line, column: column))
  }

  private mutating func next() {
    let start = place
    switch all[place] {
    case " ", "\t", "\n", "\r", "\u{B}", "\u{C}": place += 1
    case "-" where at(1) == "-":
      while place < all.count, all[place] != "\n", all[place] != "\r" { place += 1 }
    case "/" where at(1) == "*":
      var depth = 0
      repeat {
        if at(0) == "/", at(1) == "*" {
          depth += 1
          place += 2
        } else if at(0) == "*", at(1) == "/" {
          depth -= 1
          place += 2
        } else {
          place += 1
        }
      } while depth > 0 && place < all.count
      place = min(place, all.count)
    case "'":
      if found.last?.text != "''" || found.last?.isWord != false {
        let isAfterE = start > 0 && (all[start - 1] == "e" || all[start - 1] == "E")
        isEscaped = isAfterE && ["e", "E"].contains(found.last?.text ?? "")
      }
      quoted("'", isEscaped)
      add("''", isWord: false, from: start)
    case "\"":
      quoted("\"", false)
      let inner = all[start..<place].dropFirst().dropLast()
      add(String(String.UnicodeScalarView(inner)), isWord: true, from: start)
    case "$" where dollar() != nil:
      let quote = dollar() ?? 0
      let tag = Array(all[place..<place + quote])
      place += quote
      while place < all.count, !all[place...].starts(with: tag) { place += 1 }
      place = min(all.count, place + quote)
    case let scalar where isLetter(scalar):
      while isLetter(at(0)) || isDigit(at(0)) || at(0) == "$" { place += 1 }
      add(String(String.UnicodeScalarView(all[start..<place])), isWord: true, from: start)
    default:
      place += 1
      add(String(all[start]), isWord: false, from: start)
    }
  }

  private mutating func quoted(_ quote: Unicode.Scalar, _ escapes: Bool) {
    place += 1
    while place < all.count {
      if escapes, all[place] == "\\" {
        place += 2
      } else if all[place] == quote, at(1) == quote {
        place += 2
      } else if all[place] == quote {
        place += 1
        return
      } else {
        place += 1
      }
    }
    place = all.count
  }

  /// The length of a dollar quote that begins here.
  private func dollar() -> Int? {
    var end = 1
    if isLetter(at(end)) {
      while isLetter(at(end)) || isDigit(at(end)) { end += 1 }
    }
    return at(end) == "$" ? end + 1 : nil
  }
}
