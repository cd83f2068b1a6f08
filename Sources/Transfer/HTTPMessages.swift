/// One HTTP request. `url` already has the encoded query.
package struct HTTPRequest {
  package var method: String
  package var url: String
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]

  /// A request with these parts.
  package init(
    method: String, url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
  }
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
