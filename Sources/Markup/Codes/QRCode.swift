import CLibQREncode
package import Diagnostics
import Glibc

/// A QR code (ISO/IEC 18004), for addresses on paper.
package struct QRCode: Hashable, Sendable {
  /// The number of modules of a side, 21 to 177.
  package let width: Int
  /// Row by row: whether a module is dark.
  package let modules: [Bool]

  /// The light margin that readers need on each side, in modules.
  package static let margin = 4

  /// Encodes a text of ASCII, in the smallest code that can lose 15 % of its area (level M).
  ///
  /// - Throws: `.bug` for a text of more than 2,331 bytes, and for one that is empty or has bytes
  ///   other than printable ASCII: readers disagree on what these mean.
  package init(_ text: String) throws(Diagnostic) {
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7E).contains($0) }),
      let code = QRcode_encodeData(Int32(clamping: bytes.count), bytes, 0, QR_ECLEVEL_M)
    else { throw Diagnostic(.bug, "a text cannot be a QR code: errno \(errno)") }
    defer { QRcode_free(code) }
    width = Int(code.pointee.width)
    let cells = UnsafeBufferPointer(start: code.pointee.data, count: width * width)
    // The lowest bit is the colour; the others say what the module is for.
    modules = cells.map { $0 & 1 == 1 }
  }

  /// The code as an SVG document: black on white with its margin, whatever lies behind it.
  ///
  /// - Parameter title: What the code leads to, for people who do not see it.
  package func svg(title: String) -> [UInt8] {
    let side = width + 2 * Self.margin
    var path = ""
    for row in 0..<width {
      var column = 0
      while column < width {
        guard modules[row * width + column] else {
          column += 1
          continue
        }
        let start = column
        while column < width, modules[row * width + column] { column += 1 }
        path +=
          "M\(start + Self.margin) \(row + Self.margin)h\(column - start)v1h-\(column - start)z"
      }
    }
    return Array(
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(side) \(side)" role="img" \
      shape-rendering="crispEdges"><title>\(XMLText.escaped(title))</title>\
      <path fill="#ffffff" d="M0 0h\(side)v\(side)h-\(side)z"/>\
      <path fill="#000000" d="\(path)"/></svg>

      """.utf8)
  }
}
