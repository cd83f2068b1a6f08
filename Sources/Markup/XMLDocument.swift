import CLibXML2
import Diagnostics

/// A document as libxml2's XML parser read it; freed with its owner. No network, no DTD, no entities but XML's five.
struct XMLDocument: ~Copyable {
  private let pointer: xmlDocPtr

  // The library's own set-up is not safe to be raced for.
  private static let isReady: Bool = {
    xmlInitParser()
    return true
  }()

  /// - Parameter file: what an error calls the document.
  init(parsing bytes: [UInt8], file: String) throws(Diagnostic) {
    _ = XMLDocument.isReady
    guard let context = xmlNewParserCtxt() else {
      throw Diagnostic(.io, "no memory to parse a page", at: .init(file: file))
    }
    defer { xmlFreeParserCtxt(context) }
    let options =
      XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
    var fault = yearbook_xml_fault()
    let document = bytes.withUnsafeBytes { buffer in
      yearbook_xml_read(
        context, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count),
        Int32(options), &fault)
    }
    guard let document, fault.code == 0 else {
      if let document { xmlFreeDoc(document) }
      // The library's own message may quote the page, and the page may quote a tenant.
      throw Diagnostic(
        .configuration, "not well-formed: \(XMLDocument.meaning(of: fault.code))",
        at: .init(
          file: file, line: fault.line > 0 ? Int(fault.line) : nil,
          column: fault.column > 0 ? Int(fault.column) : nil),
        hint: "the template that made the page is to be mended")
    }
    pointer = document
  }

  deinit { xmlFreeDoc(pointer) }

  /// Calls `body` for each element in the document's order, with its name, line and attributes.
  func forEachElement(
    _ body: (_ name: String, _ line: Int, _ attributes: [(name: String, value: String)]) -> Void
  ) {
    var node = xmlDocGetRootElement(pointer)
    while let current = node {
      if current.pointee.type == XML_ELEMENT_NODE {
        body(XMLDocument.text(current.pointee.name), xmlGetLineNo(current), attributes(of: current))
      }
      node = XMLDocument.next(after: current)
    }
  }

  /// The text inside the first element of a name.
  func text(ofFirst name: String) -> String? {
    var node = xmlDocGetRootElement(pointer)
    while let current = node {
      if current.pointee.type == XML_ELEMENT_NODE, XMLDocument.text(current.pointee.name) == name {
        guard let content = xmlNodeGetContent(current) else { return "" }
        defer { yearbook_xml_free(content) }
        return XMLDocument.text(content)
      }
      node = XMLDocument.next(after: current)
    }
    return nil
  }

  /// The texts inside all elements of a name, in the document's order.
  func texts(of name: String) -> [String] {
    var texts: [String] = []
    var node = xmlDocGetRootElement(pointer)
    while let current = node {
      if current.pointee.type == XML_ELEMENT_NODE, XMLDocument.text(current.pointee.name) == name {
        if let content = xmlNodeGetContent(current) {
          texts.append(XMLDocument.text(content))
          yearbook_xml_free(content)
        } else {
          texts.append("")
        }
      }
      node = XMLDocument.next(after: current)
    }
    return texts
  }

  private func attributes(of node: xmlNodePtr) -> [(name: String, value: String)] {
    var attributes: [(name: String, value: String)] = []
    var attribute = node.pointee.properties
    while let current = attribute {
      var value = ""
      if let content = xmlNodeListGetString(pointer, current.pointee.children, 1) {
        value = XMLDocument.text(content)
        yearbook_xml_free(content)
      }
      attributes.append((XMLDocument.text(current.pointee.name), value))
      attribute = current.pointee.next
    }
    return attributes
  }

  private static func next(after node: xmlNodePtr) -> xmlNodePtr? {
    if node.pointee.type == XML_ELEMENT_NODE, let child = node.pointee.children { return child }
    var current: xmlNodePtr? = node
    while let here = current {
      if let sibling = here.pointee.next { return sibling }
      current = here.pointee.parent
      if current?.pointee.type != XML_ELEMENT_NODE { return nil }
    }
    return nil
  }

  private static func text(_ pointer: UnsafePointer<xmlChar>?) -> String {
    pointer.map { String(cString: $0) } ?? ""
  }

  private static func meaning(of code: Int32) -> String {
    switch xmlParserErrors(UInt32(bitPattern: code)) {
    case XML_ERR_TAG_NAME_MISMATCH: "an element is closed by another's tag"
    case XML_ERR_TAG_NOT_FINISHED, XML_ERR_GT_REQUIRED: "an element is not closed"
    case XML_ERR_DOCUMENT_EMPTY: "the page is empty"
    case XML_ERR_DOCUMENT_END: "something follows the end of the page"
    case XML_ERR_UNDECLARED_ENTITY: "an entity that XML does not know"
    case XML_ERR_INVALID_CHAR, XML_ERR_INVALID_CHARREF: "a character that XML does not allow"
    case XML_ERR_INVALID_ENCODING: "not UTF-8"
    case XML_ERR_ATTRIBUTE_REDEFINED: "an attribute stands twice"
    case XML_ERR_NAME_REQUIRED, XML_ERR_ENTITYREF_SEMICOL_MISSING, XML_ERR_LT_REQUIRED:
      "a '<' or '&' that is not escaped"
    case XML_ERR_ATTRIBUTE_WITHOUT_VALUE, XML_ERR_ATTRIBUTE_NOT_STARTED:
      "an attribute without a quoted value"
    default: "libxml2's error \(code)"
    }
  }
}
