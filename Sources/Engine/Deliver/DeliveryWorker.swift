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
