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
    package var connect = 10
    /// Without any byte in either direction.
    package var stall = 60
    /// For the whole request with its reply; `nil`: as long as bytes come.
    package var total: Int?

    /// As long as is usual, or these times.
    package init(connect: Int = 10, stall: Int = 60, total: Int? = nil) {
      self.connect = connect
      self.stall = stall
      self.total = total
    }
  }

  /// The values that sign a request. They are never printed.
  package struct Signing: Sendable {
    var service: String
    var region: String
    var keyID: String
    var secret: String

    /// Signs for one of Amazon's services, or one that is asked as they are: `s3`, `sqs`.
    package init(service: String, region: String, keyID: String, secret: String) {
      self.service = service
      self.region = region
      self.keyID = keyID
      self.secret = secret
    }
  }

  /// No whole reply came.
  package struct Failure: Error {
    var code: CURLcode
    /// Another try can succeed.
    package var isTransient: Bool
    /// All of the request was sent: the server may have done what it asks.
    package var wasSent = false
    /// All addresses of the host were ones that must not be reached.
    package var isKeptIn = false
    /// What came before the reply broke off, or became too long, if it was that much.
    package var reply: HTTPResponse?

    package var isCancelled: Bool { code == CURLE_ABORTED_BY_CALLBACK }
    package var isUntrusted: Bool { code == CURLE_PEER_FAILED_VERIFICATION }
    /// The file with trusted certificates cannot be read.
    package var lacksAuthorities: Bool { code == CURLE_SSL_CACERT_BADFILE }
    /// libcurl's own error text. It contains nothing of the request.
    package var reason: String { String(cString: curl_easy_strerror(code)) }
  }

  private let handle: TransferHandle
  private let patience: Patience
  private let authorities: String?
  private let isCancelled: @Sendable () -> Bool
  /// The longest reply that is kept in memory, in bytes. No correct server sends more.
  private let mostBytes: Int
  /// Whether addresses of this machine and of its networks can be reached.
  private let reachesPrivate: Bool
  /// `HOST:PORT:ADDRESS` instead of what the resolver says.
  var resolved: [String] = []

  /// A transfer without open connections.
  ///
  /// - Parameters:
  ///   - authorities: A file with certificates that are trusted instead of the system's.
  ///   - isCancelled: Called repeatedly during a request. If it returns true, the request ends.
  package init(
    patience: Patience, authorities: String?, mostBytes: Int = 64 << 20,
    reachesPrivate: Bool = true, isCancelled: @escaping @Sendable () -> Bool
  ) throws(Diagnostic) {
    handle = try TransferHandle()
    self.patience = patience
    self.authorities = authorities
    self.mostBytes = mostBytes
    self.reachesPrivate = reachesPrivate
    self.isCancelled = isCancelled
  }

  /// Sends a request and waits for the reply.
  ///
  /// - Parameter sink: Receives the body of a successful reply. Without a sink, the body is in the
  ///   response.
  package func perform(
    _ request: HTTPRequest, signing: Signing?, sink: (any BodySink)? = nil
  ) throws(Failure) -> HTTPResponse {
    let receiver = HTTPReceiver(
      handle: handle.pointer, sink: sink, mostBytes: mostBytes, isCancelled: isCancelled)
    handle.reset()
    var headers: UnsafeMutablePointer<curl_slist>?
    for (name, value) in request.headers {
      headers = curl_slist_append(headers, "\(name): \(value)")
    }
    var pins: UnsafeMutablePointer<curl_slist>?
    for pin in resolved { pins = curl_slist_append(pins, pin) }
    defer {
      curl_slist_free_all(headers)
      curl_slist_free_all(pins)
    }
    setOptions(request, signing)
    yb_curl_set_pointer(handle.pointer, CURLOPT_HTTPHEADER, headers)
    if pins != nil { yb_curl_set_pointer(handle.pointer, CURLOPT_RESOLVE, pins) }
    let code = withExtendedLifetime(receiver) {
      let context = Unmanaged.passUnretained(receiver).toOpaque()
      yb_curl_set_pointer(handle.pointer, CURLOPT_WRITEDATA, context)
      yb_curl_set_pointer(handle.pointer, CURLOPT_HEADERDATA, context)
      yb_curl_set_pointer(handle.pointer, CURLOPT_XFERINFODATA, context)
      yb_curl_set_data(handle.pointer, CURLOPT_WRITEFUNCTION, HTTPReceiver.receiveBody)
      yb_curl_set_data(handle.pointer, CURLOPT_HEADERFUNCTION, HTTPReceiver.receiveHeader)
      yb_curl_set_progress(handle.pointer, HTTPReceiver.receiveProgress)
      return send(request)
    }
    let status = yb_curl_status(handle.pointer)
    let response = HTTPResponse(status: status, headers: receiver.headers, body: receiver.body)
    guard code == CURLE_OK else {
      var failure = Failure(code: code, isTransient: Self.transient.contains(code.rawValue))
      failure.isKeptIn = handle.wasKeptIn
      failure.wasSent =
        yb_curl_requested(handle.pointer) > 0
        && yb_curl_uploaded(handle.pointer) >= curl_off_t(request.body.count)
      failure.reply = status >= 200 ? response : nil
      throw failure
    }
    return response
  }

  private func setOptions(_ request: HTTPRequest, _ signing: Signing?) {
    handle.set(CURLOPT_URL, request.url)
    handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
    handle.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    handle.set(CURLOPT_PATH_AS_IS, 1)
    handle.set(CURLOPT_CONNECTTIMEOUT, patience.connect)
    handle.set(CURLOPT_LOW_SPEED_LIMIT, 1)
    handle.set(CURLOPT_LOW_SPEED_TIME, patience.stall)
    if let total = patience.total { handle.set(CURLOPT_TIMEOUT, total) }
    // Do not wait long for servers that do not know "Expect: 100-continue".
    handle.set(CURLOPT_EXPECT_100_TIMEOUT_MS, 200)
    if let authorities { handle.set(CURLOPT_CAINFO, authorities) }
    if !reachesPrivate { handle.allowPublicOnly() }
    guard let signing else { return }
    handle.set(CURLOPT_AWS_SIGV4, "aws:amz:\(signing.region):\(signing.service)")
    handle.set(CURLOPT_USERNAME, signing.keyID)
    handle.set(CURLOPT_PASSWORD, signing.secret)
  }

  private func send(_ request: HTTPRequest) -> CURLcode {
    if request.method == "GET" { return curl_easy_perform(handle.pointer) }
    handle.set(CURLOPT_CUSTOMREQUEST, request.method)
    guard request.method != "DELETE" || !request.body.isEmpty else {
      return curl_easy_perform(handle.pointer)
    }
    // An empty array has no address. Without an address, libcurl would read the standard input.
    let body = request.body.isEmpty ? [0] : request.body
    return body.withUnsafeBytes { bytes in
      yb_curl_set_size(
        handle.pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
      yb_curl_set_pointer(handle.pointer, CURLOPT_POSTFIELDS, bytes.baseAddress)
      return curl_easy_perform(handle.pointer)
    }
  }

  private static let transient: Set<UInt32> = Set(
    [
      CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
      CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_ERROR,
      CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_WEIRD_SERVER_REPLY, CURLE_SEND_FAIL_REWIND,
    ].map(\.rawValue))
}
