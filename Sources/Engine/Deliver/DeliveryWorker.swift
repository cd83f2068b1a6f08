package import Basics
import Delivery
package import Diagnostics
import Foundation
package import Pipelines
import Postgres
import Store

/// Sends what waits in the outbox. Any number of workers on any hosts can share one record: each
/// message is taken by one of them.
///
/// Each channel has threads of its own, so that a slow one does not hold up another.
package final class DeliveryWorker: Sendable {
  /// What a worker reports. No event holds an address or a text of a message.
  package enum Event: Sendable {
    case sent(key: String, channel: String, note: String)
    case failed(key: String, channel: String, state: String, note: String)
    /// A destination takes no messages.
    case incident(channel: String, destination: String, problem: String)
    case recovered(channel: String, destination: String)
    /// The record does not answer. The worker tries again after this many seconds.
    case lost(Diagnostic, seconds: Double)
  }

  /// What a worker has done.
  package struct Counts: Sendable, Hashable {
    package var sent = 0
    package var retryable = 0
    package var uncertain = 0
    package var dead = 0
    package var suppressed = 0
    /// Incidents that are open at the end.
    package var incidents = 0

    /// Nothing yet.
    package init() {}
  }

  let configuration: Configuration
  private let library: PipelineLibrary
  private let templates: String
  private let store: ReleaseStore
  let cancellation: Cancellation
  let tell: @Sendable (Event) -> Void
  private let channels: [ChannelSettings]
  private let counts = Locked(Counts())
  private let failure = Locked<(any Error)?>(nil)
  private let running = Stopwatch()

  /// - Parameters:
  ///   - templates: the folder of templates and messages.
  ///   - channel: the only channel to send by; `nil` sends by all.
  ///   - tell: receives the worker's events, on its threads.
  package init(
    _ configuration: Configuration, library: PipelineLibrary, templates: String, channel: String?,
    cancellation: Cancellation, tell: @escaping @Sendable (Event) -> Void
  ) throws {
    if let channel, configuration.channels[channel] == nil {
      throw Diagnostic(
        .usage, "there is no channel '\(channel)'",
        hint: NearestWords.choice("use one of:", configuration.channels.keys.sorted())
          ?? "name channels below 'channels:' in yearbook.yaml")
    }
    self.configuration = configuration
    self.cancellation = cancellation
    self.tell = tell
    channels = configuration.channels.values.filter { channel == nil || $0.name == channel }
      .sorted { $0.name < $1.name }
    self.library = library
    self.templates = templates
    store = try ReleaseStore(root: configuration.required(.store))
    // What is wrong with all templates is said before any message is taken.
    _ = try maker()
  }

  /// Makes messages by the templates as they are now: a corrected one needs no new process.
  func maker() throws -> MessageMaker {
    try MessageMaker(
      configuration, templates: try MessageTemplates(folder: templates), library: library,
      store: store)
  }

  /// Works until it is told to stop; with `once`, until no message can leave now.
  ///
  /// - Parameters:
  ///   - threads: how many messages of one channel are sent side by side.
  ///   - seconds: after this time no further message is begun.
  package func work(once: Bool, threads: Int = 2, seconds: Double = .infinity) throws -> Counts {
    let conninfo = try configuration.required(.record)
    let record = try RunRecord(conninfo)
    try record.forgetAddresses(olderThan: configuration.delivery.keep)
    if channels.isEmpty {
      throw Diagnostic(
        .configuration, "no channel is configured", at: .init(file: configuration.file),
        hint: "name channels below 'channels:' in yearbook.yaml: docs/how-to/deliver.md")
    }
    let group = DispatchGroup()
    for settings in channels {
      for number in 0..<threads {
        group.enter()
        do {
          try WorkerThread.start("yearbook-send") { [self] in
            defer { group.leave() }
            do {
              try SendingThread(self, settings).work(
                once: once, until: seconds)
            } catch {
              failure.withLock { $0 = $0 ?? error }
            }
          }
        } catch {
          group.leave()
          if number == 0 { throw error }
        }
      }
    }
    group.wait()
    if let error = failure.withLock({ $0 }), !cancellation.isRequested { throw error }
    var counts = counts.withLock { $0 }
    let names = Set(channels.map(\.name))
    counts.incidents = try record.openIncidents().filter { names.contains($0.channel) }.count
    return counts
  }

  /// Whether no further message is to be begun.
  func isOver(_ seconds: Double) -> Bool {
    cancellation.isRequested || running.seconds > seconds
      || failure.withLock { $0 != nil }
  }

  func count(_ state: String) {
    counts.withLock { counts in
      switch state {
      case "sent": counts.sent += 1
      case "retryable": counts.retryable += 1
      case "uncertain": counts.uncertain += 1
      case "dead": counts.dead += 1
      case "suppressed": counts.suppressed += 1
      default: break
      }
    }
  }
}

