import Basics
import Delivery
import Pipelines
import Postgres

/// A row of the outbox before it is inserted.
struct OutboxEntry {
  /// Where a message stands among the announcements, and in the order of queueing.
  struct Place {
    var announcement: Int
    var row: Int
    /// The address in the form in which it is compared.
    fileprivate var address: String
    fileprivate var payload: SHA256Digest

    /// The messages of announcements, in the order of what tells messages apart. All runs queue in
    /// this order, so that no two wait for each other's messages.
    static func all(_ announcements: [Announcement]) -> [Place] {
      let identities = announcements.map(\.identity)
      func parts(_ index: Int) -> (String, String, String) {
        (identities[index].tenant, identities[index].channel, identities[index].event)
      }
      let ordered = announcements.indices.sorted { parts($0) < parts($1) }
      var places: [Place] = []
      places.reserveCapacity(announcements.reduce(0) { $0 + $1.rows.count })
      var start = 0
      while start < ordered.count {
        // A row can be announced for two periods: then it is one and the same message.
        let alike = ordered[start...].prefix { parts($0) == parts(ordered[start]) }
        var group: [Place] = []
        for index in alike {
          let announcement = announcements[index]
          for (row, addressed) in announcement.rows.enumerated() {
            group.append(
              Place(
                announcement: index, row: row, address: Telling.compared(addressed.address),
                payload: announcement.payload ?? addressed.digest))
          }
        }
        group.sort { ($0.address, $0.payload) < ($1.address, $1.payload) }
        places += group
        start += alike.count
      }
      return places
    }
  }

  private var key: SHA256Digest
  private var said: SHA256Digest
  private var recipient: SHA256Digest
  private var telling: Int
  private var row: AddressedRow

  private static let noTemplate = SHA256Digest(of: [])

  /// - Parameter telling: the id of the announcement's row in `yearbook.telling`.
  init(_ place: Place, _ announcement: Announcement, _ telling: Int) {
    var identity = announcement.identity
    identity.recipient = place.address
    identity.payload = place.payload
    (key, said) = identity.keys(or: Self.noTemplate)
    recipient = SHA256Digest(of: place.address.utf8)
    self.telling = telling
    row = announcement.rows[place.row]
    row.locale = row.locale ?? announcement.tenant.locale
  }

  /// The parameters of the statement that inserts entries: an array for each column.
  static func parameters(_ entries: [OutboxEntry]) -> [String?] {
    func array(_ value: (OutboxEntry) -> String?) -> String { Quoting.array(entries.map(value)) }
    return [
      array { $0.key.hex }, array { $0.said.hex }, array { String($0.telling) },
      array { $0.recipient.hex }, array { $0.row.address }, array { $0.row.name },
      array { $0.row.locale }, array { $0.row.user }, array { $0.row.content },
      array { $0.row.zone },
    ]
  }
}

extension Announcement {
  /// What all its messages have in common, without recipient.
  fileprivate var identity: MessageIdentity {
    // A row is told once, in whatever period it is read.
    let event =
      payload == nil ? "\(pipeline) \(message) row" : "\(pipeline) \(period) \(message) \(event)"
    return MessageIdentity(
      tenant: tenant.id, channel: channel, recipient: "", event: event,
      payload: payload ?? SHA256Digest(of: []), template: templateDigest)
  }
}
