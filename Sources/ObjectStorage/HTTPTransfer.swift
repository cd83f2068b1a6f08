import CCurl
package import Diagnostics

/// Sends HTTP requests one after the other and keeps connections open between them. Confined to one thread.
///
/// libcurl does the transport, TLS and the signing (AWS Signature Version 4). Redirects are not followed.
package final class HTTPTransfer {
  /// How long a server may let us wait, in seconds.
  package struct Patience: Sendable {
    /// For a connection.
    var connect = 10
    /// Without a byte in either direction.
    var stall = 60
  }

  /// What signs a request. Nothing here is ever printed.
  package struct Signing: Sendable {
    var region: String
    var keyID: String
    var secret: String
  }

  /// No answer came; `isTransient` where another try may get one.
  package struct Failure: Error {
    var code: CURLcode
    var isTransient: Bool

    var isCancelled: Bool { code == CURLE_ABORTED_BY_CALLBACK }
    var isUntrusted: Bool { code == CURLE_PEER_FAILED_VERIFICATION }
    /// libcurl's own words, which hold nothing of the request.
    var reason: String { String(cString: curl_easy_strerror(code)) }
  }

  private let handle: UnsafeMutableRawPointer
  private let patience: Patience
  private let authorities: String?
  private let isCancelled: @Sendable () -> Bool

  /// libcurl asks for this before anything else, once a process.
  private static let isStarted = yb_curl_start() == CURLE_OK

  /// - Parameters:
  ///   - authorities: A file of certificates that are trusted in place of the system's.
  ///   - isCancelled: Asked again and again while a request is under way.
  package init(
    patience: Patience, authorities: String?, isCancelled: @escaping @Sendable () -> Bool
  ) throws(Diagnostic) {
    guard Self.isStarted, let handle = curl_easy_init() else {
      throw Diagnostic(.bug, "libcurl could not be started")
    }
    self.handle = handle
    self.patience = patience
    self.authorities = authorities
    self.isCancelled = isCancelled
  }

  deinit { curl_easy_cleanup(handle) }

  /// Sends a request and waits for its answer.
  ///
  /// - Parameter sink: Takes the body of a successful answer; without one it is in the response.
  package func perform(
    _ request: HTTPRequest, signing: Signing, sink: (any BodySink)? = nil
  ) throws(Failure) -> HTTPResponse {
    let receiver = Receiver(handle: handle, sink: sink, isCancelled: isCancelled)
    curl_easy_reset(handle)
    var headers: UnsafeMutablePointer<curl_slist>?
    for (name, value) in request.headers {
      headers = curl_slist_append(headers, "\(name): \(value)")
    }
    defer { curl_slist_free_all(headers) }
    setOptions(request, signing)
    yb_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
    let code = withExtendedLifetime(receiver) {
      let context = Unmanaged.passUnretained(receiver).toOpaque()
      yb_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
      yb_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
      yb_curl_set_pointer(handle, CURLOPT_XFERINFODATA, context)
      yb_curl_set_data(handle, CURLOPT_WRITEFUNCTION, Receiver.receiveBody)
      yb_curl_set_data(handle, CURLOPT_HEADERFUNCTION, Receiver.receiveHeader)
      yb_curl_set_progress(handle, Receiver.receiveProgress)
      return send(request)
    }
    guard code == CURLE_OK else {
      throw Failure(code: code, isTransient: Self.transient.contains(code.rawValue))
    }
    return HTTPResponse(
      status: yb_curl_status(handle), headers: receiver.headers, body: receiver.body)
  }

  private func setOptions(_ request: HTTPRequest, _ signing: Signing) {
    yb_curl_set_text(handle, CURLOPT_URL, request.url)
    yb_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
    yb_curl_set_number(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    // No signals: this is one of many threads.
    yb_curl_set_number(handle, CURLOPT_NOSIGNAL, 1)
    yb_curl_set_number(handle, CURLOPT_NOPROGRESS, 0)
    yb_curl_set_number(handle, CURLOPT_PATH_AS_IS, 1)
    yb_curl_set_number(handle, CURLOPT_CONNECTTIMEOUT, patience.connect)
    yb_curl_set_number(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
    yb_curl_set_number(handle, CURLOPT_LOW_SPEED_TIME, patience.stall)
    // Servers that do not know "Expect: 100-continue" are not waited for long.
    yb_curl_set_number(handle, CURLOPT_EXPECT_100_TIMEOUT_MS, 200)
    if let authorities { yb_curl_set_text(handle, CURLOPT_CAINFO, authorities) }
    yb_curl_set_text(handle, CURLOPT_AWS_SIGV4, "aws:amz:\(signing.region):s3")
    yb_curl_set_text(handle, CURLOPT_USERNAME, signing.keyID)
    yb_curl_set_text(handle, CURLOPT_PASSWORD, signing.secret)
  }

  private func send(_ request: HTTPRequest) -> CURLcode {
    if request.method == "GET" { return curl_easy_perform(handle) }
    yb_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method)
    guard request.method != "DELETE" else { return curl_easy_perform(handle) }
    // An empty array has no address, and without one libcurl would read the standard input.
    let body = request.body.isEmpty ? [0] : request.body
    return body.withUnsafeBytes { bytes in
      yb_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
      yb_curl_set_pointer(handle, CURLOPT_POSTFIELDS, bytes.baseAddress)
      return curl_easy_perform(handle)
    }
  }

  private static let transient: Set<UInt32> = Set(
    [
      CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
      CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_ERROR,
      CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_WEIRD_SERVER_REPLY, CURLE_SEND_FAIL_REWIND,
    ].map(\.rawValue))
}

package struct HTTPRequest {
  package var method: String
  package var url: String
  package var headers: [(name: String, value: String)] = []
  package var body: [UInt8] = []
}

package struct HTTPResponse {
  package var status: Int
  /// By names in lower case.
  package var headers: [String: String]
  package var body: [UInt8]
}

/// Takes an answer's body piece by piece.
package protocol BodySink: AnyObject {
  /// A body begins, for the first time or once more after a broken answer.
  func begin()
  func add(_ piece: UnsafeRawBufferPointer)
}

/// What libcurl calls back while an answer comes in.
private final class Receiver {
  package let handle: UnsafeMutableRawPointer
  package let sink: (any BodySink)?
  package let isCancelled: @Sendable () -> Bool
  package var headers: [String: String] = [:]
  package var body: [UInt8] = []

  /// No answer that is not streamed is as long: a server that sends more is none of ours.
  private static let most = 64 << 20

  package init(
    handle: UnsafeMutableRawPointer, sink: (any BodySink)?,
    isCancelled: @escaping @Sendable () -> Bool
  ) {
    self.handle = handle
    self.sink = sink
    self.isCancelled = isCancelled
    sink?.begin()
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> Receiver? {
    context.map { Unmanaged<Receiver>.fromOpaque($0).takeUnretainedValue() }
  }

  package static let receiveBody: yb_curl_data = { bytes, size, count, context in
    guard let receiver = from(context) else { return 0 }
    let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
    if let sink = receiver.sink, (200..<300).contains(yb_curl_status(receiver.handle)) {
      sink.add(piece)
    } else {
      guard receiver.body.count + piece.count <= most else { return 0 }
      receiver.body.append(contentsOf: piece)
    }
    return size * count
  }

  package static let receiveHeader: yb_curl_data = { bytes, size, count, context in
    guard let receiver = from(context) else { return 0 }
    let line = String(
      decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self)
    if line.hasPrefix("HTTP/") {
      // After "100 Continue" the answer's own begin.
      receiver.headers = [:]
    } else if let colon = line.firstIndex(of: ":") {
      let value = line[line.index(after: colon)...].drop { $0 == " " }.prefix { !$0.isNewline }
      receiver.headers[line[..<colon].lowercased()] = String(value)
    }
    return size * count
  }

  package static let receiveProgress: yb_curl_progress = { context, _, _, _, _ in
    from(context)?.isCancelled() == true ? 1 : 0
  }
}