/// One thread's session with the record, and its channel.
private final class SendingThread {
  private let worker: DeliveryWorker
  private let settings: ChannelSettings
  private var desk: SendingDesk?
  private var channel: (any Channel)?
  private var maker: MessageMaker?
  /// Templates that have made a message. An incident of such a template is over.
  private var sound: Set<String> = []
  private static let interval = 30.0
  private static let backoff = Backoff(
    attempts: .max, first: 30, most: 3600)

  init(_ worker: DeliveryWorker, _ settings: ChannelSettings) {
    self.worker = worker
    self.settings = settings
  }

  func work(once: Bool, until seconds: Double) throws {
    var failures = 0
    var since = Stopwatch()
    while !worker.isOver(seconds) {
      do {
        let desk = try self.desk ?? SendingDesk(worker.configuration.required(.record))
        self.desk = desk
        let messages = try desk.take(settings.name)
        failures = 0
        if messages.isEmpty {
          if once { return }
          try wait(desk, seconds)
        }
        for (place, message) in messages.enumerated() {
          if worker.isOver(seconds) {
            for rest in messages[place...] {
              _ = try desk.end(
                rest, .givenBack(destination: nil, seconds: 0), settings.giveUp)
            }
            return
          }
          try send(message, desk)
        }
      } catch let error as Diagnostic where error.isTransient || error.code == .unavailable {
        if failures == 0 { since = Stopwatch() }
        failures += 1
        desk = nil
        guard let pause = Backoff.database.pause(after: failures, since: since) else { throw error }
        worker.tell(.lost(error, seconds: pause))
        do { try Backoff.sleep(pause, worker.cancellation) } catch { return }
      }
    }
  }

  /// Waits until a message is announced or due.
  private func wait(_ desk: SendingDesk, _ seconds: Double) throws {
    let waited = Stopwatch()
    let due = try desk.secondsToNext(settings.name) ?? Self.interval
    while waited.seconds < min(Self.interval, max(0.05, due)), !worker.isOver(seconds) {
      if try desk.isWoken(within: Int(min(250, max(10, due * 1000)))) { return }
    }
  }

  private func send(_ message: TakenMessage, _ desk: SendingDesk) throws {
    let giveUp = settings.giveUp
    func end(_ end: MessageEnd, _ note: String) throws {
      let state = try desk.end(message, end, giveUp)
      worker.count(state)
      if state == "sent" {
        worker.tell(.sent(key: message.key.hex, channel: settings.name, note: note))
      } else if !["pending", "lost"].contains(state) {
        worker.tell(
          .failed(key: message.key.hex, channel: settings.name, state: state, note: note))
      }
    }
    if message.isSuppressed { return try end(.suppressed("opted out"), "opted out") }
    let made: OutgoingMessage
    let template = "template \(message.template)"
    do {
      let maker = try self.maker ?? worker.maker()
      self.maker = maker
      made = try maker.make(message)
      if sound.insert(message.template).inserted { try recover(template, desk) }
    } catch let unmade as MessageMaker.Unmade {
      return try end(unmade.end, unmade.reason)
    } catch let error as Diagnostic {
      // All messages of a template that cannot be filled wait for its correction.
      maker = nil
      sound = []
      return try hold(message, template, error, desk, most: 1)
    } catch let errors as Diagnostics where !errors.all.isEmpty {
      maker = nil
      sound = []
      return try hold(message, template, errors.all[0], desk, most: 1)
    }
    let channel: any Channel
    do throws(Diagnostic) {
      if let known = self.channel {
        channel = known
      } else {
        channel = try settings.make(
          environment: ProcessInfo.processInfo.environment,
          isCancelled: { [cancellation = worker.cancellation] in cancellation.isRequested })
        self.channel = channel
        try recover("channel", desk)
      }
    } catch {
      return try hold(message, "channel", error, desk, most: 1)
    }
    let destination = channel.destination(of: made)
    var isProbe = false
    switch try desk.begin(message, destination, settings.rate) {
    case .lost: return
    case .closed(let seconds):
      _ = try desk.end(message, .givenBack(destination: destination, seconds: seconds), giveUp)
      return
    case .after(let seconds, let probing):
      isProbe = probing
      if seconds > 0 { Backoff.sleep(seconds) {} }
    }
    let answer: ChannelAnswer
    do throws(Diagnostic) {
      answer = try channel.send(made)
    } catch {
      // What is wrong with the channel is wrong for all messages: it is said once.
      self.channel = nil
      return try hold(message, destination, error, desk, most: 1, isProbe: isProbe)
    }
    let pause = Self.backoff.pause(after: message.attempts + 1) ?? 3600
    switch answer {
    case .accepted(let said):
      let note = made.remark.map { "\(said); \($0)" } ?? said
      try end(.sent(note), note)
      try recover(destination, desk)
    case .refused(let note):
      try end(.dead(note), note)
      try recover(destination, desk)
    case .later(let note, let after):
      try end(.retryable(note, seconds: max(pause, Double(after ?? 0))), note)
      try fail(destination, note, desk, isProbe: isProbe)
    case .uncertain(let note):
      try end(.uncertain(note, seconds: pause), note)
      try fail(destination, note, desk, isProbe: isProbe)
    }
  }

