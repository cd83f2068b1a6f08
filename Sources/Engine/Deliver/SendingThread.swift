import Basics
import Delivery
import Diagnostics
import Foundation

/// One thread's session with the record, and its channel.
final class SendingThread {
  private let worker: DeliveryWorker
  private let settings: ChannelSettings
  private var desk: SendingDesk?
  private var channel: (any Channel)?
  /// Where the channel's messages go, once it is known.
  private var place: String?
  private var maker: MessageMaker?
  /// Templates that have made a message. An incident of such a template is over.
  private var sound: Set<String> = []
  /// The message that was sent last, until that is recorded: with the next one, or before anything
  /// that takes long.
  private var sent: (message: TakenMessage, note: String)?
  /// The next pause while messages wait for others that are under way.
  private var pause = SendingThread.shortest

  private static let interval = 30.0
  private static let shortest = 0.05
  private static let longestPause = 2.0
  /// A message that is later than its place in the pace takes another place: with those behind it,
  /// there would be more in a second than was said.
  private static let lateness = 0.01
  private static let places = 5
  private static let backoff = Backoff(
    attempts: .max, first: 30, most: 3600)

  init(_ worker: DeliveryWorker, _ settings: ChannelSettings) {
    self.worker = worker
    self.settings = settings
  }

  /// Works until it is told to stop; with `once`, until no message can leave now.
  func work(once: Bool, until seconds: Double) throws {
    var failures = 0
    var since = Stopwatch()
    while !worker.isOver(seconds) {
      do {
        let desk =
          try self.desk ?? SendingDesk(worker.configuration.required(.record), settings)
        self.desk = desk
        let messages = try desk.take(to: place)
        failures = 0
        if messages.isEmpty {
          if once { return }
          try wait(desk, seconds)
        } else {
          pause = Self.shortest
          try send(messages, desk, until: seconds)
        }
      } catch let error as Diagnostic where error.isTransient || error.code == .unavailable {
        if failures == 0 { since = Stopwatch() }
        failures += 1
        desk = nil
        // Its session is gone, so others take it for one in doubt.
        sent = nil
        guard let pause = Backoff.database.pause(after: failures, since: since) else { throw error }
        worker.tell(.lost(error, seconds: pause))
        do { try Backoff.sleep(pause, worker.cancellation) } catch { return }
      }
    }
  }

  /// Waits until a message is announced or due.
  private func wait(_ desk: SendingDesk, _ seconds: Double) throws {
    var due = try desk.secondsToNext(to: place) ?? Self.interval
    if due <= 0 {
      try desk.postponeToHours()
      due = pause
      pause = min(pause * 2, Self.longestPause)
    }
    let waited = Stopwatch()
    while true {
      let rest = min(Self.interval, max(Self.shortest, due)) - waited.seconds
      if rest <= 0 || worker.isOver(seconds) { return }
      if try desk.isWoken(within: Int(min(250, max(10, rest * 1000)))) { return }
    }
  }

  private func send(
    _ messages: [TakenMessage], _ desk: SendingDesk, until seconds: Double
  ) throws {
    var isFirst = true
    var goesOn = true
    for message in messages {
      if goesOn, !worker.isOver(seconds) {
        goesOn = try send(message, desk, isFirst: &isFirst)
      } else {
        try recordSent(desk)
        _ = try desk.end(message, .givenBack(destination: nil, seconds: 0))
      }
    }
    try recordSent(desk)
  }

  /// Sends a message.
  ///
  /// - Parameter isFirst: whether its destination was not looked at since the batch was taken.
  /// - Returns: Whether the destination takes further messages.
  private func send(
    _ message: TakenMessage, _ desk: SendingDesk, isFirst: inout Bool
  ) throws -> Bool {
    if message.isSuppressed {
      try end(message, .suppressed("opted out"), "opted out", desk)
      return true
    }
    guard let made = try make(message, desk) else { return true }
    guard let channel = try openChannel(message, desk) else { return false }
    let destination = channel.destination(of: made)
    place = destination
    var isProbe = false
    if isFirst {
      isFirst = false
      switch try desk.gate(destination) {
      case .free: break
      case .probe: isProbe = true
      case .closed:
        _ = try desk.end(message, .givenBack(destination: destination, seconds: 0))
        return false
      }
    }
    let passage = try desk.pass(sent, then: message, to: destination)
    reportSent(passage.state)
    guard passage.hasBegun else { return true }
    if let pace = settings.pace, try !waitForPlace(destination, pace, desk) {
      _ = try desk.end(message, .givenBack(destination: destination, seconds: 0))
      return false
    }
    let answer: ChannelAnswer
    do throws(Diagnostic) {
      answer = try channel.send(made)
    } catch {
      // What is wrong with the channel is wrong for all messages: it is said once.
      self.channel = nil
      return try hold(message, destination, error, desk, isProbe: isProbe)
    }
    let pause = Self.backoff.pause(after: message.attempts + 1) ?? 3600
    var failing = RunRecord.Failing(
      channel: settings.name, destination: destination, problem: "", isProbe: isProbe)
    switch answer {
    case .accepted(let said):
      let note = made.remark.map { "\(said); \($0)" } ?? said
      if !isProbe, !passage.isFailing {
        sent = (message, note)
        return true
      }
      try end(message, .sent(note), note, desk)
      try recover(destination, desk)
      return true
    case .refused(let note):
      try end(message, .dead(note), note, desk)
      if isProbe || passage.isFailing { try recover(destination, desk) }
      return true
    case .later(let note, let after):
      let seconds = max(pause, Double(after ?? 0))
      try end(message, .retryable(note, seconds: seconds), note, desk)
      (failing.problem, failing.asked) = (note, after)
    case .uncertain(let note):
      try end(message, .uncertain(note, seconds: pause), note, desk)
      failing.problem = note
    }
    return try !fail(failing, desk)
  }

