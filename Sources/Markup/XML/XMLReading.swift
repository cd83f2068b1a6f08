import CLibXML2
import Diagnostics

/// A name in the parser's memory, valid only while the document is read. It becomes a `String` only
/// if somebody needs it.
struct XMLName {
  fileprivate let start: UnsafePointer<UInt8>

  var text: String { String(cString: start) }

  /// Whether the name could be one of these, in upper or lower case.
  func canBe(in names: NameFilter) -> Bool {
    let first = start[0]
    // A name of one character ends here, and so does what can be read.
    return names.hasPrefix(first, first == 0 ? 0 : start[1])
  }
}

/// Tells most names apart from a list of names by their first two letters alone.
struct NameFilter {
  /// A row for each first letter, with a bit for each second one.
  private var rows = [UInt32](repeating: 0, count: 32)

  /// - Parameter names: In lower case, of at least two letters each.
  init(_ names: some Sequence<String>) {
    for name in names {
      let letters = Array(name.utf8.prefix(2))
      rows[Int(letters[0] & 31)] |= 1 << UInt32(letters[1] & 31)
    }
  }

  /// A letter and its capital have the same five low bits. What is not ASCII could become a letter
  /// of the list in lower case.
  @inline(__always)
  fileprivate func hasPrefix(_ first: UInt8, _ second: UInt8) -> Bool {
    (first | second) >= 0x80 || rows[Int(first & 31)] & (1 << UInt32(second & 31)) != 0
  }
}

/// The start of an element: a view into the parser's memory, valid only during the call.
struct XMLElement {
  /// Without a prefix.
  let name: XMLName
  fileprivate let attributes: UnsafePointer<UnsafePointer<UInt8>?>?
  fileprivate let count: Int
  /// From 1.
  let line: Int

  var hasAttributes: Bool { count > 0 }

  /// Calls `body` for each attribute. Namespace declarations do not count as attributes.
  func forEachAttribute(_ body: (_ name: XMLName, _ value: XMLAttributeValue) -> Void) {
    guard let attributes else { return }
    for place in 0..<count {
      guard let name = attributes[5 * place], let start = attributes[5 * place + 3],
        let end = attributes[5 * place + 4]
      else { continue }
      body(
        XMLName(start: name),
        XMLAttributeValue(bytes: UnsafeBufferPointer(start: start, count: end - start)))
    }
  }
}

/// An attribute's value. It becomes a `String` only if somebody needs it.
struct XMLAttributeValue {
  fileprivate let bytes: UnsafeBufferPointer<UInt8>

  var text: String {
    let text = String(decoding: bytes, as: UTF8.self)
    // The only reference that libxml2 leaves in a value.
    return bytes.contains(UInt8(ascii: "&")) ? text.replacing("&#38;", with: "&") : text
  }
}

/// Receives the parts of a document, in order.
protocol XMLVisitor: AnyObject {
  func begins(_ element: XMLElement)
  /// A piece of text. One text can come in several pieces.
  func text(_ bytes: UnsafeBufferPointer<UInt8>)
  /// The innermost element that is open ends.
  func ends()
  /// The document is not well-formed. Names that were received are still valid; nothing follows.
  func fails()
}

/// Reads a document with libxml2's XML parser from start to end, without keeping it in memory. It
/// uses no network, no DTD, and only XML's five entities.
enum XMLReading {
  // The library's set-up is not thread-safe.
  private static let isReady: Bool = {
    xmlInitParser()
    return true
  }()

  /// A visitor in a form that C can pass on.
  private final class Owner {
    let visitor: any XMLVisitor
    init(_ visitor: any XMLVisitor) { self.visitor = visitor }

    static func visitor(_ pointer: UnsafeRawPointer?) -> (any XMLVisitor)? {
      pointer.map { Unmanaged<Owner>.fromOpaque($0).takeUnretainedValue().visitor }
    }
  }

  /// Calls the visitor for all parts of a document. If the document is not well-formed, throws the
  /// first fault; the visitor may already have received the parts before it.
  ///
  /// - Parameter file: The document's name in errors.
  static func read(
    _ bytes: [UInt8], file: String, _ visitor: any XMLVisitor
  ) throws(Diagnostic) {
    _ = isReady
    let owner = Owner(visitor)
    var visit = yearbook_xml_visit()
    visit.owner = UnsafeRawPointer(Unmanaged.passUnretained(owner).toOpaque())
    visit.begins = { owner, name, line, attributes, count in
      guard let name else { return }
      Owner.visitor(owner)?.begins(
        XMLElement(
          name: XMLName(start: name), attributes: attributes, count: Int(count), line: Int(line)))
    }
    visit.text = { owner, bytes, size in
      Owner.visitor(owner)?.text(UnsafeBufferPointer(start: bytes, count: Int(size)))
    }
    visit.ends = { owner in Owner.visitor(owner)?.ends() }
    visit.fails = { owner in Owner.visitor(owner)?.fails() }
    let outcome = withExtendedLifetime(owner) {
      bytes.withUnsafeBytes { buffer in
        yearbook_xml_scan(
          buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count), &visit)
      }
    }
    guard outcome >= 0 else {
      throw Diagnostic(.io, "not enough memory to parse a page", at: .init(file: file))
    }
    guard outcome == 0 else {
      // The library's message can quote the page, and the page can contain a tenant's text.
      throw Diagnostic(
        .configuration, "not well-formed: \(meaning(of: visit.code))",
        at: .init(
          file: file, line: visit.line > 0 ? Int(visit.line) : nil,
          column: visit.column > 0 ? Int(visit.column) : nil),
        hint: "fix the page's template")
    }
  }

  /// The message of an end tag that is not the innermost open element's.
  static let mismatch = "not well-formed: an element is closed by another element's tag"
  /// The message of a document that ends with an open element.
  static let unclosed = "not well-formed: an element is not closed"

  private static func meaning(of code: Int32) -> String {
    switch xmlParserErrors(UInt32(bitPattern: code)) {
    case XML_ERR_TAG_NAME_MISMATCH: "an element is closed by another element's tag"
    case XML_ERR_TAG_NOT_FINISHED, XML_ERR_GT_REQUIRED: "an element is not closed"
    case XML_ERR_DOCUMENT_EMPTY: "the page is empty"
    case XML_ERR_DOCUMENT_END: "something follows the end of the page"
    case XML_ERR_UNDECLARED_ENTITY: "an entity that XML does not define"
    case XML_ERR_INVALID_CHAR, XML_ERR_INVALID_CHARREF: "a character that XML does not allow"
    case XML_ERR_INVALID_ENCODING: "not UTF-8"
    case XML_ERR_ATTRIBUTE_REDEFINED: "an attribute is given twice"
    case XML_ERR_NAME_REQUIRED, XML_ERR_ENTITYREF_SEMICOL_MISSING, XML_ERR_LT_REQUIRED:
      "a '<' or '&' that is not escaped"
    case XML_ERR_ATTRIBUTE_WITHOUT_VALUE, XML_ERR_ATTRIBUTE_NOT_STARTED:
      "an attribute without a quoted value"
    default: "libxml2 error \(code)"
    }
  }
}
