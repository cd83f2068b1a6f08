import Diagnostics
import Foundation
import Media

/// How text is set on a card. The template says it in comments, because SVG cannot break lines.
///
/// ```xml
/// <!-- picture when=below x=64 y=40 width=1152 height=470 -->
/// <!-- stack main when=below y=680 anchor=bottom -->
/// <!-- slot title stack=main width=1152 lines=2 size=48 weight=700 leading=58 -->
/// <!-- slot people stack=main width=1152 lines=1 size=32 weight=400 leading=44 gap=6 -->
/// <!-- row figures x=64 step=300 -->
/// <!-- column figures x=80 y=760 step=200 -->
/// <!-- bars x=64 y=600 width=1152 height=120 gap=6 -->
/// ```
///
/// The slots of one stack are placed below each other, in their order. An empty slot takes no room.
/// A text that is too long for a slot with `small` gets that size and one more line; in one with
/// `least` it stays on its line, and is made smaller, down to that size.
/// `when` names the layouts to which a directive applies: `WORD` or `WORD,WORD`.
struct FilmCardLayout: Sendable {
  struct Directive: Hashable, Sendable {
    var word: String
    var name: String
    var values: [String: String]

    func number(_ key: String, _ fallback: Double = 0) -> Double {
      values[key].flatMap { Double($0) } ?? fallback
    }
  }

  let directives: [Directive]

  private static let words = [
    "picture", "stack", "slot", "row", "column", "bars", "tiles",
  ]

  /// Reads the directives of `template` that apply to `layout`.
  init(_ template: String, layout: String) {
    var found: [Directive] = []
    for part in template.components(separatedBy: "<!--").dropFirst() {
      guard let end = part.range(of: "-->") else { continue }
      var fields = part[..<end.lowerBound].split(whereSeparator: \.isWhitespace).map(String.init)
      guard let word = fields.first, FilmCardLayout.words.contains(word) else { continue }
      fields.removeFirst()
      var directive = Directive(word: word, name: "", values: [:])
      for field in fields {
        if let equals = field.firstIndex(of: "=") {
          directive.values[String(field[..<equals])] = String(field[field.index(after: equals)...])
        } else {
          directive.name = field
        }
      }
      let layouts = directive.values["when"].map { $0.split(separator: ",").map(String.init) }
      if layouts?.contains(layout) ?? true { found.append(directive) }
    }
    directives = found
  }

  /// The area for a picture; `nil` if the template has none.
  var pictureBox: Bitmap.Area? { area("picture") }

  func area(_ word: String) -> Bitmap.Area? {
    guard let box = directives.first(where: { $0.word == word }) else { return nil }
    return Bitmap.Area(
      x: Int(box.number("x")), y: Int(box.number("y")), width: Int(box.number("width")),
      height: Int(box.number("height")))
  }

  func directive(_ word: String, _ name: String = "") -> Directive? {
    directives.first { $0.word == word && $0.name == name }
  }

  /// The lines of each slot with their positions, for the template: `NAME` is a list of `text`,
  /// `y`, `size` and `weight`.
  func lines(
    _ texts: [String: String], locale: String
  ) throws(Diagnostic) -> [String: [[String: String]]] {
    var result: [String: [[String: String]]] = [:]
    for stack in directives where stack.word == "stack" {
      var height = 0.0
      var set: [(slot: Directive, lines: [String], top: Double)] = []
      for slot in directives where slot.word == "slot" && slot.values["stack"] == stack.name {
        let text = texts[slot.name] ?? ""
        guard !text.isEmpty else { continue }
        let (slot, lines) = try FilmCardLayout.set(text, in: slot, locale: locale)
        if lines.isEmpty { continue }
        let size = slot.number("size", 32)
        if !set.isEmpty { height += slot.number("gap") }
        set.append((slot, lines, height))
        height += Double(lines.count) * slot.number("leading", size * 1.25)
      }
      let top =
        switch stack.values["anchor"] {
        case "bottom": stack.number("y") - height
        case "middle": stack.number("y") - height / 2
        default: stack.number("y")
        }
      for (slot, lines, offset) in set {
        let (size, leading) = (slot.number("size", 32), slot.number("leading", 40))
        result[slot.name] = lines.enumerated().map { index, text in
          // The baseline. Capital letters are in the middle of their line.
          let y = top + offset + Double(index) * leading + leading / 2 + size * 0.36
          // A separator between two parts is dropped at the beginning of a line.
          let text = text.hasPrefix("·\u{A0}") ? String(text.dropFirst(2)) : text
          return [
            "text": FilmTexts.inOrder(text), "y": FilmCardLayout.text(y),
            "size": FilmCardLayout.text(size),
            "weight": slot.values["weight"] ?? "400",
          ]
        }
      }
    }
    return result
  }

