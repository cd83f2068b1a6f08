import CCurl
package import Diagnostics

/// Sends HTTP requests one after the other and keeps connections open between them. Only one thread
/// can use it.
///
/// libcurl does the transport, TLS and signing (AWS Signature Version 4). Redirects are not
/// followed.
package final class HTTPTransfer {
  /// How long to wait for a server, in seconds.
  package struct Patience: Sendable {
    /// For a connection.
    var connect = 10
    /// Without any byte in either direction.
    var stall = 60
  }

  /// The values that sign a request. They are never printed.
  package struct Signing: Sendable {
    var region: String
    var keyID: String
    var secret: String
  }

  /// No reply came. `isTransient`: another try can succeed.
  package struct Failure: Error {
    var code: CURLcode
    var isTransient: Bool

    var isCancelled: Bool { code == CURLE_ABORTED_BY_CALLBACK }
    var isUntrusted: Bool { code == CURLE_PEER_FAILED_VERIFICATION }
    /// libcurl's own error text. It contains nothing of the request.
    var reason: String { String(cString: curl_easy_strerror(code)) }
  }

  private let handle: UnsafeMutableRawPointer
  private let patience: Patience
  private let authorities: String?
  private let isCancelled: @Sendable () -> Bool

  /// libcurl needs this once per process, before anything else.
  private static let isStarted = yb_curl_start() == CURLE_OK

  /// A transfer without open connections.
  ///
  /// - Parameters:
  ///   - authorities: A file with certificates that are trusted instead of the system's.
  ///   - isCancelled: Called repeatedly during a request. If it returns true, the request ends.
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

  /// Sends a request and waits for the reply.
  ///
  /// - Parameter sink: Receives the body of a successful reply. Without a sink, the body is in the
  ///   response.
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
    // No signals: the process has many threads.
    yb_curl_set_number(handle, CURLOPT_NOSIGNAL, 1)
    yb_curl_set_number(handle, CURLOPT_NOPROGRESS, 0)
    yb_curl_set_number(handle, CURLOPT_PATH_AS_IS, 1)
    yb_curl_set_number(handle, CURLOPT_CONNECTTIMEOUT, patience.connect)
    yb_curl_set_number(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
    yb_curl_set_number(handle, CURLOPT_LOW_SPEED_TIME, patience.stall)
    // Do not wait long for servers that do not know "Expect: 100-continue".
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
    // An empty array has no address. Without an address, libcurl would read the standard input.
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

/// One HTTP request. `url` already has the encoded query.
package struct HTTPRequest {
  package var method: String
  package var url: String
  package var headers: [(name: String, value: String)] = []
  package var body: [UInt8] = []
}

/// The reply to an HTTP request.
package struct HTTPResponse {
  package var status: Int
  /// By name, in lower case.
  package var headers: [String: String]
  package var body: [UInt8]
}

/// Receives the body of a reply piece by piece.
package protocol BodySink: AnyObject {
  /// A body begins: for the first time, or again after a broken reply.
  func begin()
  /// The next piece of the body, valid only during the call.
  func add(_ piece: UnsafeRawBufferPointer)
}

/// Receives libcurl's callbacks during a request.
private final class Receiver {
  package let handle: UnsafeMutableRawPointer
  package let sink: (any BodySink)?
  package let isCancelled: @Sendable () -> Bool
  package var headers: [String: String] = [:]
  package var body: [UInt8] = []

  /// The longest reply that is kept in memory, in bytes. No correct server sends more.
  private static let most = 64 << 20

  /// A receiver for one request.
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
      // The reply's own headers follow those of "100 Continue".
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
