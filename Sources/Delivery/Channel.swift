package import Diagnostics

/// A way by which messages leave: mail, HTTP, a queue, files in a folder.
///
/// A channel sends what it is given, once. It knows nothing of the outbox, of pacing and of
/// further tries: its answer says what became of the message, and who asked decides. One thread
/// uses a channel at a time; a worker makes one for each of its threads, so that connections stay
/// open between messages.
package protocol Channel: AnyObject {
  /// Where the message would go: the unit that is paced, tried again and given up together, as
  /// "mail.example:587". It holds no address of a person and no secret.
  func destination(of message: OutgoingMessage) -> String

  /// Sends one message and waits for the answer.
  ///
  /// Nothing that it throws or answers repeats an address, a secret or text of the message.
  ///
  /// - Throws: What is wrong with the channel itself and so with all its messages: settings, a
  /// refused login, a
  ///   certificate that is not trusted.
  func send(_ message: OutgoingMessage) throws(Diagnostic) -> ChannelAnswer
}

/// What became of one message.
package enum ChannelAnswer: Hashable, Sendable {
  /// The other side has it. `note` is what it said, as "250 2.0.0 Ok: queued as 4F3".
  case accepted(note: String)
  /// It did not take it now. `after`: it said how many seconds to wait.
  case later(note: String, after: Int?)
  /// It will never take it.
  case refused(note: String)
  /// All was sent and the answer was lost: it may have it. Another try bears the same identity,
  /// so that the other side can tell.
  case uncertain(note: String)
}
