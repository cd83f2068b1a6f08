import Basics
import Foundation
import Pipelines

/// An instant in UTC, in whole seconds: read as PostgreSQL prints it (`2026-11-20 14:05:33.5+00`)
/// or as the tables' files hold it (`2026-11-20T14:05:33.5Z`).
struct ReportInstant {
  /// Seconds since 1970.
  let seconds: Int

  init?(_ text: String) { self.init(bytes: Array(text.utf8)[...]) }

  init?(bytes: ArraySlice<UInt8>) {
    let start = bytes.startIndex
    let colon = UInt8(ascii: ":")
    guard bytes.count >= 20, let day = CivilDate(bytes: bytes[..<(start + 10)]),
      bytes[start + 10] == UInt8(ascii: " ") || bytes[start + 10] == UInt8(ascii: "T"),
      bytes[start + 13] == colon, bytes[start + 16] == colon,
      let hour = CivilDate.number(bytes[start + 11..<start + 13]),
      let minute = CivilDate.number(bytes[start + 14..<start + 16]),
      let second = CivilDate.number(bytes[start + 17..<start + 19]),
      bytes.last == UInt8(ascii: "Z") || bytes.suffix(3).elementsEqual("+00".utf8)
    else { return nil }
    seconds = day.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second
  }

  /// The day and the time, `14:05:33`, in a time zone.
  func local(in zone: TimeZone) -> (day: CivilDate, clock: String) {
    let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds)))
    let local = seconds + offset
    let days = Int((Double(local) / 86_400).rounded(.down))
    let rest = local - days * 86_400
    let parts = [rest / 3600, rest / 60 % 60, rest % 60].map { $0 < 10 ? "0\($0)" : String($0) }
    return (CivilDate(daysSince1970: days), parts.joined(separator: ":"))
  }
}
