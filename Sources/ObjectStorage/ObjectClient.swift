import Basics
package import Diagnostics
import FoundationEssentials
import Glibc
package import Transfer

import enum Crypto.Insecure

/// An S3 client for one bucket. Paths are relative to the bucket's prefix. Only one thread can use
/// it.
///
/// Transient failures (no connection, a server error, too many requests) are tried again, after
/// growing pauses. Messages contain the bucket's name, the path and the server's error code. They
/// never contain the server's text, because that can quote the request with the key id.
package final class ObjectClient {
  package let bucket: Bucket
  private let transfer: HTTPTransfer
  private let root: String

  /// A client without open connections.
  package init(_ bucket: Bucket) throws(Diagnostic) {
    self.bucket = bucket
    transfer = try HTTPTransfer(
      patience: bucket.patience, authorities: bucket.authorities, isCancelled: bucket.isCancelled)
    root = bucket.location.url(region: bucket.region)
  }

  /// The object key for a path.
  package func key(_ path: String) -> String {
    bucket.location.prefix.isEmpty ? path : bucket.location.prefix + "/" + path
  }

  /// Sends a request, several times if necessary.
  ///
  /// - Parameters:
  ///   - path: The path of an object; `nil` for the bucket itself.
  ///   - accepting: Statuses other than success that the caller handles.
  ///   - inBody: Whether the body of a successful reply can report a failure, as when parts are
  ///     joined.
  func send(
    _ method: String, _ path: String?, query: [(name: String, value: String)] = [],
    headers: [(name: String, value: String)] = [], body: [UInt8] = [], digest: SHA256Digest? = nil,
    sink: (any BodySink)? = nil, accepting: Set<Int> = [], inBody: Bool = false
  ) throws(Diagnostic) -> HTTPResponse {
    var request = HTTPRequest(method: method, url: url(path, query), headers: headers, body: body)
    request.headers.append(
      ("x-amz-content-sha256", (digest ?? SHA256Digest(of: body)).hex))
    // Buckets that lock objects by themselves refuse a PUT without a checksum of this kind. All
    // servers know this one.
    if method == "PUT" { request.headers.append(("Content-MD5", Self.contentMD5(body))) }
    if let token = bucket.credentials.token {
      request.headers.append(("x-amz-security-token", token))
    }
    // Otherwise libcurl declares a form, and some servers then parse the body as a form.
    if ["PUT", "POST"].contains(method), !headers.contains(where: { $0.name == "Content-Type" }) {
      request.headers.append(("Content-Type", "application/octet-stream"))
    }
    let signing = HTTPTransfer.Signing(
      service: "s3", region: bucket.region, keyID: bucket.credentials.keyID,
      secret: bucket.credentials.secret)
    var failures = 0
    while true {
      var asked: Double?
      let failure: Diagnostic
      do throws(HTTPTransfer.Failure) {
        let response = try transfer.perform(request, signing: signing, sink: sink)
        let code = response.code
        if accepting.contains(response.status), !Self.transientCodes.contains(code) {
          return response
        }
        if (200..<300).contains(response.status), !inBody || code.isEmpty { return response }
        failure = diagnostic(response, path)
        asked = response.headers["retry-after"].flatMap(Double.init)
      } catch {
        failure = diagnostic(error)
      }
      failures += 1
      guard failure.isTransient,
        let pause = bucket.retries.pause(after: failures, asked: asked)
      else { throw failure }
      try Backoff.sleep(pause) { () throws(Diagnostic) in
        if bucket.isCancelled() { throw Self.interrupted }
      }
    }
  }

  /// The value of `Content-MD5` for a body.
  static func contentMD5(_ body: [UInt8]) -> String {
    Data(Insecure.MD5.hash(data: body)).base64EncodedString()
  }

  // MARK: - URLs

  private func url(_ path: String?, _ query: [(name: String, value: String)]) -> String {
    var url = root + "/"
    if let path { url += Self.encoded(key(path), keeping: "/") }
    // libcurl 7.88 signs the query as it is. So it must be sorted, and each name must have an
    // equals sign.
    let pairs = query.sorted { $0.name < $1.name }
      .map { "\($0.name)=\(Self.encoded($0.value))" }
    return pairs.isEmpty ? url : url + "?" + pairs.joined(separator: "&")
  }

  /// Percent-encodes all characters except RFC 3986's unreserved ones and those in `more`.
  package static func encoded(_ text: String, keeping more: String = "") -> String {
    var out = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
        out.unicodeScalars.append(Unicode.Scalar(byte))
      case _ where more.utf8.contains(byte): out.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        out += "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return out
  }

  /// Decodes a text that the server encoded for `encoding-type=url`.
  package static func decoded(_ text: String) -> String {
    guard text.contains("%") || text.contains("+") else { return text }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "+") {
        bytes.append(0x20)
      } else if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest.removeFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: - Failures

  private static let transientCodes: Set<String> = [
    "ConditionalRequestConflict", "InternalError", "OperationAborted", "RequestTimeout",
    "ServiceUnavailable", "SlowDown", "Throttling", "TooManyRequests",
  ]

  /// What servers answer that refuse the bucket's name in the path.
  private static let hostCodes: Set<String> = [
    "SecondLevelDomainForbidden", "PathStyleDomainForbidden", "VirtualHostDomainRequired",
    "InvalidPathAccess",
  ]

  package static let interrupted = Diagnostic(
    .interrupted, "the mirroring was told to stop",
    hint: "run the same command again: finished work is kept")

  private func diagnostic(_ failure: HTTPTransfer.Failure) -> Diagnostic {
    if failure.isCancelled { return Self.interrupted }
    if failure.isUntrusted {
      return Diagnostic(
        .configuration, "the certificate of \(bucket)'s server is not trusted",
        hint: "set AWS_CA_BUNDLE to the file with its authority's certificate")
    }
    return Diagnostic(
      .unavailable, "\(bucket) does not answer: \(failure.reason)",
      hint: "when it answers again, run: yearbook mirror", isTransient: failure.isTransient)
  }

  private func diagnostic(_ response: HTTPResponse, _ path: String?) -> Diagnostic {
    let code = response.code
    let place = path.map { "\(bucket)/\($0)" } ?? "\(bucket)"
    let said = code.isEmpty ? "status \(response.status)" : code
    switch code {
    case "NoSuchBucket":
      return Diagnostic(
        .configuration, "there is no bucket '\(bucket.location.bucket)'",
        hint: "create it, or set another bucket at `mirror` in yearbook.yaml")
    case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
      let region = response.headers["x-amz-bucket-region"].map { ": it is in \($0)" } ?? ""
      return Diagnostic(
        .configuration, "\(bucket) is not in the region \(bucket.region)\(region)",
        hint: "set AWS_REGION, or `region` at `mirror` in yearbook.yaml")
    case _ where Self.hostCodes.contains(code):
      return Diagnostic(
        .configuration, "\(bucket)'s server wants the bucket's name in the host name (\(said))",
        hint: "set 'addressing: host' at `mirror` in yearbook.yaml")
    case "InvalidDigest", "BadDigest", "XAmzContentSHA256Mismatch":
      return Diagnostic(
        .unavailable, "\(place) arrived damaged at \(bucket)'s server (\(said))",
        hint: "if it happens again, something between here and the server changes what is sent: run"
          + " again later: yearbook mirror", isTransient: true)
    case "RequestTimeTooSkewed":
      return Diagnostic(
        .unavailable, "the clocks of \(bucket)'s server and of this machine differ",
        hint: "check this machine's clock: timedatectl")
    case "NotImplemented":
      return Diagnostic(
        .configuration, "\(bucket)'s server does not support this request (\(said)): \(place)",
        hint: "use a server that supports conditional writes (If-None-Match and If-Match)")
    case "QuotaExceeded", "EntityTooLarge", "XMinioStorageFull":
      return Diagnostic(.io, "\(bucket) has no room for \(place) (\(said))")
    default: break
    }
    if Self.transientCodes.contains(code)
      || [408, 429, 500, 502, 503, 504].contains(response.status)
    {
      return Diagnostic(
        .unavailable, "\(bucket)'s server reports an error (\(said))",
        hint: "run again later: yearbook mirror", isTransient: true)
    }
    if [401, 403].contains(response.status) || ["ExpiredToken", "InvalidToken"].contains(code) {
      return Diagnostic(
        .configuration, "\(bucket) refuses the credentials (\(said))",
        hint: "they need the right to list, get, put and delete below the prefix")
    }
    return Diagnostic(.io, "\(bucket) refuses \(place) (\(said))")
  }
}

extension HTTPResponse {
  /// The server's error code, such as `NoSuchKey`; empty if there is none.
  package var code: String {
    guard !body.isEmpty, let error = ObjectXML.elements("Error", in: body[...]).first,
      let code = ObjectXML.text("Code", in: error)
    else { return "" }
    return String(code.prefix(64).filter { $0.isASCII && ($0.isLetter || $0.isNumber) })
  }
}
