import CCurl

/// Receives libcurl's callbacks during a request.
final class HTTPReceiver {
  let handle: UnsafeMutableRawPointer
  let sink: (any BodySink)?
  private let mostBytes: Int
  private let isCancelled: @Sendable () -> Bool
  var headers: [String: String] = [:]
  private var headerBytes = 0
  var body: [UInt8] = []

  private static let mostHeaderBytes = 1 << 18

  /// A receiver for one request.
  init(
    handle: UnsafeMutableRawPointer, sink: (any BodySink)?, mostBytes: Int,
    isCancelled: @escaping @Sendable () -> Bool
  ) {
    self.handle = handle
    self.sink = sink
    self.mostBytes = mostBytes
    self.isCancelled = isCancelled
    sink?.begin()
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> HTTPReceiver? {
    context.map { Unmanaged<HTTPReceiver>.fromOpaque($0).takeUnretainedValue() }
  }

  static let receiveBody: yb_curl_data = { bytes, size, count, context in
    guard let receiver = from(context) else { return 0 }
    let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
    if let sink = receiver.sink, (200..<300).contains(yb_curl_status(receiver.handle)) {
      sink.add(piece)
    } else {
      guard receiver.body.count + piece.count <= receiver.mostBytes else { return 0 }
      receiver.body.append(contentsOf: piece)
    }
    return size * count
  }

  static let receiveHeader: yb_curl_data = { bytes, size, count, context in
    guard let receiver = from(context) else { return 0 }
    receiver.headerBytes += size * count
    guard receiver.headerBytes <= mostHeaderBytes else { return 0 }
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

  static let receiveProgress: yb_curl_progress = { context, _, _, _, _ in
    from(context)?.isCancelled() == true ? 1 : 0
  }
}