  private func recover(_ destination: String, _ desk: SendingDesk) throws(Diagnostic) {
    if try desk.recover(settings.name, destination) {
      worker.tell(.recovered(channel: settings.name, destination: destination))
    }
  }

  /// Puts a message back because all messages to its destination would fail alike.
  private func hold(
    _ message: TakenMessage, _ destination: String, _ error: Diagnostic, _ desk: SendingDesk,
    most: Int, isProbe: Bool = false
  ) throws {
    var told = error
    told.hint = nil
    try fail(destination, told.description, desk, most: most, isProbe: isProbe)
    _ = try desk.end(
      message,
      .givenBack(destination: destination, seconds: Double(settings.breaker.first)),
      settings.giveUp)
  }

  private func fail(
    _ destination: String, _ problem: String, _ desk: SendingDesk, most: Int? = nil,
    isProbe: Bool
  ) throws {
    let isNew = try desk.fail(
      settings.name, destination, problem, most: most ?? settings.breaker.failures, isProbe,
      settings,
      worker.configuration, (try maker ?? worker.maker()).templates)
    if isNew {
      worker.tell(
        .incident(channel: settings.name, destination: destination, problem: problem))
    }
  }
}

/// A sending thread's session with the record.
private final class SendingDesk {
  private let record: RunRecord
  private let worker: AdvisoryKey

  init(_ conninfo: String) throws {
    record = try RunRecord(conninfo)
    worker = AdvisoryKey(["yearbook", "outbox", "\(UInt64.random(in: 0 ... .max))"])
    try record.connection.execute(
      "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3")
    guard try record.connection.tryLock(worker) else {
      throw Diagnostic(.bug, "another process holds the lock of this new worker")
    }
    // Listen before the table is read for the first time, so that no message is missed.
    try record.connection.listen(RunRecord.outboxChannel)
  }

  func take(_ channel: String) throws -> [TakenMessage] {
    try record.takeMessages(worker: worker, channel: channel, most: 32, share: 4)
  }

  func begin(
    _ message: TakenMessage, _ destination: String, _ rate: Double?
  ) throws(Diagnostic) -> RunRecord.Permission {
    try record.begin(message, to: destination, worker: worker, rate: rate)
  }

  func end(_ message: TakenMessage, _ end: MessageEnd, _ giveUp: Int) throws(Diagnostic) -> String {
    try record.end(message, end, worker: worker, giveUp: giveUp)
  }

  func recover(_ channel: String, _ destination: String) throws(Diagnostic) -> Bool {
    try record.recover(channel, destination)
  }

  /// Counts a failure, and tells the operator if an incident begins.
  func fail(
    _ channel: String, _ destination: String, _ problem: String, most: Int, _ isProbe: Bool,
    _ settings: ChannelSettings, _ configuration: Configuration, _ templates: MessageTemplates
  ) throws -> Bool {
    let isNew = try record.fail(
      channel, destination, problem, most: most, first: settings.breaker.first,
      longest: settings.breaker.most, isProbe: isProbe)
    if isNew {
      try OperatorMessages(configuration, templates).tell(
        incident: channel, destination, problem, record)
    }
    return isNew
  }

  func secondsToNext(_ channel: String) throws(Diagnostic) -> Double? {
    try record.secondsToNextMessage(channel: channel)
  }

  func isWoken(within milliseconds: Int) throws -> Bool {
    try !record.connection.notifications(waiting: milliseconds).isEmpty
  }
}
