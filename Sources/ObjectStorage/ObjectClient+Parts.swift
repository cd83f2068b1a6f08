package import Basics
package import Diagnostics
import Glibc
import Transfer

/// A started upload of an object in parts.
package struct BegunUpload: Hashable {
  package var path: String
  package var id: String
}

extension ObjectClient {
  /// Files of this size or larger are put in parts. In bytes.
  package static let largeFile = 16 << 20
  /// The size of every part except the last, in bytes. S3 requires at least 5 MB, and allows at
  /// most 10,000 parts per file.
  package static let partSize = 8 << 20

  /// Puts a large file in parts. Readers see the whole object once the upload is complete.
  ///
  /// - Parameter digest: The expected digest of the file. For a damaged file, the upload is aborted
  ///   and `.io` is thrown.
  /// - Returns: Whether the condition was met.
  package func putInParts(
    _ path: String, file: String, digest: SHA256Digest?, when condition: PutCondition
  ) throws(Diagnostic) -> Bool {
    let begun = try send(
      "POST", path, query: [("uploads", "")], headers: Self.headers(of: path))
    guard let id = ObjectXML.text("UploadId", in: begun.body[...]) else {
      throw Diagnostic(.io, "\(bucket) did not start an upload")
    }
    let upload = BegunUpload(path: path, id: id)
    do throws(Diagnostic) {
      return try finish(upload, file: file, digest: digest, when: condition)
    } catch {
      let cause = error
      // A started upload costs money until it is aborted. If that fails too, the next mirroring
      // does it.
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
    // If the reply is lost, the upload no longer exists but the object does: the caller checks.
    if (200..<300).contains(response.status) { return true }
    if response.status == 412 { try abort(upload) }
    return false
  }

  /// Aborts a started upload.
  package func abort(_ upload: BegunUpload) throws(Diagnostic) {
    _ = try send("DELETE", upload.path, query: [("uploadId", upload.id)], accepting: [404])
  }

  /// The unfinished uploads below a prefix, started by anyone.
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

  /// The diagnostic for a file that differs from the published one.
  package static func damaged(_ file: String) -> Diagnostic {
    Diagnostic(
      .io, "\(file) differs from what was published, so it is not mirrored",
      hint: "to see what else is damaged, run: yearbook verify --deep")
  }
}
