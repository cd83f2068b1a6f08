import Basics
package import Diagnostics
import FoundationEssentials
package import Transfer

import enum Crypto.Insecure

/// An object in a listing.
package struct ListedObject: Hashable {
  /// Relative to the bucket's prefix.
  package var path: String
  package var byteCount: Int
  /// The entity tag without quotation marks. It is the content's MD5 if the object was put in one
  /// piece and the bucket does not encrypt with keys of its own.
  package var tag: String
  /// When it was put, by the server's clock, in seconds since 1970.
  package var modified: Int

  /// An object with these properties.
  package init(path: String, byteCount: Int, tag: String, modified: Int) {
    self.path = path
    self.byteCount = byteCount
    self.tag = tag
    self.modified = modified
  }
}

/// The condition under which a put takes effect.
package enum PutCondition: Hashable {
  case always
  /// Only if there is no object.
  case absent
  /// Only if the existing object has this tag.
  case over(tag: String)

  fileprivate var headers: [(name: String, value: String)] {
    switch self {
    case .always: []
    case .absent: [("If-None-Match", "*")]
    case .over(let tag): [("If-Match", "\"\(tag)\"")]
    }
  }
}

extension ObjectClient {
  /// Puts an object.
  ///
  /// - Returns: Whether the condition was met. If not, somebody else was faster, or an earlier try
  ///   of this request succeeded and only its reply was lost.
  package func put(
    _ path: String, _ bytes: [UInt8], when condition: PutCondition
  ) throws(Diagnostic) -> Bool {
    let response = try send(
      "PUT", path, headers: Self.headers(of: path) + condition.headers, body: bytes,
      accepting: Self.isLost(condition))
    return (200..<300).contains(response.status)
  }

  /// An object's content and tag; `nil` if there is no object.
  package func get(_ path: String) throws(Diagnostic) -> (bytes: [UInt8], tag: String)? {
    let response = try send("GET", path, accepting: [404])
    if response.status == 404 {
      if response.code == "NoSuchBucket" { return try missingBucket() }
      return nil
    }
    return (response.body, Self.tag(response.headers["etag"] ?? ""))
  }

  /// Reads an object piece by piece.
  ///
  /// - Returns: Whether the object exists.
  package func read(_ path: String, into sink: any BodySink) throws(Diagnostic) -> Bool {
    let response = try send("GET", path, sink: sink, accepting: [404])
    if response.status == 404, response.code == "NoSuchBucket" { return try missingBucket() != nil }
    return response.status != 404
  }

  private func missingBucket() throws(Diagnostic) -> (bytes: [UInt8], tag: String)? {
    _ = try send("GET", nil, query: [("list-type", "2"), ("max-keys", "1")])
    return nil
  }

  /// All objects whose paths begin with `prefix`, in the order of their keys.
  package func list(_ prefix: String) throws(Diagnostic) -> [ListedObject] {
    var objects: [ListedObject] = []
    var token: String?
    repeat {
      var query = [
        (name: "encoding-type", value: "url"), (name: "list-type", value: "2"),
        (name: "prefix", value: key(prefix)),
      ]
      if let token { query.append((name: "continuation-token", value: token)) }
      let body = try send("GET", nil, query: query).body[...]
      for content in ObjectXML.elements("Contents", in: body) {
        guard let path = path(ObjectXML.text("Key", in: content)),
          let size = ObjectXML.text("Size", in: content).flatMap(Self.size)
        else { continue }
        let modified = ObjectXML.text("LastModified", in: content).map { $0.prefix(19) + "Z" }
        objects.append(
          ListedObject(
            path: path, byteCount: size, tag: Self.tag(ObjectXML.text("ETag", in: content) ?? ""),
            modified: modified.flatMap { Timestamp.seconds(String($0)) } ?? 0))
      }
      token =
        ObjectXML.text("IsTruncated", in: body) == "true"
        ? ObjectXML.text("NextContinuationToken", in: body) : nil
    } while token != nil
    return objects
  }

  /// A size from a listing. No object is larger than a petabyte: a server that says so must not
  /// make sums overflow.
  static func size(_ text: String) -> Int? {
    Int(text).map { min(max($0, 0), 1 << 50) } ?? (text.allSatisfy(\.isNumber) ? 1 << 50 : nil)
  }

  /// The names that follow `prefix`, up to the next slash.
  package func folders(_ prefix: String) throws(Diagnostic) -> [String] {
    var names: [String] = []
    var token: String?
    repeat {
      var query = [
        (name: "delimiter", value: "/"), (name: "encoding-type", value: "url"),
        (name: "list-type", value: "2"), (name: "prefix", value: key(prefix)),
      ]
      if let token { query.append((name: "continuation-token", value: token)) }
      let body = try send("GET", nil, query: query).body[...]
      for common in ObjectXML.elements("CommonPrefixes", in: body) {
        if let path = path(ObjectXML.text("Prefix", in: common)) {
          names.append(String(path.dropFirst(prefix.count).dropLast()))
        }
      }
      token =
        ObjectXML.text("IsTruncated", in: body) == "true"
        ? ObjectXML.text("NextContinuationToken", in: body) : nil
    } while token != nil
    return names
  }

  /// The path for a key from a listing.
  package func path(_ key: String?) -> String? {
    guard let key else { return nil }
    let decoded = Self.decoded(key)
    let start = self.key("")
    return decoded.hasPrefix(start) ? String(decoded.dropFirst(start.count)) : nil
  }

  /// An entity tag without its quotation marks.
  package static func tag(_ text: String) -> String { text.filter { $0 != "\"" } }

  /// The tag of this content, if tags are MD5 sums.
  package static func tag(of bytes: [UInt8]) -> String {
    Insecure.MD5.hash(data: bytes).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  /// The statuses of a reply that says that a condition is not met.
  package static func isLost(_ condition: PutCondition) -> Set<Int> {
    switch condition {
    case .always: []
    case .absent: [412]
    // An object that no longer exists does not match either.
    case .over: [404, 412]
    }
  }

  /// The headers for browsers and caches. Objects that can change are requested each time.
  package static func headers(of path: String) -> [(name: String, value: String)] {
    let isForEver = path.contains("/releases/") || path.contains("/heads/")
    return [
      ("Content-Type", mediaType(of: path)),
      ("Cache-Control", isForEver ? "private, max-age=31536000, immutable" : "no-cache"),
    ]
  }

  private static func mediaType(of path: String) -> String {
    switch path.split(separator: ".").last {
    case "html": "text/html; charset=utf-8"
    case "json": "application/json"
    case "csv": "text/csv; charset=utf-8"
    case "txt": "text/plain; charset=utf-8"
    case "vtt": "text/vtt; charset=utf-8"
    case "svg": "image/svg+xml"
    case "jpg": "image/jpeg"
    case "png": "image/png"
    case "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    case "mp4": "video/mp4"
    default: "application/octet-stream"
    }
  }
}
