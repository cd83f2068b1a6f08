import Basics
package import Diagnostics
import Foundation
package import Postgres

/// How far the clocks of the source and of this host are from the record's.
///
/// Of two runs, the one that read its rows later wins. All hosts share one record, so its clock
/// says which one that is. A source's clock can be wrong, and a replica has another one.
package struct Clocks: Sendable, Hashable {
  /// By how many seconds the source's clock is ahead of the record's; negative if it is behind.
  package var source: Double
  /// By how many seconds this host's clock is ahead of the record's; negative if it is behind.
  package var host: Double
  /// The largest error of both, from the time that the questions took.
  package var uncertainty: Double = 0

  /// Smaller differences are told to nobody. A recorded time that is further ahead of the record's
  /// clock does not count.
  package static let toleratedSeconds = 30
  /// Clocks of a network agree to less than this. Below it, the source's own clock orders its
  /// snapshots, exactly.
  private static let accuracy = 1.0

  /// Differences of so many seconds.
  package init(source: Double, host: Double) {
    self.source = source
    self.host = host
  }

  /// Asks both servers.
  package init(source: Connection, record: Connection) throws(Diagnostic) {
    let (record, recordError) = try Self.ahead(of: record)
    let (source, sourceError) = try Self.ahead(of: source)
    self.source = source - record
    host = -record
    uncertainty = recordError + sourceError
  }

  /// By how many seconds a server's clock is ahead of this host's, and the largest error.
  private static func ahead(of server: Connection) throws(Diagnostic) -> (Double, Double) {
    let (asked, asking) = (Date().timeIntervalSince1970, Stopwatch())
    let moment = Double(try server.clock()) / 1_000_000
    let half = asking.seconds / 2
    return (moment - asked - half, half)
  }

  /// What the source's clock must be corrected by to be the record's, in microseconds.
  var correction: Int64 {
    abs(source) > Self.accuracy + uncertainty ? -Int64(source * 1_000_000) : 0
  }

  /// The differences that people must know of.
  package var warnings: [Warning] {
    var warnings: [Warning] = []
    let least = Double(Self.toleratedSeconds) + uncertainty
    if abs(source) > least {
      warnings.append(
        Warning(
          code: "source-clock", subject: "clock",
          message:
            "the source's clock is \(Self.text(source)) the record's; the times at which rows"
            + " were read are corrected by that: correct the source's clock"))
    }
    if abs(host) > least {
      warnings.append(
        Warning(
          code: "host-clock", subject: "clock",
          message:
            "this host's clock is \(Self.text(host)) the record's; it decides which day it is,"
            + " and so which periods are over: correct the clock that is wrong"))
    }
    return warnings
  }

  /// The differences, for people. Throws `configuration` if they are larger than tolerated.
  package func check() throws(Diagnostic) -> String {
    let warnings = warnings
    if warnings.isEmpty {
      return "the source, the record and this host agree within \(Self.toleratedSeconds) s"
    }
    throw Diagnostic(
      .configuration, warnings.map(\.message).joined(separator: "; "),
      hint: "let each host follow a time server, for example with chrony or systemd-timesyncd")
  }

  /// `1 h 0 min ahead of`, `42 s behind`
  private static func text(_ seconds: Double) -> String {
    let whole = Int(min(abs(seconds), 1e12).rounded())
    let length =
      switch whole {
      case ..<120: "\(whole) s"
      case ..<7200: "\(whole / 60) min"
      case ..<172_800: "\(whole / 3600) h \(whole % 3600 / 60) min"
      default: "\(whole / 86_400) days"
      }
    return length + (seconds > 0 ? " ahead of" : " behind")
  }
}
