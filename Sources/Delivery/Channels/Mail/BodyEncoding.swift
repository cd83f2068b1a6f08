import Foundation

/// How the bytes of a part travel: lines of at most 76 ASCII characters, whatever they say
/// (RFC 2045, 6).
enum BodyEncoding: String {
  case sevenBit = "7bit"
  case quotedPrintable = "quoted-printable"
  case base64 = "base64"

  /// The text with its best encoding: as it is if that is safe, else the shorter of the two others.
  static func encoded(_ text: String) -> (encoding: BodyEncoding, bytes: [UInt8]) {
    let bytes = canonical(text)
    if isPlain(bytes) { return (.sevenBit, bytes) }
    let escapes = bytes.reduce(0) { $0 + ($1 > 0x7E || $1 == UInt8(ascii: "=") ? 1 : 0) }
    // An escape costs two more bytes; base64 costs a third of all. A tie goes to what people can
    // read.
    if escapes * 6 <= bytes.count { return (.quotedPrintable, quotedPrintable(bytes)) }
    return (.base64, base64(bytes, lineLength: 76))
  }

  /// The text with CR LF at the end of each line and of the whole, and without NUL.
  static func canonical(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count + 64)
    var isAfterReturn = false
    for byte in text.utf8 {
      switch byte {
      case 0x0D: bytes.append(contentsOf: [0x0D, 0x0A])
      case 0x0A: if !isAfterReturn { bytes.append(contentsOf: [0x0D, 0x0A]) }
      case 0: break
      default: bytes.append(byte)
      }
      isAfterReturn = byte == 0x0D
    }
    if bytes.last != 0x0A { bytes.append(contentsOf: [0x0D, 0x0A]) }
    return bytes
  }

  /// Whether no program on the way has a reason to change it: ASCII, short lines, no blank at a
  /// line's end, no line that begins like a mailbox's next mail, a boundary, or the end of a mail.
  private static func isPlain(_ bytes: [UInt8]) -> Bool {
    var start = 0
    for place in bytes.indices {
      let byte = bytes[place]
      if byte == 0x0A {
        let line = bytes[start..<place - 1]
        if line.count > 78 || line.last == 0x20 || line.last == 0x09 || isRisky(line) {
          return false
        }
        start = place + 1
      } else if byte > 0x7E || (byte < 0x20 && byte != 0x0D && byte != 0x09) {
        return false
      }
    }
    return true
  }

  private static func isRisky(_ line: ArraySlice<UInt8>) -> Bool {
    line.first == UInt8(ascii: ".") || line.starts(with: "From ".utf8)
      || line.starts(with: "--=_".utf8)
  }

  /// RFC 2045, 6.7, of lines that end in CR LF.
  static func quotedPrintable(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count * 5 / 4)
    var place = 0
    while place < bytes.count {
      let end = bytes[place...].firstIndex(of: 0x0A) ?? bytes.count
      // CR LF is two bytes.
      appendLine(bytes[place..<max(place, end - 1)], to: &out)
      place = end + 1
    }
    return out
  }

  private static func appendLine(_ line: ArraySlice<UInt8>, to out: inout [UInt8]) {
    var column = 0
    for place in line.indices {
      let byte = line[place]
      let isLast = place == line.endIndex - 1
      let isBlank = byte == 0x20 || byte == 0x09
      let isPlain =
        isBlank ? !isLast : byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "=")
      // The last column is the soft break's.
      if column + (isPlain ? 1 : 3) > (isLast ? 76 : 75) {
        out.append(contentsOf: "=\r\n".utf8)
        column = 0
      }
      if isPlain, !(column == 0 && isRisky(line[place...])) {
        out.append(byte)
        column += 1
      } else {
        appendHex(byte, to: &out)
        column += 3
      }
    }
    out.append(contentsOf: "\r\n".utf8)
  }

  /// Base64, in lines of this length; without a length, on one line. The last has no end.
  static func base64(_ bytes: [UInt8], lineLength: Int?) -> [UInt8] {
    let options: Data.Base64EncodingOptions =
      lineLength == nil
      ? [] : [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed]
    return Array(Data(bytes).base64EncodedData(options: options))
  }

  /// Appends `=3D`.
  static func appendHex(_ byte: UInt8, to out: inout [UInt8]) {
    let digits = Array("0123456789ABCDEF".utf8)
    out.append(UInt8(ascii: "="))
    out.append(digits[Int(byte >> 4)])
    out.append(digits[Int(byte & 15)])
  }
}
