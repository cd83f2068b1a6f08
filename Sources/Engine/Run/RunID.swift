import Foundation

/// Identifiers of runs: `20261120T031502-7f3a0c`. They sort by time and are short enough to say
/// aloud. Two runs that begin in the same second could get the same one, so the record gives each
/// only once.
enum RunID {
  static func make(at date: Date) -> String {
    var seconds = time_t(date.timeIntervalSince1970)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func padded(_ number: Int32, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let suffix = String(UInt32.random(in: 0..<1 << 24), radix: 16)
    return padded(parts.tm_year + 1900, 4) + padded(parts.tm_mon + 1, 2) + padded(parts.tm_mday, 2)
      + "T" + padded(parts.tm_hour, 2) + padded(parts.tm_min, 2) + padded(parts.tm_sec, 2) + "-"
      + String(repeating: "0", count: 6 - suffix.count) + suffix
  }
}
