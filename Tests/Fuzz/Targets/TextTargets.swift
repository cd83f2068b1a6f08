import Diagnostics
import Foundation
import ObjectStorage

@testable import Basics
@testable import Media
@testable import Pipelines
@testable import Stages

extension FuzzTarget {
  /// An answer's elements lie in it, and every text comes back from its element.
  @Sendable static func checkObjects(_ bytes: [UInt8]) throws {
    for name in ["Contents", "Key", "VersionId", "Code"] {
      for element in ObjectXML.elements(name, in: bytes[...]) {
        try require(
          bytes.indices.contains(element.startIndex) && element.endIndex < bytes.count, "\(name)")
        _ = ObjectXML.text("Key", in: element)
      }
    }
    let text = String(decoding: bytes, as: UTF8.self)
    let answer = Array("<r><Key>\(ObjectXML.escaped(text))</Key></r>".utf8)
    let read = ObjectXML.text("Key", in: answer[...])
    try require(read.map { Array($0.utf8) } == Array(text.utf8), "\(text) became \(read ?? "none")")
  }

  /// Texts divided by NUL become cues that any reader of WebVTT finds whole, and samples of whole characters.
  @Sendable static func checkCaptions(_ bytes: [UInt8]) throws {
    let texts = bytes.split(separator: 0).map {
      FilmReel.plain(String(decoding: $0, as: UTF8.self))
    }
    let captions = texts.enumerated().map { number, text in
      FilmCaption(start: number * 1600, end: number * 1600 + 1600, text: text)
    }
    try require(try cues(FilmReel.vtt(captions)) == texts.map { Array($0.utf8) }, "\(texts)")
    let text = String(decoding: bytes, as: UTF8.self)
    let sample = CaptionWriter.sample(text)
    let count = Int(sample[0]) << 8 | Int(sample[1])
    try require(count == sample.count - 2, "a length of \(count) for \(sample.count - 2) bytes")
    let told = String(validating: sample.dropFirst(2), as: UTF8.self)
    try require(told.map { text.hasPrefix($0) || text == $0 } ?? false, "half a character")
  }

  /// The texts of a file's cues, by the rules of WebVTT (W3C, 6.1): lines end with LF, CR or both, an empty one ends
  /// a cue, and none of a text has an arrow.
  private static func cues(_ file: [UInt8]) throws -> [[UInt8]] {
    guard let text = String(validating: file, as: UTF8.self) else {
      throw Violation(description: "captions that are not UTF-8")
    }
    var lines: [[UInt8]] = [[]]
    for byte in text.utf8 {
      if byte == 10 || byte == 13 { lines.append([]) } else { lines[lines.count - 1].append(byte) }
    }
    try require(lines.first == Array("WEBVTT".utf8), "no header")
    let arrow = Array(" --> ".utf8)
    var found: [[[UInt8]]] = []
    var isInside = false
    for line in lines.dropFirst() {
      if line.isEmpty {
        isInside = false
      } else if isInside {
        try require(!contains(line, Array("-->".utf8)), "an arrow in a text")
        found[found.count - 1].append(try unescaped(line))
      } else {
        try require(line.count == 29 && contains(line, arrow), "no times: \(line)")
        found.append([])
        isInside = true
      }
    }
    return found.map { Array($0.joined(separator: [10])) }
  }

  private static func contains(_ line: [UInt8], _ word: [UInt8]) -> Bool {
    line.indices.contains { line[$0...].starts(with: word) }
  }

  private static func unescaped(_ line: [UInt8]) throws -> [UInt8] {
    var rest = line[...]
    var text: [UInt8] = []
    while let byte = rest.first {
      try require(byte != UInt8(ascii: "<") && byte != UInt8(ascii: ">"), "a tag")
      let entities = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")]
      if let (entity, meant) = entities.first(where: { rest.starts(with: Array($0.0.utf8)) }) {
        text += meant.utf8
        rest = rest.dropFirst(entity.utf8.count)
      } else {
        try require(byte != UInt8(ascii: "&"), "a reference that is none")
        text.append(byte)
        rest = rest.dropFirst()
      }
    }
    return text
  }

  /// What is written to a terminal or a log acts on nothing there, and JSON keeps its value.
  @Sendable static func checkTold(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    let line = PlainText.line(text)
    try require(PlainText.isSafe(line), "\(line)")
    try require(PlainText.line(line, limit: .max) == line, "not the same when told twice: \(line)")
    let lines = PlainText.lines(text).unicodeScalars.filter { $0 != "\n" }
    try require(!lines.contains(where: PlainText.isUnsafe), "\(text)")
    let json = PlainText.json(String(decoding: try JSONEncoder().encode([text]), as: UTF8.self))
    try require(PlainText.isSafe(json), "\(json)")
    let back = try JSONDecoder().decode([String].self, from: Data(json.utf8))
    try require(back.first.map { Array($0.utf8) } == Array(text.utf8), "\(json)")
    try require(PlainText.isSafe(CommandText.quoted(text)), "\(text)")
  }

  /// Numbers, days, periods and instants are refused or written as they were read.
  @Sendable static func checkValues(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    let read = [
      Period(text)?.description, RunMoment(text)?.description, CivilDate(text)?.description,
      Timestamp.seconds(text).map(Timestamp.rfc3339),
    ].compactMap(\.self)
    for told in read { try require(told == text, "\(text) became \(told)") }
    if let number = DecimalNumber(text) {
      try require(DecimalNumber(number.description) == number, "\(text) became \(number)")
      try require(number.negated.magnitude == number.magnitude, "\(number)")
      for other in [number, DecimalNumber(10), DecimalNumber("-0.005") ?? .zero] {
        do throws(DecimalNumber.Overflow) {
          let back = try number + other - other
          precondition(back == number, "\(number) became \(back)")
          _ = try number * other
          _ = try number.divided(by: other, scale: 4, rounding: .halfEven)
          _ = try number.rounded(toScale: 2, .halfUp)
        } catch {}
      }
    }
    if let instant = ReportInstant(bytes: bytes[...]) { _ = instant.local(in: .utc) }
    _ = PeriodSelector(text)
  }
}
