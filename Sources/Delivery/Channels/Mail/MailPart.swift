import Basics

/// A part of a mail: a text, a picture, a file, or several parts together. RFC 2045 and 2046.
struct MailPart {
  /// Its fields, the last of which tell its type.
  var header: MailHeader
  /// What comes behind the empty line. The last line of a text has its end; of what has no lines,
  /// the last one has not.
  var body: [UInt8]

  /// A text in the recipient's language.
  static func text(_ text: String, _ subtype: String) -> MailPart {
    let (encoding, body) = BodyEncoding.encoded(text)
    var header = MailHeader()
    header.add(
      "Content-Type", "text/" + subtype,
      [("charset", encoding == .sevenBit ? "us-ascii" : "utf-8")])
    header.add("Content-Transfer-Encoding", [encoding.rawValue])
    return MailPart(header: header, body: body)
  }

  /// A file to keep.
  static func attachment(_ file: MailContent.File) -> MailPart {
    var part = binary(file, isText: file.mediaType.hasPrefix("text/"))
    part.header.add("Content-Disposition", "attachment", [("filename", fileName(file.name))])
    return part
  }

  /// A picture in the text.
  static func inline(_ file: MailContent.File, id: String) -> MailPart {
    var part = binary(file, isText: false)
    part.header.add("Content-ID", ["<\(id)>"])
    part.header.add("Content-Disposition", ["inline"])
    return part
  }

  /// Several parts. The boundary cannot occur in any of them: `=_` is in no line of base64, in no
  /// quoted-printable text, and a plain line that begins so is encoded.
  static func multipart(
    _ subtype: String, _ parts: [MailPart], boundary: String,
    parameters: [(name: String, value: String)] = []
  ) -> MailPart {
    var header = MailHeader()
    header.add(
      "Content-Type", "multipart/" + subtype, parameters + [("boundary", boundary)])
    var body: [UInt8] = []
    body.reserveCapacity(parts.reduce(256) { $0 + $1.body.count + $1.header.bytes.count + 64 })
    for (number, part) in parts.enumerated() {
      // The line's end before a boundary is the boundary's own: RFC 2046, 5.1.1.
      body.append(contentsOf: "\(number == 0 ? "" : "\r\n")--\(boundary)\r\n".utf8)
      body.append(contentsOf: part.header.bytes)
      body.append(contentsOf: "\r\n".utf8)
      body.append(contentsOf: part.body)
    }
    body.append(contentsOf: "\r\n--\(boundary)--".utf8)
    return MailPart(header: header, body: body)
  }

  private static func binary(_ file: MailContent.File, isText: Bool) -> MailPart {
    var header = MailHeader()
    header.add(
      "Content-Type", mediaType(file.mediaType), isText ? [("charset", "utf-8")] : [])
    header.add("Content-Transfer-Encoding", [BodyEncoding.base64.rawValue])
    return MailPart(header: header, body: BodyEncoding.base64(file.bytes, lineLength: 76))
  }

  /// The type without parameters; any bytes at all for what is not a type.
  private static func mediaType(_ text: String) -> String {
    let type = text.prefix { $0 != ";" && $0 != " " }
    let halves = type.split(separator: "/", omittingEmptySubsequences: false)
    let isType =
      halves.count == 2 && type.utf8.count <= 127
      && halves.allSatisfy { half in
        !half.isEmpty
          && half.utf8.allSatisfy {
            HeaderText.isLetterOrDigit($0) || "!#$&-^_.+".utf8.contains($0)
          }
      }
    // Parts of a mail inside a part would need rules of their own.
    guard isType, halves[0] != "multipart", halves[0] != "message" else {
      return "application/octet-stream"
    }
    return String(type)
  }

  /// A name without folders that every file system takes.
  private static func fileName(_ name: String) -> String {
    let cleaned = HeaderText.cleaned(name).replacing("/", with: "_").replacing("\\", with: "_")
    let visible = cleaned.drop { $0 == "." }
    guard visible.utf8.count > 120 else { return visible.isEmpty ? "file" : String(visible) }
    let ending = visible.lastIndex(of: ".").map { visible[$0...] } ?? ""
    let end = ending.utf8.count <= 20 ? String(ending) : ""
    var start = ""
    for character in visible {
      guard start.utf8.count + String(character).utf8.count + end.utf8.count <= 120 else { break }
      start.append(character)
    }
    return start + end
  }
}
