import CZlib
package import Diagnostics

/// A workbook of Excel (`.xlsx`, ECMA-376), sheet by sheet.
///
/// Its bytes depend on what is put in and on zlib's version, not on the clock, the machine or the
/// locale of the process. It has no formulas, links, macros, comments or names of people. Confined
/// to one thread.
package final class Workbook {
  /// A finished workbook.
  package enum Content {
    case bytes([UInt8])
    /// A file below the folder for scratch files.
    case file(String)
  }

  /// The media type of such files.
  package static let mediaType =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

  /// The version of the library that packs it.
  package static var zlibVersion: String { String(cString: CZlib.zlibVersion()) }

  private let title: String
  private let language: String
  private let isRightToLeft: Bool
  private let mostRows: Int
  private let scratch: () -> String
  private let styles = CellStyles()
  private var parts = 0

  static let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
  static let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
  private static let schemas = "http://schemas.openxmlformats.org"
  private static let office = "\(schemas)/officeDocument/2006"

  /// - Parameters:
  ///   - title: for the document's properties.
  ///   - language: of its texts, such as `pt-BR`.
  ///   - mostRows: how many rows a sheet takes, with its headings.
  ///   - scratch: a folder for files while it is written and for the finished one.
  package init(
    title: String, language: String, isRightToLeft: Bool = false, mostRows: Int = Sheet.mostRows,
    scratch: @escaping () -> String
  ) {
    self.title = title
    self.language = language
    self.isRightToLeft = isRightToLeft
    self.mostRows = mostRows
    self.scratch = scratch
  }

  /// A style for cells; see `CellStyle`.
  package func style(_ code: String, width: Int) -> CellStyle { styles.add(code, width: width) }

  /// A new sheet with a text above each of its columns, of which there is at least one. Throws
  /// `io`.
  package func sheet(_ title: String, headings: [String]) throws(Diagnostic) -> Sheet {
    parts += 1
    return try Sheet(
      title, headings: headings, isRightToLeft: isRightToLeft, mostRows: mostRows
    ) { [scratch, parts] in "\(scratch())/sheet-\(parts).part" }
  }

  /// The workbook with these finished sheets, of which there is at least one, in this order. Throws
  /// `io`.
  ///
  /// - Returns: `nil` if it would have more than 4 GiB, which its format cannot say.
  package func finish(_ sheets: [Sheet]) throws(Diagnostic) -> Content? {
    let output = PackedBytes(.whole) { [scratch] in "\(scratch())/workbook.xlsx" }
    let archive = ZipArchive(to: output)
    let names = SheetNames.unique(sheets.map(\.title))
    try archive.add("[Content_Types].xml", Array(types(sheets.count).utf8))
    try archive.add("_rels/.rels", Array(Self.relations.utf8))
    try archive.add("docProps/app.xml", Array(Self.application.utf8))
    try archive.add("docProps/core.xml", Array(properties.utf8))
    try archive.add("xl/workbook.xml", Array(book(zip(names, sheets)).utf8))
    try archive.add("xl/_rels/workbook.xml.rels", Array(relations(sheets.count).utf8))
    try archive.add("xl/styles.xml", Array(styles.xml.utf8))
    let size = output.byteCount + sheets.reduce(0) { $0 + $1.byteCount }
    guard
      size + ZipArchive.overhead(files: sheets.count + 7, longestName: 40) <= ZipArchive.most
    else { return nil }
    for (index, sheet) in sheets.enumerated() {
      try sheet.add(to: archive, as: "xl/worksheets/sheet\(index + 1).xml")
    }
    try archive.finish()
    return try output.finish()
  }

  private func types(_ sheets: Int) -> String {
    let document = "application/vnd.openxmlformats-officedocument"
    func part(_ name: String, _ type: String) -> String {
      "<Override PartName=\"\(name)\" ContentType=\"\(type)+xml\"/>"
    }
    return Self.declaration + "<Types xmlns=\"\(Self.schemas)/package/2006/content-types\">"
      + "<Default Extension=\"rels\""
      + " ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
      + "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
      + part("/docProps/app.xml", "\(document).extended-properties")
      + part("/docProps/core.xml", "application/vnd.openxmlformats-package.core-properties")
      + part("/xl/styles.xml", "\(document).spreadsheetml.styles")
      + part("/xl/workbook.xml", "\(document).spreadsheetml.sheet.main")
      + (1...sheets).map {
        part("/xl/worksheets/sheet\($0).xml", "\(document).spreadsheetml.worksheet")
      }.joined() + "</Types>"
  }

  private static func relation(_ number: Int, _ type: String, _ target: String) -> String {
    "<Relationship Id=\"rId\(number)\" Type=\"\(type)\" Target=\"\(target)\"/>"
  }

  private static func relations(_ list: [String]) -> String {
    declaration + "<Relationships xmlns=\"\(schemas)/package/2006/relationships\">"
      + list.joined() + "</Relationships>"
  }

  private static var relations: String {
    relations([
      relation(1, "\(office)/relationships/officeDocument", "xl/workbook.xml"),
      relation(
        2, "\(schemas)/package/2006/relationships/metadata/core-properties", "docProps/core.xml"),
      relation(3, "\(office)/relationships/extended-properties", "docProps/app.xml"),
    ])
  }

  private func relations(_ sheets: Int) -> String {
    Self.relations(
      (1...sheets).map {
        Self.relation($0, "\(Self.office)/relationships/worksheet", "worksheets/sheet\($0).xml")
      } + [Self.relation(sheets + 1, "\(Self.office)/relationships/styles", "styles.xml")])
  }

  private static var application: String {
    declaration + "<Properties xmlns=\"\(office)/extended-properties\">"
      + "<Application>Yearbook</Application></Properties>"
  }

  /// Whose it is and when it was made is not said here.
  private var properties: String {
    Self.declaration
      + "<cp:coreProperties xmlns:cp=\"\(Self.schemas)/package/2006/metadata/core-properties\""
      + " xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\""
      + " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
      + "<dc:title>\(SheetText.attribute(title))</dc:title>"
      + "<dc:language>\(SheetText.attribute(language))</dc:language></cp:coreProperties>"
  }

  private func book(_ sheets: Zip2Sequence<[String], [Sheet]>) -> String {
    var (list, filters) = ("", "")
    for (index, (name, sheet)) in sheets.enumerated() {
      let (number, shown) = (index + 1, SheetText.attribute(name))
      list += "<sheet name=\"\(shown)\" sheetId=\"\(number)\" r:id=\"rId\(number)\"/>"
      if let range = sheet.filtered {
        let quoted = shown.split(separator: "'", omittingEmptySubsequences: false)
          .joined(separator: "''")
        filters += "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"\(index)\""
        filters += " hidden=\"1\">'\(quoted)'!\(range)</definedName>"
      }
    }
    return Self.declaration + "<workbook xmlns=\"\(Self.main)\""
      + " xmlns:r=\"\(Self.office)/relationships\"><workbookPr/>"
      + "<bookViews><workbookView xWindow=\"0\" yWindow=\"0\" windowWidth=\"24000\""
      + " windowHeight=\"12000\"/></bookViews><sheets>\(list)</sheets>"
      + (filters.isEmpty ? "" : "<definedNames>\(filters)</definedNames>") + "</workbook>"
  }
}
