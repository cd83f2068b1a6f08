import Basics
import Diagnostics
import Pipelines
import Store

/// What one message of one partition's `deliver` says, and to whom. It becomes rows of the outbox.
struct Announcement: Sendable {
  var tenant: Tenant
  var pipeline: String
  var period: String
  /// The message's name in the pipeline file.
  var message: String
  /// What happened, as the message's identity has it.
  var event: String
  /// The digest of the release's files; `nil` if each row is a message of its own.
  var payload: SHA256Digest?
  var release: String? = nil
  var channel: String
  var template: String
  var templateDigest: SHA256Digest
  var hours: HoursOfDay? = nil
  var isDigest: Bool
  var rows: [AddressedRow]
}

extension Announcement {
  /// The announcements of what was published.
  ///
  /// - Parameters:
  ///   - events: what happened to the partition; empty if nothing did.
  ///   - templates: the digest of a template by its name.
  static func all(
    _ publication: Publication, events: Set<DeliverSpec.Event>, release: String?,
    templates: (String) throws -> SHA256Digest
  ) rethrows -> [Announcement] {
    let partition = publication.partition
    var all: [Announcement] = []
    for message in partition.pipeline.deliver?.messages ?? [] {
      guard let rows = publication.told[message.name], !rows.isEmpty else { continue }
      var event = "row"
      if !message.isOfRows {
        // One message, even if two of its events happened at once.
        let happened = [DeliverSpec.Event.restated, .final, .published].first {
          events.contains($0) && message.events.contains($0)
        }
        guard let happened else { continue }
        event = happened.rawValue
      }
      all.append(
        Announcement(
          tenant: partition.tenant, pipeline: partition.pipeline.name,
          period: partition.period.description, message: message.name, event: event,
          payload: message.isOfRows
            ? nil : RunPlan.Partition.payload(of: publication.files),
          release: message.isOfRows ? nil : release, channel: message.channel,
          template: message.template, templateDigest: try templates(message.template),
          hours: message.hours, isDigest: message.isDigest, rows: rows))
    }
    return all
  }

  /// What happened to a partition, by what the record knew of it.
  static func events(
    from old: (release: String?, status: String?)?, to head: Head
  ) -> Set<DeliverSpec.Event> {
    let isNew = old?.release != head.release
    var events: Set<DeliverSpec.Event> = isNew ? [.published] : []
    if isNew || old?.status != head.status.rawValue {
      if head.status == .final { events.insert(.final) }
      if head.status == .restated { events.insert(.restated) }
    }
    return events
  }
}
