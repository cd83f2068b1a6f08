import Basics
import Diagnostics
import NIOPosix
import Transfer

/// The issuer's keys, read from a file or fetched, and read again from time to time.
///
/// A token with a `kid` that is not known makes them be read again at most once a minute, so that
/// strangers with invented names cannot make the service ask the issuer without end.
actor TokenKeys {
  private let settings: TokenSettings
  private let threads: NIOThreadPool
  private let log: ServiceLog
  private var keys: [String: PinnedKey] = [:]
  /// Counts the sets that were taken. What was believed under an earlier set is asked again.
  private var number = 0
  private var taken: ContinuousClock.Instant?
  private var tried: ContinuousClock.Instant?
  private var reading: Task<Void, Never>?

  private let patience: HTTPTransfer.Patience
  /// Between two readings for the sake of unknown names.
  private let pause: Duration
  /// How long keys are used that could not be read again: after that, nobody is believed.
  static let longest = Duration.seconds(24 * 3600)

  init(
    _ settings: TokenSettings, threads: NIOThreadPool, log: ServiceLog,
    pause: Duration = .seconds(60),
    patience: HTTPTransfer.Patience = .init(connect: 5, stall: 10, total: 15)
  ) {
    self.pause = pause
    self.patience = patience
    self.settings = settings
    self.threads = threads
    self.log = log
  }

  /// Reads the keys for the first time. The service starts without them, and is not ready.
  func prepare() async {
    if settings.keys != .none { await refresh() }
  }

  var isReady: Bool {
    settings.keys == .none || hasKeys
  }

  private var hasKeys: Bool { taken.map { .now - $0 < Self.longest } ?? false && !keys.isEmpty }

  /// A key by its name; `nil` if the issuer has none of this name.
  func key(_ name: String) async -> (key: PinnedKey, number: Int)? {
    if settings.keys == .none { return nil }
    let now = ContinuousClock.now
    let isOld = taken.map { now - $0 >= .seconds(settings.refresh) } ?? true
    if let key = keys[name], let taken, now - taken < Self.longest {
      // The known key is used while the set is read again.
      if isOld, mayTry(now) { refreshLater(now) }
      return (key, number)
    }
    guard mayTry(now) || reading != nil else { return nil }
    await refresh()
    guard let key = keys[name], let taken, .now - taken < Self.longest else { return nil }
    return (key, number)
  }

  /// The number of the set of now. A set that is too old has another one each time.
  func current() async -> Int {
    let now = ContinuousClock.now
    guard let taken, now - taken < Self.longest else { return -1 }
    if now - taken >= .seconds(settings.refresh), mayTry(now) { refreshLater(now) }
    return number
  }

  private func mayTry(_ now: ContinuousClock.Instant) -> Bool {
    tried.map { now - $0 >= pause } ?? true
  }

  private func refreshLater(_ now: ContinuousClock.Instant) {
    tried = now
    Task { await refresh() }
  }

  /// Reads the keys once for all who wait.
  private func refresh() async {
    if let reading { return await reading.value }
    tried = .now
    let task = Task { await read() }
    reading = task
    await task.value
    reading = nil
  }

  private func read() async {
    do {
      let (settings, patience) = (settings, patience)
      let bytes = try await threads.runIfActive { try Self.bytes(settings, patience) }
      let found = try await KeySet.read(bytes)
      if number == 0 || Set(found.keys) != Set(keys.keys) {
        log.line("the issuer's key set has \(found.count == 1 ? "1 key" : "\(found.count) keys")")
      }
      keys = found
      number += 1
      taken = .now
    } catch let fault as Diagnostic {
      log.line("the issuer's keys cannot be read: \(fault.message)")
    } catch {
      log.line("the issuer's keys cannot be read")
    }
  }

  /// Blocks until the key set is there.
  private static func bytes(
    _ settings: TokenSettings, _ patience: HTTPTransfer.Patience
  ) throws -> [UInt8] {
    switch settings.keys {
    case .none: throw Diagnostic(.configuration, "there is no issuer")
    case .file(let path):
      guard let bytes = try FileReader.contents(path), bytes.count <= KeySet.mostBytes else {
        throw Diagnostic(.configuration, "\(path) is missing, or too long")
      }
      // Whoever can change it can make tokens of any tenant.
      guard let mode = Disk.mode(path), mode & 0o002 == 0 else {
        throw Diagnostic(.configuration, "every user can change \(path): chmod o-w")
      }
      return bytes
    case .url(let url):
      let transfer = try HTTPTransfer(
        patience: patience, authorities: settings.authorities,
        mostBytes: KeySet.mostBytes, isCancelled: { false })
      do {
        let reply = try transfer.perform(
          HTTPRequest(method: "GET", url: url, headers: [("Accept", "application/json")]),
          signing: nil)
        guard reply.status == 200 else {
          throw Diagnostic(.unavailable, "the issuer answered \(reply.status)")
        }
        return reply.body
      } catch let failure as HTTPTransfer.Failure {
        throw Diagnostic(.unavailable, failure.reason)
      }
    }
  }
}
