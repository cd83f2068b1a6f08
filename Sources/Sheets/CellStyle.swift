/// How the cells of a column look. The code can still change until the workbook is finished.
package final class CellStyle {
  /// Its place among the workbook's styles.
  let index: Int
  /// A number format in Excel's own notation: `#,##0.00`, `dd/mm/yyyy`.
  package var code: String
  /// How much room the code takes beside the digits before the point, or in all for a day; in
  /// digits of the font.
  package var width: Int

  init(index: Int, code: String, width: Int) {
    self.index = index
    self.code = code
    self.width = width
  }
}

/// The styles of a workbook, `xl/styles.xml`.
final class CellStyles {
  /// The headings' cells, texts, and numbers that are written as text.
  static let (heading, text, digits) = (1, 2, 3)
  private static let own = 4
  private var styles: [CellStyle] = []

  func add(_ code: String, width: Int) -> CellStyle {
    let style = CellStyle(index: Self.own + styles.count, code: code, width: width)
    styles.append(style)
    return style
  }

  var xml: String {
    // Numbers below 164 are those of built-in formats.
    var numbers: [String: Int] = [:]
    var formats = ""
    for style in styles where numbers[style.code] == nil {
      let number = 164 + numbers.count
      numbers[style.code] = number
      formats +=
        "<numFmt numFmtId=\"\(number)\" formatCode=\"\(SheetText.attribute(style.code))\"/>"
    }
    func format(_ number: Int, font: Int = 0, fill: Int = 0, more: String = "") -> String {
      "<xf numFmtId=\"\(number)\" fontId=\"\(font)\" fillId=\"\(fill)\" borderId=\"0\" xfId=\"0\""
        + (number > 0 ? " applyNumberFormat=\"1\"" : "")
        + (font > 0 ? " applyFont=\"1\"" : "") + (fill > 0 ? " applyFill=\"1\"" : "")
        + (more.isEmpty ? "/>" : " applyAlignment=\"1\">\(more)</xf>")
    }
    // 49 is «@»: who edits such a cell still leaves a text.
    let all =
      [
        format(0), format(49, font: 1, fill: 2), format(49),
        format(49, more: "<alignment horizontal=\"right\"/>"),
      ] + styles.map { format(numbers[$0.code] ?? 0) }
    let face = "<sz val=\"11\"/><name val=\"Calibri\"/><family val=\"2\"/>"
    return Workbook.declaration
      + "<styleSheet xmlns=\"\(Workbook.main)\">"
      + (formats.isEmpty ? "" : "<numFmts count=\"\(numbers.count)\">\(formats)</numFmts>")
      + "<fonts count=\"2\"><font>\(face)</font><font><b/>\(face)</font></fonts>"
      // Excel takes the first two for itself, whatever they say.
      + "<fills count=\"3\"><fill><patternFill patternType=\"none\"/></fill>"
      + "<fill><patternFill patternType=\"gray125\"/></fill><fill><patternFill patternType=\"solid\">"
      + "<fgColor rgb=\"FFE9ECEF\"/><bgColor indexed=\"64\"/></patternFill></fill></fills>"
      + "<borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
      + "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/>"
      + "</cellStyleXfs><cellXfs count=\"\(all.count)\">\(all.joined())</cellXfs>"
      + "<cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>"
      + "<dxfs count=\"0\"/><tableStyles count=\"0\" defaultTableStyle=\"TableStyleMedium9\""
      + " defaultPivotStyle=\"PivotStyleLight16\"/></styleSheet>"
  }
}
