import Basics
import Diagnostics
import Foundation
import Postgres

/// A message that a worker took, with what it is about.
struct TakenMessage: Sendable {
  /// Its number in the outbox.
  var id: Int
  var key: SHA256Digest
  var tenantID: String
  var slug: String
  var tenantName: String
  var pipeline: String
  var period: String
  /// The message's name in the pipeline file.
  var message: String
  var event: String
  var release: String?
  /// The folder of the recipient's own report, if the release has one.
  var folder: String?
  var channel: String
  var template: String
  var address: String
  var name: String?
  var locale: String
  /// The further columns of its row, as JSON.
  var content: String?
  var isDigest: Bool
  /// What is told with it: periods and further columns, in the order of their queueing.
  var carried: [(period: String, content: String?)] = []
  /// The numbers of those messages in the outbox.
  private var carriedIDs: [Int] = []
  /// When it was queued, seconds since 1970.
  var queued: Int
  /// How often it was tried before.
  var attempts: Int
  var isSuppressed: Bool

  /// The numbers of this message and of those that are told with it, as an array of PostgreSQL's.
  var ids: String { "{" + ([id] + carriedIDs).map(String.init).joined(separator: ",") + "}" }
}

extension TakenMessage {
  /// The columns that `init` reads, of an `outbox o` and its `telling y`.
  static let columns = """
    o.id, encode(o.key, 'hex') AS key, y.tenant_id, y.slug, y.tenant_name, y.pipeline, y.period,
    y.message, y.event, y.release_id, o.channel, y.template, o.address, o.name, o.locale, o.content,
    y.is_digest, extract(epoch FROM o.queued)::bigint AS queued, o.attempts,
    EXISTS (SELECT FROM yearbook.suppression s WHERE s.recipient = o.recipient) AS is_suppressed,
    (SELECT f.name FROM yearbook.folder f
      WHERE f.user_id = o.user_id
        AND (f.tenant_id, f.pipeline, f.period) = (y.tenant_id, y.pipeline, y.period)) AS folder,
    (SELECT jsonb_agg(jsonb_build_object('id', c.id, 'period', cy.period, 'content', c.content::text)
        ORDER BY c.id)
      FROM yearbook.outbox c JOIN yearbook.telling cy ON cy.id = c.telling
      WHERE y.is_digest AND c.recipient = o.recipient AND c.carrier = o.id) AS carried
    """

  /// From a row with `columns`.
  init(_ row: Row) throws(Diagnostic) {
    id = try row.int("id")
    key = try row.digest("key")
    tenantID = try row.string("tenant_id")
    slug = try row.string("slug")
    tenantName = try row.string("tenant_name")
    pipeline = try row.string("pipeline")
    period = try row.string("period")
    message = try row.string("message")
    event = try row.string("event")
    release = try row.optionalString("release_id")
    folder = try row.optionalString("folder")
    channel = try row.string("channel")
    template = try row.string("template")
    address = try row.optionalString("address") ?? ""
    name = try row.optionalString("name")
    locale = try row.optionalString("locale") ?? "en"
    content = try row.optionalString("content")
    isDigest = try row.bool("is_digest")
    queued = try row.int("queued")
    attempts = try row.int("attempts")
    isSuppressed = try row.bool("is_suppressed")
    struct Carried: Decodable {
      var id: Int
      var period: String
      var content: String?
    }
    if let text = try row.optionalString("carried") {
      do {
        let found = try JSONDecoder().decode([Carried].self, from: Data(text.utf8))
        carried = found.map { ($0.period, $0.content) }
        carriedIDs = found.map(\.id)
      } catch {
        throw Diagnostic(.bug, "the messages of a digest cannot be read", underlying: error)
      }
    }
  }
}
