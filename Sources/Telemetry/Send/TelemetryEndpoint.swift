/// A service that takes what is sent to it.
package struct TelemetryEndpoint: Sendable {
  /// Scheme, host, port and path, without a slash at the end.
  package var url: String
  /// Their values can be secrets. They are never printed.
  package var headers: [(name: String, value: String)] = []
  /// A file with certificates that are trusted instead of the system's.
  package var authorities: String?

  /// An endpoint at an address.
  package init(url: String, authorities: String? = nil) {
    self.url = url
    self.authorities = authorities
  }
}

/// How OpenTelemetry's messages are written.
package enum OTLPEncoding: String, Sendable, CaseIterable {
  case json, protobuf

  /// The `Content-Type` of messages.
  package var mediaType: String {
    self == .json ? "application/json" : "application/x-protobuf"
  }
}
