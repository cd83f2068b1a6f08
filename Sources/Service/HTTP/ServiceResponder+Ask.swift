import Basics
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Pipelines

extension ServiceResponder {
  /// What a body asks for.
  private struct Wish: Decodable {
    var tenant: TokenClaims.Value
    var period: String?
    var user: String?

    private static let names = ["tenant_id", "period", "user_id"]

    private struct Name: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(_ name: String) { stringValue = name }
      init?(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Name.self)
      // A misspelt period would be a report of another one.
      guard values.allKeys.allSatisfy({ Self.names.contains($0.stringValue) }) else {
        throw Problem(.malformed, .names)
      }
      guard values.contains(Name("tenant_id")) else {
        throw Problem(.malformed, .noTenant)
      }
      if let text = Self.text(values, "tenant_id") {
        tenant = .text(text)
      } else {
        do {
          tenant = .number(try values.decode(Int.self, forKey: Name("tenant_id")))
        } catch {
          throw Problem(.malformed, .tenant)
        }
      }
      for name in ["period", "user_id"] where values.contains(Name(name)) {
        guard try values.decodeNil(forKey: Name(name)) || Self.text(values, name) != nil else {
          throw Problem(.malformed, .text(name))
        }
      }
      period = Self.text(values, "period")
      user = Self.text(values, "user_id")
    }

    private static func text(
      _ values: KeyedDecodingContainer<Name>, _ name: String
    ) -> String? {
      do {
        return try values.decodeIfPresent(String.self, forKey: Name(name))
      } catch {
        return nil
      }
    }
  }

  private struct Answer: Encodable {
    var report: Int

    private enum CodingKeys: String, CodingKey { case report = "report_id" }
  }

  /// Writes a request for a report.
  func ask(
    _ name: String, _ request: Request, _ context: ServiceContext
  ) async throws -> Response {
    let caller = try await caller(request, scope: settings.tokens.requestScope)
    guard let report = settings.reports[name] else { throw Problem(.notFound) }
    let type = request.headers[.contentType]?.split(separator: ";").first?
      .trimmingCharacters(in: .whitespaces).lowercased()
    guard type == "application/json" else {
      throw Problem(.mediaType, .mediaType)
    }
    let wish = try Self.wish(try await body(request, context))
    let tenant = TokenClaims.tenant(
      wish.tenant, settings.tenantIDs, source: settings.source)
    // One answer for another tenant, for one that does not exist, and for what is no id at all.
    if let own = try reach(of: caller), tenant != own { throw Problem(.forbidden) }
    guard let tenant else { throw Problem(.malformed, .tenantType) }
    var asked = RequestBook.Asked(tenant: tenant, report: report)
    if let text = wish.period {
      guard text.utf8.count <= 64, let period = Period(text) else {
        throw Problem(.malformed, .period)
      }
      asked.period = period.description
    }
    if let text = wish.user {
      guard text.utf8.count == 36, let user = UUID(uuidString: text) else {
        throw Problem(.malformed, .user)
      }
      asked.user = user.uuidString.lowercased()
    }
    asked.key = try Self.key(request, caller)
    switch try await book.ask(asked, most: settings.limits.queue) {
    case .asked(let id, let isNew):
      if isNew { metrics.countAsked() }
      var response = JSONAnswer.response(.accepted, Answer(report: id))
      response.headers[.location] = "/v1/report/\(id)"
      return response
    case .full: throw Problem(.queueFull, retryAfter: 30)
    case .otherRequest: throw Problem(.keyReused)
    }
  }

  private static func wish(_ bytes: [UInt8]) throws -> Wish {
    do {
      return try JSONDecoder().decode(Wish.self, from: Data(bytes))
    } catch let problem as Problem {
      throw problem
    } catch {
      throw Problem(.malformed, .body)
    }
  }

  /// The body, within the limits of length and time.
  func body(_ request: Request, _ context: ServiceContext) async throws -> [UInt8] {
    let most = settings.limits.body
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > most {
      throw Problem(.tooLarge, .tooLong(most: most))
    }
    // Whoever sends a byte at a time is cut off.
    let channel = context.channel
    let limit = channel.eventLoop.scheduleTask(in: .seconds(Int64(settings.limits.idle))) {
      channel.close(promise: nil)
    }
    defer { limit.cancel() }
    do {
      let buffer = try await request.body.collect(upTo: most)
      return Array(buffer.readableBytesView)
    } catch is NIOTooManyBytesError {
      throw Problem(.tooLarge, .tooLong(most: most))
    }
  }

  /// The digest of the `Idempotency-Key`, for this caller alone; `nil` without one.
  private static func key(_ request: Request, _ caller: Caller) throws -> SHA256Digest? {
    let keys = request.headers.filter { $0.name.canonicalName == "idempotency-key" }
    guard let key = keys.first?.value else { return nil }
    guard keys.count == 1, (1...255).contains(key.utf8.count),
      key.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
    else {
      throw Problem(.malformed, .key)
    }
    return SHA256Digest(of: "\(caller.subject.utf8.count):\(caller.subject)\(key)".utf8)
  }
}
