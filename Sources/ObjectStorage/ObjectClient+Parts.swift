package import Basics
package import Diagnostics
import Glibc

/// A begun upload of an object in parts.
package struct BegunUpload: Hashable {
  package var path: String
  package var id: String
}

extension ObjectClient {
  /// Files from this size on are put in parts.
  package static let largeFile = 16 << 20
  /// Every part but the last has this size: at least 5 MB, at most 10,000 parts a file.
  package static let partSize = 8 << 20

  /// Puts a large file in parts, at once readable whole when the last has come.
  ///
  /// - Parameter digest: What the file must hold; a damaged one is given up and throws `.io`.
  /// - Returns: Whether its condition held.
  package func putInParts(
    _ path: String, file: String, digest: SHA256Digest?, when condition: PutCondition
  ) throws(Diagnostic) -> Bool {
    let begun = try send(
      "POST", path, query: [("uploads", "")], headers: Self.headers(of: path))
    guard let id = ObjectXML.text("UploadId", in: begun.body[...]) else {
      throw Diagnostic(.io, "\(bucket) did not begin an upload")
    }
    let upload = BegunUpload(path: path, id: id)
    do throws(Diagnostic) {
      return try finish(upload, file: file, digest: digest, when: condition)
    } catch {
      let cause = error
      // A begun upload costs money until it is given up. If that fails too, the next mirroring does it.
      do throws(Diagnostic) { try abort(upload) } catch { throw cause }
      throw cause
    }
  }

  private func finish(
    _ upload: BegunUpload, file: String, digest: SHA256Digest?, when condition: PutCondition
  ) throws(Diagnostic) -> Bool {
    var hasher = SHA256Hasher()
    var part: [UInt8] = []
    var tags: [String] = []
    func putPart() throws(Diagnostic) {
      let response = try send(
        "PUT", upload.path,
        query: [("partNumber", "\(tags.count + 1)"), ("uploadId", upload.id)], body: part)
      tags.append(response.headers["etag"] ?? "")
      part.removeAll(keepingCapacity: true)
    }
    try FileReader.forEachPiece(of: file) { piece throws(Diagnostic) in
      hasher.update(piece)
      var rest = piece[...]
      while !rest.isEmpty {
        let taken = rest.prefix(Self.partSize - part.count)
        part.append(contentsOf: taken)
        rest = rest.dropFirst(taken.count)
        if part.count == Self.partSize { try putPart() }
      }
    }
    if !part.isEmpty || tags.isEmpty { try putPart() }
    if let digest, hasher.digest() != digest { throw Self.damaged(file) }
    let list = tags.enumerated().map { number, tag in
      "<Part><PartNumber>\(number + 1)</PartNumber><ETag>\(ObjectXML.escaped(tag))</ETag></Part>"
    }
    let body = "<CompleteMultipartUpload>\(list.joined())</CompleteMultipartUpload>"
    var headers: [(name: String, value: String)] = []
    if condition == .absent { headers = [("If-None-Match", "*")] }
    let response = try send(
      "POST", upload.path, query: [("uploadId", upload.id)], headers: headers,
      body: Array(body.utf8), accepting: Self.isLost(condition).union([404]), inBody: true)
    // An answer that was lost leaves an upload that is not there any more and an object that is: the caller looks.
    if (200..<300).contains(response.status) { return true }
    if response.status == 412 { try abort(upload) }
    return false
  }

  /// Gives a begun upload up.
  package func abort(_ upload: BegunUpload) throws(Diagnostic) {
    _ = try send("DELETE", upload.path, query: [("uploadId", upload.id)], accepting: [404])
  }

  /// The uploads below a prefix that were begun and not ended, by whomever.
  package func uploads(_ prefix: String) throws(Diagnostic) -> [BegunUpload] {
    var uploads: [BegunUpload] = []
    var marker: (key: String, upload: String)?
    repeat {
      var query = [
        (name: "encoding-type", value: "url"), (name: "prefix", value: key(prefix)),
        (name: "uploads", value: ""),
      ]
      if let marker {
        query += [
          (name: "key-marker", value: marker.key), (name: "upload-id-marker", value: marker.upload),
        ]
      }
      let body = try send("GET", nil, query: query).body[...]
      for upload in ObjectXML.elements("Upload", in: body) {
        guard let path = path(ObjectXML.text("Key", in: upload)),
          let id = ObjectXML.text("UploadId", in: upload), path.hasPrefix(prefix)
        else { continue }
        uploads.append(BegunUpload(path: path, id: id))
      }
      marker = nil
      if ObjectXML.text("IsTruncated", in: body) == "true",
        let key = ObjectXML.text("NextKeyMarker", in: body),
        let upload = ObjectXML.text("NextUploadIdMarker", in: body)
      {
        marker = (Self.decoded(key), upload)
      }
    } while marker != nil
    return uploads
  }

  package static func damaged(_ file: String) -> Diagnostic {
    Diagnostic(
      .io, "\(file) is not what was published: it is not mirrored",
      hint: "`yearbook verify --deep` shows what else is damaged")
  }
}
