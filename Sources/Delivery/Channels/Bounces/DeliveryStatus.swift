/// The enhanced status codes of mail: RFC 3463.
enum DeliveryStatus {
  /// What a code as "5.1.1" means, in a few words; `nil` for a code that says no more than its
  /// class.
  static func meaning(_ status: String) -> String? {
    meanings[String(status.drop { $0 != "." }.dropFirst())]
  }

  /// By subject and detail.
  private static let meanings: [String: String] = [
    "1.1": "no such mailbox", "1.2": "no such mail host", "1.3": "the address is malformed",
    "1.6": "the mailbox has moved", "1.8": "the sender's host is unknown",
    "1.10": "the host takes no mail", "2.1": "the mailbox is disabled",
    "2.2": "the mailbox is full", "2.3": "the mail is too large for the mailbox",
    "3.1": "the mail system is full", "3.2": "the system takes no mail now",
    "3.4": "the mail is too large", "4.1": "the host does not answer",
    "4.4": "there is no way to the host", "4.7": "the time to deliver it has run out",
    "5.3": "too many recipients", "6.7": "addresses in other scripts are not supported",
    "7.0": "refused by the server's rules", "7.1": "refused by the server's rules",
    "7.8": "the login was refused", "7.26": "the mail could not be authenticated",
  ]
}
