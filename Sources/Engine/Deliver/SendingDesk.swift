import Basics
import Delivery
import Diagnostics
import Postgres

/// A sending thread's session with the record.
final class SendingDesk {
  private let record: RunRecord
  private let worker: AdvisoryKey
  private let settings: ChannelSettings
  /// Since this thread looked for messages of dead workers.
  private var sinceFreed: Stopwatch?
  /// The most messages of one tenant that the next batch has.
  private var share = SendingDesk.leastShare

  private static let leastShare = 4
  private static let mostAtOnce = 64
  /// Of a slow destination no more than it gets in this many seconds, or other hosts would wait for
  /// what lies here.
  private static let secondsAtOnce = 30
  private static let secondsToFree = 1.0

  init(_ conninfo: String, _ settings: ChannelSettings) throws {
    record = try RunRecord(conninfo)
    self.settings = settings
    worker = AdvisoryKey(["yearbook", "outbox", "\(UInt64.random(in: 0 ... .max))"])
    // The plans are kept. Those that were made while the queue was empty must not read all of it
    // once it is full.
    try record.connection.execute(
      """
      SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
      SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off
      """)
    guard try record.connection.tryLock(worker) else {
      throw Diagnostic(.bug, "another process holds the lock of this new worker")
    }
    // Listen before the table is read for the first time, so that no message is missed.
    try record.connection.listen(RunRecord.outboxChannel)
  }

  /// The next messages that can leave.
  ///
  /// - Parameter destination: where they go, if that is known.
  func take(to destination: String?) throws -> [TakenMessage] {
    if sinceFreed.map({ $0.seconds > Self.secondsToFree }) ?? true {
      try record.freeAbandonedMessages(worker)
      sinceFreed = Stopwatch()
    }
    let most = settings.pace.map { pace in
      max(1, min(Self.mostAtOnce, Self.secondsAtOnce * 1_000_000 / pace.interval))
    }
    let demand = RunRecord.Demand(
      worker: worker, channel: settings.name, destination: destination, pace: settings.pace,
      most: most ?? Self.mostAtOnce, share: share)
    let messages = try record.takeMessages(demand)
    // A few of each tenant, more if there are few tenants; then it is others' turn again.
    share = messages.count >= demand.most ? Self.leastShare : min(share * 2, Self.mostAtOnce)
    return messages
  }

  /// Asks whether a batch may begin with a destination.
  func gate(_ destination: String) throws(Diagnostic) -> Gate {
    guard try record.isOpen(settings.name, destination) else { return .free }
    return try record.probe(settings.name, destination) ? .probe : .closed
  }

  /// What a destination takes.
  enum Gate {
    case free
    /// This one message.
    case probe
    /// None.
    case closed
  }

  func pass(
    _ sent: (message: TakenMessage, note: String)?, then next: TakenMessage, to destination: String
  ) throws(Diagnostic) -> RunRecord.Passage {
    try record.pass(sent, then: next, to: destination, worker: worker)
  }

  func reserve(_ destination: String, _ pace: Pace) throws(Diagnostic) -> Double? {
    try record.reserve(settings.name, destination, pace)
  }

  func end(_ message: TakenMessage, _ end: MessageEnd) throws(Diagnostic) -> String {
    try record.end(message, end, worker: worker, giveUp: settings.giveUp)
  }

  func recover(_ destination: String) throws(Diagnostic) -> Bool {
    try record.recover(settings.name, destination)
  }

  /// Counts a failure, and tells the operator if an incident begins.
  ///
  /// - Parameter most: failures in a row at which the breaker opens, if not the channel's own.
  func fail(
    _ failing: RunRecord.Failing, most: Int?, _ operators: OperatorMessages
  ) throws -> (isOpen: Bool, isNew: Bool) {
    var breaker = settings.breaker
    breaker.failures = most ?? breaker.failures
    return try record.connection.transaction {
      let found = try record.fail(failing, breaker)
      if found.isNew { try operators.tell(incident: failing, record) }
      return found
    }
  }

  func secondsToNext(to destination: String?) throws(Diagnostic) -> Double? {
    try record.secondsToNextMessage(
      channel: settings.name, destination: destination, pace: settings.pace)
  }

  func postponeToHours() throws(Diagnostic) { try record.postponeToHours(channel: settings.name) }

  func isWoken(within milliseconds: Int) throws -> Bool {
    try !record.connection.notifications(waiting: milliseconds).isEmpty
  }
}
