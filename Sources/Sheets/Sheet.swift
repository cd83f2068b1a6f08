package import Basics
package import Diagnostics

/// One sheet of a workbook: headings, which stay in sight, and rows of typed cells below them.
///
/// It is written row by row and packed at once; memory does not grow with the rows. After its last
/// row `finish()` is called. Confined to one thread.
package final class Sheet {
  /// What is shown on its tab, as far as spreadsheets allow.
  let title: String
  /// How many texts were too long for a cell.
  package private(set) var cuts = 0
  /// Rows so far, with the headings.
  private(set) var rows = 0

  private let mostRows: Int
  private let isRightToLeft: Bool
  private let columns: [[UInt8]]
  private var widths: [Int]
  /// The width of the widest number before its point, and what its styles add.
  private var numbers: [(digits: Int, styles: [CellStyle])]
  private var column = 0
  private var rowText: [UInt8] = []
  private var xml: [UInt8] = []
  private var head: PackedBytes?
  private let body: PackedBytes
  private let deflater: Deflater
  private var headDeflater: Deflater?

  /// The most rows of a sheet.
  package static let mostRows = 1_048_576
  /// A sheet that is larger than this, before it is packed, is as full as one with too many rows.
  private static let mostBytes = 2 << 30
  /// The widest column, in digits of the font.
  private static let widest = 60

  /// - Parameters:
  ///   - headings: a text for each column.
  ///   - mostRows: how many rows it takes, with the headings.
  init(
    _ title: String, headings: [String], isRightToLeft: Bool, mostRows: Int,
    scratch: @escaping () -> String
  ) throws(Diagnostic) {
    self.title = title
    self.mostRows = mostRows
    self.isRightToLeft = isRightToLeft
    columns = headings.indices.map { Array(Self.letters($0).utf8) }
    widths = Array(repeating: 0, count: headings.count)
    numbers = Array(repeating: (0, []), count: headings.count)
    body = PackedBytes(.part, place: scratch)
    deflater = try Deflater()
    beginRow()
    for (place, heading) in headings.enumerated() {
      text(Array(heading.utf8)[...], style: CellStyles.heading)
      // The button of the filter.
      widths[place] += 3
    }
    try endRow()
  }

  /// Whether it takes no more rows.
  package var isFull: Bool { rows >= mostRows || deflater.byteCount >= Self.mostBytes }

  /// A cell without a value.
  package func skip() {
    beginRow()
    column += 1
  }

  /// A text, which stays one whatever it begins with. An empty one is a cell without a value.
  package func text(_ text: ArraySlice<UInt8>) {
    beginRow()
    if text.isEmpty {
      column += 1
    } else {
      self.text(text, style: CellStyles.text)
    }
  }

  /// A number in plain decimal notation, `-1234.50`, as exact as it is. One of more than 15
  /// significant digits, of which spreadsheets would lose some, becomes the text `shown`.
  package func number(
    _ digits: ArraySlice<UInt8>, _ style: CellStyle, shown: () -> [UInt8]
  ) {
    beginRow()
    let (isExact, width) = SheetNumber.measure(digits)
    guard isExact else { return text(shown()[...], style: CellStyles.digits) }
    count(width, style)
    begin(style.index)
    xml += Self.value
    xml += digits
    xml += Self.end
    column += 1
  }

  /// True or false.
  package func boolean(_ isTrue: Bool) {
    beginRow()
    xml += Self.cell
    xml += columns[column]
    xml += rowText
    xml += (isTrue ? "\" t=\"b\"><v>1</v></c>" : "\" t=\"b\"><v>0</v></c>").utf8
    widths[column] = max(widths[column], 10)
    column += 1
  }

  /// A day, or a moment of it in civil time. A day that Excel's calendar does not have, before
  /// March 1900, becomes the text `shown`.
  ///
  /// - Parameter second: 0 ..< 86,400; `nil` for the day alone.
  package func day(
    _ day: CivilDate, second: Int? = nil, _ style: CellStyle, shown: () -> [UInt8]
  ) {
    beginRow()
    // Excel counts 29 February 1900, which did not exist, so that 1 March 1900 is day 61.
    let number = day.daysSince1970 + 25_569
    guard number >= 61 else { return text(shown()[...], style: CellStyles.text) }
    count(0, style)
    begin(style.index)
    xml += Self.value
    xml += String(number).utf8
    if let second, second > 0 {
      // Ten decimals are 9 µs, and with the day 15 significant digits.
      let part = (second * 10_000_000_000 + 43_200) / 86_400
      xml.append(UInt8(ascii: "."))
      xml += CivilDate.padded(part, 10).utf8
    }
    xml += Self.end
    column += 1
  }

  /// Ends a row. Cells that were not written have no value.
  package func endRow() throws(Diagnostic) {
    beginRow()
    xml += "</row>\n".utf8
    column = 0
    rows += 1
    rowText = []
    if xml.count >= 32 << 10 { try pack(.more) }
  }

  /// Ends the sheet.
  package func finish() throws(Diagnostic) {
    xml += "</sheetData>".utf8
    if rows > 1 { xml += "<autoFilter ref=\"A1:\(lastCell)\"/>".utf8 }
    xml += "<pageMargins left=\"0.5\" right=\"0.5\" top=\"0.75\" bottom=\"0.75\"".utf8
    xml += " header=\"0.3\" footer=\"0.3\"/>".utf8
    xml += "<pageSetup orientation=\"landscape\" fitToHeight=\"0\"/></worksheet>".utf8
    try pack(.all)
    // What comes before the rows is known only now. It is packed by itself and put before them.
    let front = PackedBytes(.part) { "" }
    let packer = try Deflater()
    try packer.add(Array(headXML.utf8), .block, to: front)
    head = front
    headDeflater = packer
  }

  /// Adds the finished sheet to an archive.
  func add(to archive: ZipArchive, as name: String) throws(Diagnostic) {
    guard let head, let headDeflater else {
      throw Diagnostic(.bug, "a sheet is not finished")
    }
    try archive.add(
      name, [head, body],
      checksum: Deflater.joined(
        headDeflater.checksum, deflater.checksum, byteCount: deflater.byteCount),
      byteCount: headDeflater.byteCount + deflater.byteCount)
  }

  /// Its packed size in bytes.
  var byteCount: Int { body.byteCount + (head?.byteCount ?? 0) }

  /// The range of its cells, `$A$1:$C$12`, if they have a filter.
  var filtered: String? {
    rows > 1 ? "$A$1:$\(Self.letters(columns.count - 1))$\(rows)" : nil
  }

  private static let cell = Array("<c r=\"".utf8)
  private static let value = Array("\"><v>".utf8)
  private static let end = Array("</v></c>".utf8)

  private var lastCell: String { "\(Self.letters(columns.count - 1))\(rows)" }

  private func beginRow() {
    guard rowText.isEmpty else { return }
    rowText = Array(String(rows + 1).utf8)
    xml += "<row r=\"".utf8
    xml += rowText
    xml += "\">".utf8
  }

  /// `<c r="B12" s="4`
  private func begin(_ style: Int) {
    xml += Self.cell
    xml += columns[column]
    xml += rowText
    xml += "\" s=\"".utf8
    xml += String(style).utf8
  }

  private func text(_ text: ArraySlice<UInt8>, style: Int) {
    begin(style)
    // Without the attribute, blanks at the ends would be lost.
    let isKept = (text.first ?? 33) <= 32 || (text.last ?? 33) <= 32
    xml += "\" t=\"inlineStr\"><is><t\(isKept ? " xml:space=\"preserve\"" : "")>".utf8
    let (width, isCut) = SheetText.append(text, to: &xml)
    xml += "</t></is></c>".utf8
    if isCut { cuts += 1 }
    widths[column] = max(widths[column], width)
    column += 1
  }

  private func count(_ digits: Int, _ style: CellStyle) {
    numbers[column].digits = max(numbers[column].digits, digits)
    if numbers[column].styles.last !== style,
      !numbers[column].styles.contains(where: { $0 === style })
    {
      numbers[column].styles.append(style)
    }
  }

  private func pack(_ ending: Deflater.Ending) throws(Diagnostic) {
    try deflater.add(xml, ending, to: body)
    xml.removeAll(keepingCapacity: true)
  }

  private var headXML: String {
    let columns = widths.indices.map { place in
      let (digits, styles) = numbers[place]
      let number = styles.isEmpty ? 0 : digits + (styles.map(\.width).max() ?? 0)
      let width = min(max(widths[place], number, 6), Self.widest) + 2
      let at = place + 1
      return "<col min=\"\(at)\" max=\"\(at)\" width=\"\(width)\" customWidth=\"1\"/>"
    }
    return Workbook.declaration
      + "<worksheet xmlns=\"\(Workbook.main)\"><sheetPr><pageSetUpPr fitToPage=\"1\"/></sheetPr>"
      + "<dimension ref=\"A1:\(lastCell)\"/><sheetViews><sheetView"
      + (isRightToLeft ? " rightToLeft=\"1\"" : "") + " workbookViewId=\"0\">"
      + "<pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>"
      + "<selection pane=\"bottomLeft\" activeCell=\"A2\" sqref=\"A2\"/>"
      + "</sheetView></sheetViews><sheetFormatPr defaultRowHeight=\"15\"/>"
      + "<cols>\(columns.joined())</cols><sheetData>\n"
  }

  /// The letters of a column, from 0 on: A … Z, AA ….
  static func letters(_ column: Int) -> String {
    var (text, number) = ("", column + 1)
    while number > 0 {
      let letter = Unicode.Scalar(UInt8(ascii: "A") + UInt8((number - 1) % 26))
      text = String(Character(letter)) + text
      number = (number - 1) / 26
    }
    return text
  }
}
