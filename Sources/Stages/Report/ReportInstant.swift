import Basics
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
  func local(in zone: ZoneRules) -> (day: CivilDate, clock: String) {
    let (day, second) = zone.civil(seconds)
    let parts = [second / 3600, second / 60 % 60, second % 60].map { CivilDate.padded($0, 2) }
    return (day, parts.joined(separator: ":"))
  }
}
