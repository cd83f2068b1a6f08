import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// An answer that says why something was not done (RFC 9457).
struct Problem: Error, Sendable {
  var kind: Kind
  /// What exactly is wrong with the request.
  var detail: ProblemDetail?
  /// Seconds after which another try makes sense.
  var retryAfter: Int?
  /// The methods that the address knows, for `methodNotAllowed`.
  var allowed: [String] = []

  init(_ kind: Kind, _ detail: ProblemDetail? = nil, retryAfter: Int? = nil) {
    self.kind = kind
    self.detail = detail
    self.retryAfter = retryAfter
  }

  /// What can be wrong. The raw value is the last part of the problem's type.
  enum Kind: String, Sendable, CaseIterable {
    case malformed
    case unauthenticated
    case forbidden
    case scope = "insufficient-scope"
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    case notAcceptable = "not-acceptable"
    case conflict
    case gone
    case withdrawn
    case tooLarge = "too-large"
    case mediaType = "media-type"
    case range
    case keyReused = "key-reused"
    case rate = "too-many-requests"
    case queueFull = "queue-full"
    case internalFault = "internal"
    case unavailable

    var status: HTTPResponse.Status {
      switch self {
      case .malformed: .badRequest
      case .unauthenticated: .unauthorized
      case .forbidden, .scope: .forbidden
      case .notFound: .notFound
      case .methodNotAllowed: .methodNotAllowed
      case .notAcceptable: .notAcceptable
      case .conflict: .conflict
      case .gone, .withdrawn: .gone
      case .tooLarge: .contentTooLarge
      case .mediaType: .unsupportedMediaType
      case .range: .rangeNotSatisfiable
      case .keyReused: .unprocessableContent
      case .rate, .queueFull: .tooManyRequests
      case .internalFault: .internalServerError
      case .unavailable: .serviceUnavailable
      }
    }
  }

  private struct Body: Encodable {
    var type: String
    var title: String
    var status: Int
    var detail: String?
  }

  static let contentType = "application/problem+json"

  private func body(_ language: Language) -> Body {
    Body(
      type: "urn:yearbook:problem:\(kind.rawValue)", title: language.title(of: kind),
      status: kind.status.code, detail: detail?.text(in: language))
  }

  /// The body of the answer.
  func bytes(_ language: Language) -> [UInt8] { JSONAnswer.bytes(body(language)) }

  /// The answer, in the caller's language.
  func response(language: Language) -> Response {
    var response = JSONAnswer.response(
      kind.status, body(language), contentType: Self.contentType)
    response.headers[.contentLanguage] = language.rawValue
    if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
    if !allowed.isEmpty { response.headers[.allow] = allowed.joined(separator: ", ") }
    switch kind {
    case .unauthenticated:
      response.headers[.wwwAuthenticate] =
        detail == nil
        ? "Bearer realm=\"yearbook\"" : "Bearer realm=\"yearbook\", error=\"invalid_token\""
    case .scope:
      response.headers[.wwwAuthenticate] =
        "Bearer realm=\"yearbook\", error=\"insufficient_scope\""
    default: break
    }
    return response
  }
}

/// Answers with JSON.
enum JSONAnswer {
  static func bytes(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(value))
    } catch {
      // Only numbers that are none cannot be encoded, and there are no such numbers.
      return Array("{}".utf8)
    }
  }

  static func response(
    _ status: HTTPResponse.Status, _ value: some Encodable,
    contentType: String = "application/json"
  ) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = contentType
    headers[.cacheControl] = "no-store"
    return Response(
      status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes(value))))
  }
}
