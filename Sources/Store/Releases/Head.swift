package import Basics
import Diagnostics
import FoundationEssentials

/// What `heads/N.json` says: which release was the newest, as the partition's Nth statement.
///
/// `latest.json` has the bytes of the newest head. The sequence only grows. If only the status
/// changed, a head names the same release as the one before it. Then the head is right; the
/// release's own metadata has the status from the time when it was made.
package struct Head: Hashable, Sendable, Codable {
  /// The release's id, the name of its folder below `releases/`.
  package var release: String
  /// Counted from one.
  package var sequence: Int
  package var status: ReleaseStatus
  /// The last day whose data is in the release.
  package var asOf: String?
  /// When this head was made, `2026-11-21T03:15:00Z`.
  package var created: String
  /// The run that made this head.
  package var run: String
  /// The digest of the release's `tagmanifest-sha256.txt`, which covers all its bytes.
  package var tagManifest: SHA256Digest
  /// The digest of the head before this one: it shows if that one was changed later.
  package var previous: SHA256Digest?
  /// Whose head it is; `nil` in heads that were made before they named it.
  package var binding: Binding?
  /// Why the partition was withdrawn, in the operator's words; only in heads that say so.
  package var reason: String?

  /// Whether the partition was withdrawn: its releases are no longer shown to readers.
  package var isWithdrawn: Bool { status == .withdrawn }

  /// The largest number that all readers of JSON read as the same number.
  static let mostSequence = 1 << 53
  /// Some heads can be lost, but a number that is higher than the others by more than this is not a
  /// sequence.
  static let mostLost = 100

  enum CodingKeys: String, CodingKey {
    case release, sequence, status, created, run, reason
    case asOf = "as_of"
    case tagManifest = "tagmanifest_sha256"
    case previous = "previous_sha256"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    release = try values.decode(String.self, forKey: .release)
    sequence = try values.decode(Int.self, forKey: .sequence)
    status = try values.decode(ReleaseStatus.self, forKey: .status)
    asOf = try values.decodeIfPresent(String.self, forKey: .asOf)
    created = try values.decode(String.self, forKey: .created)
    run = try values.decode(String.self, forKey: .run)
    tagManifest = try values.decode(SHA256Digest.self, forKey: .tagManifest)
    previous = try values.decodeIfPresent(SHA256Digest.self, forKey: .previous)
    reason = try values.decodeIfPresent(String.self, forKey: .reason)
    binding = try Binding(decoder)
  }

  package func encode(to encoder: any Encoder) throws {
    try binding?.encode(to: encoder)
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(release, forKey: .release)
    try values.encode(sequence, forKey: .sequence)
    try values.encode(status, forKey: .status)
    try values.encodeIfPresent(asOf, forKey: .asOf)
    try values.encode(created, forKey: .created)
    try values.encode(run, forKey: .run)
    try values.encode(tagManifest, forKey: .tagManifest)
    try values.encodeIfPresent(previous, forKey: .previous)
    try values.encodeIfPresent(reason, forKey: .reason)
  }

  var bytes: [UInt8] {
    JSONText.object(
      (binding?.members ?? []) + [
        ("release", .string(release)), ("sequence", .integer(sequence)),
        ("status", .string(status.rawValue)), ("as_of", asOf.map { .string($0) }),
        ("created", .string(created)), ("run", .string(run)),
        ("tagmanifest_sha256", .string(tagManifest.hex)),
        ("previous_sha256", previous.map { .string($0.hex) }),
        ("reason", reason.map { .string($0) }),
      ]
    ).bytes
  }

  /// Reads a head's bytes; `nil` if they are not a head.
  init?(bytes: [UInt8]) {
    do {
      self = try JSONDecoder().decode(Head.self, from: Data(bytes))
    } catch {
      return nil
    }
    guard (1...Head.mostSequence).contains(sequence), Name.isFileName(release) else {
      return nil
    }
  }

  init(
    of pending: PendingRelease, release: String, sequence: Int, status: ReleaseStatus,
    tagManifest: SHA256Digest
  ) {
    let metadata = pending.metadata
    binding = Binding(tenantID: pending.tenant.id, pending.partition)
    self.release = release
    self.sequence = sequence
    self.status = status
    asOf = metadata.asOf
    created = Timestamp.rfc3339(metadata.created)
    run = metadata.run
    self.tagManifest = tagManifest
  }
}