  /// A slot's lines, and the slot with the size that was used. If the text is too long, it gets the
  /// slot's `small` size and one more line.
  private static func set(
    _ text: String, in slot: Directive, locale: String
  ) throws(Diagnostic) -> (slot: Directive, lines: [String]) {
    func lines(_ slot: Directive) throws(Diagnostic) -> [String] {
      let style = TextStyle(
        size: slot.number("size", 32), weight: Int(slot.number("weight", 400)), locale: locale)
      return try RasterText.lines(
        text, width: slot.number("width", 1_000), lines: Int(slot.number("lines", 1)), style: style)
    }
    if let least = slot.values["least"].flatMap({ Double($0) }) {
      let (size, width) = (slot.number("size", 32), slot.number("width", 1_000))
      let style = TextStyle(size: size, weight: Int(slot.number("weight", 400)), locale: locale)
      let used = try RasterText.widths([text], style: style)[0]
      if used <= width { return (slot, [text]) }
      var smaller = slot
      // A little less than fits exactly: letters of another size are not hinted, but are rounded.
      let fitting = max(least, (size * width / used * 0.99).rounded(.down))
      smaller.values["size"] = FilmCardLayout.text(fitting)
      return (smaller, try lines(smaller))
    }
    let found = try lines(slot)
    guard let small = slot.values["small"].flatMap({ Double($0) }),
      found.last?.hasSuffix("…") == true,
      !text.hasSuffix("…")
    else { return (slot, found) }
    var smaller = slot
    let leading = slot.number("leading", slot.number("size", 32) * 1.25)
    smaller.values["size"] = FilmCardLayout.text(small)
    smaller.values["leading"] = FilmCardLayout.text(
      (leading * small / slot.number("size", 32)).rounded())
    smaller.values["lines"] = String(Int(slot.number("lines", 1)) + 1)
    return (smaller, try lines(smaller))
  }

  /// Where a figure is: in a row, or in a column, where `below` is the line of its label.
  func place(ofFigure index: Int) -> [String: String] {
    if let column = directive("column", "figures") {
      let y = column.number("y") + Double(index) * column.number("step")
      return [
        "x": FilmCardLayout.text(column.number("x")), "y": FilmCardLayout.text(y),
        "below": FilmCardLayout.text(y + 62),
      ]
    }
    let row = directive("row", "figures")
    let x = (row?.number("x") ?? 0) + Double(index) * (row?.number("step") ?? 0)
    return ["x": FilmCardLayout.text(x)]
  }

  /// Bars of these values in the template's `bars` area.
  func bars(_ values: [Int]) -> [[String: String]] {
    guard let box = directive("bars"), !values.isEmpty else { return [] }
    let step = box.number("width") / Double(values.count)
    let most = Double(max(1, values.max() ?? 1))
    return values.enumerated().map { index, value in
      let height = value == 0 ? 4 : max(10, box.number("height") * Double(value) / most)
      return [
        "x": FilmCardLayout.text(box.number("x") + Double(index) * step),
        "y": FilmCardLayout.text(box.number("y") + box.number("height") - height),
        "width": FilmCardLayout.text(max(2, min(64, step - box.number("gap", 6)))),
        "height": FilmCardLayout.text(height), "kind": value == 0 ? "none" : "some",
      ]
    }
  }

  /// A number as SVG writes it, to a hundredth.
  static func text(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    if hundredths % 100 == 0 { return String(hundredths / 100) }
    return String(Double(hundredths) / 100)
  }
}