  /// The message as it leaves; `nil` if it does not leave now.
  private func make(_ message: TakenMessage, _ desk: SendingDesk) throws -> OutgoingMessage? {
    let template = "template \(message.template)"
    do {
      let maker = try self.maker ?? worker.maker()
      self.maker = maker
      let made = try maker.make(message)
      if sound.insert(message.template).inserted { try recover(template, desk) }
      return made
    } catch let unmade as MessageMaker.Unmade {
      try end(message, unmade.end, unmade.reason, desk)
    } catch let error as Diagnostic where error.code != .unavailable && !error.isTransient {
      // All messages of a template that cannot be filled wait for its correction.
      maker = nil
      sound = []
      _ = try hold(message, template, error, desk)
    } catch let errors as Diagnostics where !errors.all.isEmpty {
      maker = nil
      sound = []
      _ = try hold(message, template, errors.all[0], desk)
    }
    return nil
  }

  /// The channel; `nil` if it cannot be made.
  private func openChannel(
    _ message: TakenMessage, _ desk: SendingDesk
  ) throws -> (any Channel)? {
    if let channel { return channel }
    let made: any Channel
    do throws(Diagnostic) {
      made = try settings.make(
        environment: ProcessInfo.processInfo.environment,
        isCancelled: { [cancellation = worker.cancellation] in cancellation.isRequested })
    } catch {
      _ = try hold(message, "channel", error, desk)
      place = "channel"
      return nil
    }
    channel = made
    try recover("channel", desk)
    return made
  }

  /// Waits for the message's place in the destination's pace.
  ///
  /// - Returns: Whether it may leave now. If not, too many others are before it, or the worker was
  ///   told to stop.
  private func waitForPlace(
    _ destination: String, _ pace: Pace, _ desk: SendingDesk
  ) throws(Diagnostic) -> Bool {
    for _ in 0..<Self.places {
      guard let seconds = try desk.reserve(destination, pace) else { return false }
      let waited = Stopwatch()
      do { try Backoff.sleep(seconds, worker.cancellation) } catch { return false }
      if waited.seconds - seconds < Self.lateness { break }
    }
    return true
  }

  // MARK: - Outcomes

  private func end(
    _ message: TakenMessage, _ end: MessageEnd, _ note: String, _ desk: SendingDesk
  ) throws {
    let state = try desk.end(message, end)
    report(message, state, note)
  }

  /// Records the message that was sent last.
  private func recordSent(_ desk: SendingDesk) throws {
    guard let (message, note) = sent else { return }
    reportSent(try desk.end(message, .sent(note)))
  }

  /// - Parameter state: the recorded state of the message that was sent last.
  private func reportSent(_ state: String?) {
    guard let (message, note) = sent else { return }
    sent = nil
    report(message, state ?? "lost", note)
  }

  private func report(_ message: TakenMessage, _ state: String, _ note: String) {
    worker.count(state)
    if state == "sent" {
      worker.tell(.sent(key: message.key.hex, channel: settings.name, note: note))
    } else if !["pending", "lost"].contains(state) {
      worker.tell(
        .failed(key: message.key.hex, channel: settings.name, state: state, note: note))
    }
  }

  private func recover(_ destination: String, _ desk: SendingDesk) throws(Diagnostic) {
    if try desk.recover(destination) {
      worker.tell(.recovered(channel: settings.name, destination: destination))
    }
  }

  /// Puts a message back because all messages to its destination would fail alike.
  ///
  /// - Returns: Whether the channel's destination takes further messages.
  private func hold(
    _ message: TakenMessage, _ destination: String, _ error: Diagnostic, _ desk: SendingDesk,
    isProbe: Bool = false
  ) throws -> Bool {
    try recordSent(desk)
    var told = error
    told.hint = nil
    let failing = RunRecord.Failing(
      channel: settings.name, destination: destination, problem: told.description,
      isProbe: isProbe)
    let isOpen = try fail(failing, desk, most: 1)
    _ = try desk.end(
      message,
      .held(destination: destination, seconds: Double(settings.breaker.first)))
    return !(isOpen && destination == place)
  }

  /// - Returns: Whether the destination's breaker is open.
  private func fail(
    _ failing: RunRecord.Failing, _ desk: SendingDesk, most: Int? = nil
  ) throws -> Bool {
    try recordSent(desk)
    let operators = OperatorMessages(
      worker.configuration, (try maker ?? worker.maker()).templates)
    let (isOpen, isNew) = try desk.fail(failing, most: most, operators)
    if isNew {
      worker.tell(
        .incident(
          channel: settings.name, destination: failing.destination, problem: failing.problem))
    }
    return isOpen
  }
}
