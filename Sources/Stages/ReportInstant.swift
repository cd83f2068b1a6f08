import Foundation
import Pipelines

/// An instant in UTC as PostgreSQL prints it, `2026-11-20 14:05:33.5+00`, or as the tables' files hold it,
/// `2026-11-20T14:05:33.5Z`; to the second.
struct ReportInstant {
  /// Since 1970.
  let seconds: Int

  init?(_ text: some StringProtocol) {
    let parts = text.split(maxSplits: 1, whereSeparator: { $0 == " " || $0 == "T" })
    guard parts.count == 2, parts[1].hasSuffix("+00") || parts[1].hasSuffix("Z"),
      let day = CivilDate(parts[0])
    else { return nil }
    let clock = parts[1].prefix(8).split(separator: ":").map { Int($0) }
    guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2] else {
      return nil
    }
    seconds = day.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second
  }

  /// The day and the clock, `14:05:33`, in a zone.
  func local(in zone: TimeZone) -> (day: CivilDate, clock: String) {
    let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds)))
    let local = seconds + offset
    let days = Int((Double(local) / 86_400).rounded(.down))
    let rest = local - days * 86_400
    let parts = [rest / 3600, rest / 60 % 60, rest % 60].map { $0 < 10 ? "0\($0)" : String($0) }
    return (CivilDate(daysSince1970: days), parts.joined(separator: ":"))
  }
}
