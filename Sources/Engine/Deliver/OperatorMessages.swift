import Basics
import Diagnostics
import Foundation
import Pipelines

/// What the operator is told: a summary of each run of a schedule that changed or failed something,
/// and each incident of sending, once.
struct OperatorMessages {
  private let configuration: Configuration
  private let templates: MessageTemplates
  private static let most = 20

  init(_ configuration: Configuration, _ templates: MessageTemplates) {
    self.configuration = configuration
    self.templates = templates
  }

  /// Queues the summary of a run. The caller is in the transaction that ends the run.
  func tell(_ summary: RunSummary, _ record: RunRecord) throws {
    let counts = summary.counts
    guard counts.published + counts.failed + counts.skipped > 0 || summary.problem != nil else {
      return
    }
    let failures = try record.failures(of: summary.run)
    try queue(
      "run", "\(summary.name) \(summary.run)",
      Content(
        schedule: summary.name, run: summary.run, moment: summary.moment.description,
        state: summary.state, published: counts.published, unchanged: counts.unchanged,
        failed: counts.failed, skipped: counts.skipped, count: counts.published,
        failures: failures.prefix(Self.most).map {
          .init(
            tenant: $0.slug, pipeline: $0.partition.pipeline,
            period: $0.partition.period.description, message: MessageText.line($0.message))
        }, more: failures.count > Self.most ? failures.count - Self.most : nil,
        published_tenants: try record.tenantsPublished(by: summary.run, most: Self.most).map {
          .init(tenant: $0.slug, count: $0.count)
        }), template: "operator-run", record)
  }

  /// Queues the news of an incident. The caller is in the transaction that records it.
  func tell(
    incident failing: RunRecord.Failing, _ record: RunRecord
  ) throws {
    try queue(
      "incident",
      "\(failing.channel) \(failing.destination) \(Date().timeIntervalSince1970)",
      IncidentContent(
        channel: failing.channel, destination: failing.destination, problem: failing.problem),
      template: "operator-incident", record)
  }

  private struct Content: Encodable {
    struct Failure: Encodable {
      var tenant, pipeline, period, message: String
    }
    struct Published: Encodable {
      var tenant: String
      var count: Int
    }
    var schedule, run, moment, state: String
    var published, unchanged, failed, skipped, count: Int
    var failures: [Failure]
    var more: Int?
    var published_tenants: [Published]
  }

  private struct IncidentContent: Encodable {
    var channel, destination, problem: String
  }

  private func queue(
    _ message: String, _ subject: String, _ content: some Encodable, template: String,
    _ record: RunRecord
  ) throws {
    guard let contact = configuration.operatorContact else { return }
    let text = String(decoding: try JSONEncoder().encode(content), as: UTF8.self)
    try record.queue([
      Announcement(
        tenant: configuration.operatorTenant, pipeline: "operator", period: "", message: message,
        event: message, payload: SHA256Digest(of: subject.utf8), channel: contact.channel,
        template: template, templateDigest: try templates.digest(of: template), isDigest: false,
        rows: [
          AddressedRow(
            address: contact.address, digest: SHA256Digest(of: []), content: text)
        ])
    ])
  }
}
