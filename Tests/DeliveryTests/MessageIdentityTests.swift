import Basics
import Delivery
import Testing

@Suite("Message keys")
struct MessageIdentityTests {
  private let identity = MessageIdentity(
    tenant: "7", channel: "mail", recipient: "ana@example.org", event: "annual/2026 final",
    payload: SHA256Digest(of: [1]), template: SHA256Digest(of: [2]))

  @Test("Each part of what is said, to whom and how gives another key")
  func eachPartCounts() {
    var others = Array(repeating: identity, count: 6)
    others[0].tenant = "8"
    others[1].channel = "post"
    others[2].recipient = "ana@example.com"
    others[3].event = "annual/2026 restated"
    others[4].payload = SHA256Digest(of: [2])
    others[5].template = SHA256Digest(of: [1])
    #expect(Set((others + [identity]).map(\.key)).count == 7)
  }

  @Test("A key is the same in every version, or all messages would be sent again")
  func keyIsLasting() {
    #expect(
      identity.key.hex == "38a994d68829dde5068c772c5313298c68290be992d243d6da5c0ac46d3063c8")
  }

  @Test("The end of one part is not the beginning of the next")
  func partsKeepApart() {
    var one = identity
    var other = identity
    (one.tenant, one.channel) = ("7", "1:m")
    (other.tenant, other.channel) = ("71:", "m")
    #expect(one.key != other.key)
    (one.channel, one.recipient) = ("mail\n3:a@b", "x")
    (other.channel, other.recipient) = ("mail", "a@b\n1:x")
    #expect(one.key != other.key)
  }
}
