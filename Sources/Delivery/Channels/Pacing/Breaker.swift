/// Keeps messages from a channel that fails, and tries it with one message now and then.
///
/// Pure arithmetic: what it remembers is a value that can lie in a row, shared by all hosts.
package struct Breaker: Hashable, Sendable {
  /// When a breaker opens, and how long.
  package struct Settings: Hashable, Sendable {
    /// After so many failures in a row it opens.
    package var failures: Int
    /// The bound of the first pause, in seconds. It doubles with each probe that fails.
    package var first: Int
    /// The bound of the longest pause, in seconds.
    package var most: Int
    /// How long a probe can take, in seconds. Whoever made it may have been killed.
    package var probe: Int

    /// The usual times, or these.
    package init(failures: Int = 5, first: Int = 30, most: Int = 900, probe: Int = 120) {
      self.failures = failures
      self.first = first
      self.most = most
      self.probe = probe
    }
  }

  /// Where it stands. Times are nanoseconds since 1970.
  package enum State: Hashable, Sendable {
    /// Messages pass. So many failed in a row.
    case closed(failures: Int)
    /// None passes until then. It is the so-manieth pause in a row.
    case open(until: Int, pauses: Int)
    /// One message is under way. If nothing is heard of it until then, another can be tried.
    case probing(until: Int, pauses: Int)
  }

  /// What to do with a message.
  package enum Decision: Hashable, Sendable {
    case go
    /// Send it; no other passes meanwhile.
    case probe
    /// Nanoseconds since 1970.
    case wait(until: Int)
  }

  package private(set) var state: State

  /// A closed breaker, or one as it was remembered.
  package init(_ state: State = .closed(failures: 0)) { self.state = state }

  /// Asks for one message.
  package mutating func ask(_ settings: Settings, now: Int) -> Decision {
    switch state {
    case .closed: return .go
    case .open(let until, let pauses), .probing(let until, let pauses):
      if now < until { return .wait(until: until) }
      state = .probing(until: now + settings.probe * Self.second, pauses: pauses)
      return .probe
    }
  }

  /// A message was taken, or refused by a server that works.
  ///
  /// - Returns: Whether an incident ends.
  @discardableResult
  package mutating func succeeded() -> Bool {
    defer { state = .closed(failures: 0) }
    if case .closed = state { return false }
    return true
  }

  /// The channel failed.
  ///
  /// - Parameter jitter: From 0 to 1, at random: channels that failed together are not tried
  ///   together.
  /// - Returns: Whether an incident begins.
  @discardableResult
  package mutating func failed(_ settings: Settings, now: Int, jitter: Double) -> Bool {
    switch state {
    case .closed(let failures):
      guard failures + 1 >= settings.failures else {
        state = .closed(failures: failures + 1)
        return false
      }
      open(settings, now: now, jitter: jitter, pauses: 1)
      return true
    case .probing(_, let pauses):
      open(settings, now: now, jitter: jitter, pauses: pauses + 1)
    case .open:
      // It was under way when others opened the breaker: that is known.
      break
    }
    return false
  }

  private mutating func open(_ settings: Settings, now: Int, jitter: Double, pauses: Int) {
    // Doubling needs no more steps than this to reach any bound that is a length of time.
    let doubled = settings.first << min(pauses - 1, 30)
    let bound = Double(max(1, min(doubled, settings.most)) * Self.second)
    let pause = bound / 2 + bound / 2 * min(max(jitter, 0), 1)
    state = .open(until: now + Int(pause), pauses: pauses)
  }

  private static let second = 1_000_000_000
}
