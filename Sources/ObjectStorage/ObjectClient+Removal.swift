package import Diagnostics
import Transfer

/// One version of an object, or a deletion mark.
package struct ObjectVersion: Hashable {
  package var path: String
  /// `null` in a bucket that keeps no versions.
  package var id: String
  /// Whether readers get it: it is the newest version and not a deletion mark.
  package var isCurrent: Bool
}

extension ObjectClient {
  /// Deletes objects. A missing object counts as deleted. A bucket that keeps versions still keeps
  /// them.
  ///
  /// - Returns: The objects that could not be deleted, with the server's code for the reason.
  package func delete(_ paths: [String]) throws(Diagnostic) -> [(path: String, code: String)] {
    try deleteAll(paths.map { ($0, nil) })
  }

  /// Deletes versions permanently.
  package func delete(_ versions: [ObjectVersion]) throws(Diagnostic) -> [(
    path: String, code: String
  )] {
    try deleteAll(versions.map { ($0.path, $0.id) })
  }

  private func deleteAll(
    _ objects: [(path: String, version: String?)]
  ) throws(Diagnostic) -> [(path: String, code: String)] {
    var refused: [(path: String, code: String)] = []
    for start in stride(from: 0, to: objects.count, by: 1000) {
      let batch = objects[start..<min(start + 1000, objects.count)].map { object in
        "<Object><Key>\(ObjectXML.escaped(key(object.path)))</Key>"
          + (object.version.map { "<VersionId>\(ObjectXML.escaped($0))</VersionId>" } ?? "")
          + "</Object>"
      }
      let body = Array("<Delete><Quiet>true</Quiet>\(batch.joined())</Delete>".utf8)
      let response = try send(
        "POST", nil, query: [("delete", "")],
        headers: [
          ("Content-MD5", Self.contentMD5(body)), ("Content-Type", "application/xml"),
        ], body: body)
      for error in ObjectXML.elements("Error", in: response.body[...]) {
        let code = ObjectXML.text("Code", in: error) ?? ""
        refused.append(
          (
            path: path(ObjectXML.text("Key", in: error)) ?? "",
            code: String(code.prefix(64).filter { $0.isASCII && ($0.isLetter || $0.isNumber) })
          ))
      }
    }
    return refused
  }

  /// All versions and deletion marks below a prefix; `nil` if the server does not support versions
  /// or does not let us list them.
  package func versions(_ prefix: String) throws(Diagnostic) -> [ObjectVersion]? {
    var versions: [ObjectVersion] = []
    var marker: (key: String, version: String)?
    repeat {
      var query = [
        (name: "encoding-type", value: "url"), (name: "prefix", value: key(prefix)),
        (name: "versions", value: ""),
      ]
      if let marker {
        query.append((name: "key-marker", value: marker.key))
        // Servers refuse an empty marker.
        if !marker.version.isEmpty {
          query.append((name: "version-id-marker", value: marker.version))
        }
      }
      let response = try send("GET", nil, query: query, accepting: [400, 403, 405, 501])
      guard response.status == 200 else { return nil }
      let body = response.body[...]
      for (name, isMark) in [("Version", false), ("DeleteMarker", true)] {
        for entry in ObjectXML.elements(name, in: body) {
          guard let path = path(ObjectXML.text("Key", in: entry)),
            let id = ObjectXML.text("VersionId", in: entry)
          else { continue }
          let isLatest = ObjectXML.text("IsLatest", in: entry) == "true"
          versions.append(ObjectVersion(path: path, id: id, isCurrent: isLatest && !isMark))
        }
      }
      marker = nil
      if ObjectXML.text("IsTruncated", in: body) == "true",
        let key = ObjectXML.text("NextKeyMarker", in: body)
      {
        marker = (Self.decoded(key), ObjectXML.text("NextVersionIdMarker", in: body) ?? "")
      }
    } while marker != nil
    return versions
  }
}
