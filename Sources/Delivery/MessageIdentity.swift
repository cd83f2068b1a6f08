package import Basics

/// What decides whether two messages are one and the same: said once, they are never said again.
///
/// The key is the SHA-256 of all parts, each with its length, so that no two lists of parts give
/// the same bytes.
package struct MessageIdentity: Hashable, Sendable {
  /// The tenant's id; empty for what is the operator's.
  package var tenant: String
  /// The channel's name in the configuration.
  package var channel: String
  /// The recipient's address, in the form in which it is compared.
  package var recipient: String
  /// What it is about: the pipeline and period of a release with the event, or the name of the
  /// rows' query.
  package var event: String
  /// The digest of what it says: a release's manifest or a row.
  package var payload: SHA256Digest
  /// The digest of the template's bytes.
  package var template: SHA256Digest

  /// An identity of these parts.
  package init(
    tenant: String, channel: String, recipient: String, event: String, payload: SHA256Digest,
    template: SHA256Digest
  ) {
    self.tenant = tenant
    self.channel = channel
    self.recipient = recipient
    self.event = event
    self.payload = payload
    self.template = template
  }

  /// The message's key.
  package var key: SHA256Digest {
    var bytes = unended
    Self.add(template.hex, to: &bytes)
    return SHA256Digest(of: bytes)
  }

  /// The keys of the message with this template and with another, which have all but the end in
  /// common: a hundred thousand are made in one transaction.
  package func keys(
    or other: SHA256Digest
  ) -> (own: SHA256Digest, other: SHA256Digest) {
    var own = SHA256Hasher()
    own.update(unended)
    var others = own
    own.update(Self.part(template.hex))
    others.update(Self.part(other.hex))
    return (own.digest(), others.digest())
  }

  /// The bytes of all parts but the template.
  private var unended: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512)
    for part in [tenant, channel, recipient, event, payload.hex] { Self.add(part, to: &bytes) }
    return bytes
  }

  private static func part(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    add(text, to: &bytes)
    return bytes
  }

  private static func add(_ part: String, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: String(part.utf8.count).utf8)
    bytes.append(UInt8(ascii: ":"))
    bytes.append(contentsOf: part.utf8)
    bytes.append(UInt8(ascii: "\n"))
  }
}
