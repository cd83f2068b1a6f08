import Diagnostics
import Markup
import Mustache

/// A place of a page that comes from this line of a template.
struct TemplateMark: Hashable {
  /// Where it is in the page's bytes.
  var offset: Int
  /// The template's number among those that the page is made with.
  var template: Int
  var line: Int
}

/// Marks the lines of a template, so that a fault of the page can be told at the template's line.
///
/// A mark is U+FDD7, the template's number, a colon, the line, U+FDD8. It stands at the beginning
/// of each line and behind each tag after which the line can go on, and is taken out again before
/// the page is read. A line with nothing but a tag makes no text, and has none.
enum TemplateMarks {
  private struct Tag {
    /// `#`, `^`, `/`, `>`, `!` …; a letter for a value.
    var kind: UInt8
    var range: Range<Int>
  }

  static func marked(_ text: String, template: Int) -> String {
    let bytes = Array(text.utf8)
    let tags = tags(in: bytes)
    // With other delimiters, text and tags cannot be told apart here.
    if tags.contains(where: { $0.kind == UInt8(ascii: "=") }) { return text }
    var result: [UInt8] = []
    var line = 1
    var start = 0
    var next = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
      let isInTag = next > 0 && tags[next - 1].range.upperBound > start
      let first = next
      while next < tags.count, tags[next].range.lowerBound < end { next += 1 }
      let here = tags[first..<next]
      // U+FDD7 and U+FDD8; a literal cannot contain noncharacters.
      let mark: [UInt8] =
        [0xEF, 0xB7, 0x97] + Array("\(template):\(line)".utf8) + [0xEF, 0xB7, 0x98]
      if isInTag || isStandalone(here, bytes[start..<end]) {
        result += bytes[start..<end]
      } else {
        result += mark
        var place = start
        for tag in here where tag.range.upperBound <= end && "#^/>$".utf8.contains(tag.kind) {
          result += bytes[place..<tag.range.upperBound] + mark
          place = tag.range.upperBound
        }
        result += bytes[place..<end]
      }
      line += 1
      start = end
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Whether Mustache takes the whole line away, or the line begins a tag of several lines.
  private static func isStandalone(_ tags: ArraySlice<Tag>, _ line: ArraySlice<UInt8>) -> Bool {
    guard let tag = tags.first else { return line.allSatisfy(isBlank) }
    if tags.contains(where: { $0.range.upperBound > line.endIndex }) { return true }
    return tags.count == 1 && "#^/>!%$<".utf8.contains(tag.kind)
      && line[..<tag.range.lowerBound].allSatisfy(isBlank)
      && line[tag.range.upperBound...].allSatisfy(isBlank)
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte <= 0x20 }

  private static func tags(in bytes: [UInt8]) -> [Tag] {
    var tags: [Tag] = []
    var place = 0
    let (open, close) = (UInt8(ascii: "{"), UInt8(ascii: "}"))
    while place + 2 < bytes.count {
      guard bytes[place] == open, bytes[place + 1] == open else {
        place += 1
        continue
      }
      var inside = place + 2
      while inside < bytes.count, bytes[inside] == 0x20 { inside += 1 }
      var end = inside
      while end + 1 < bytes.count, !(bytes[end] == close && bytes[end + 1] == close) { end += 1 }
      let kind = inside < bytes.count ? bytes[inside] : open
      // Three braces.
      let width = kind == open ? 3 : 2
      let upper = min(bytes.count, end + width)
      tags.append(Tag(kind: kind, range: place..<upper))
      place = upper
    }
    return tags
  }

  /// The template's line of each fault that a page's check found in a marked page.
  ///
  /// - Parameters:
  ///   - marks: in the order of the page.
  ///   - files: the paths of the templates, by their numbers.
  static func located(
    _ faults: Diagnostics, in page: [UInt8], marks: [TemplateMark], files: [String]
  ) -> Diagnostics {
    var starts = [0]
    for (place, byte) in page.enumerated() where byte == UInt8(ascii: "\n") {
      starts.append(place + 1)
    }
    return Diagnostics(
      faults.all.map { fault in
        guard let line = fault.subject.line, starts.indices.contains(line - 1) else { return fault }
        let start = starts[line - 1]
        let end = starts.indices.contains(line) ? starts[line] : page.count
        let place = fault.subject.column.map { min(start + $0 - 1, end - 1) } ?? start
        guard
          let mark = marks.last(where: { $0.offset <= place }) ?? marks.first,
          files.indices.contains(mark.template)
        else { return fault }
        var fault = fault
        fault.subject.file = files[mark.template]
        fault.subject.line = mark.line
        fault.subject.column = nil
        return fault
      })
  }
}

extension CompiledTemplates {
  /// The faults of a page at the lines of its templates: the page is made once more, with marks.
  ///
  /// - Parameters:
  ///   - faults: what `check` found in the page. They are returned if the page that is made once
  ///     more does not show them.
  ///   - blocks: the finished markup of the page; read after it is made.
  func located(
    _ faults: Diagnostics, by check: PageCheck, of name: String, _ context: Any,
    blocks: () -> [[UInt8]] = { [] }
  ) -> Diagnostics {
    do throws(Diagnostics) {
      guard let (text, files) = try renderMarked(context, name) else { return faults }
      var marks: [TemplateMark] = []
      let page = PageText.deliver(text, blocks: blocks(), marks: &marks)
      do throws(Diagnostics) {
        try check.check(page)
      } catch {
        return TemplateMarks.located(error, in: page, marks: marks, files: files)
      }
      return faults
    } catch {
      return faults
    }
  }
}
