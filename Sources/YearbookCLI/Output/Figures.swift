import Diagnostics

/// Numbers as the command line shows them: in English, whatever the process's locale.
enum Figures {
  /// `1,234,567`
  static func count(_ number: Int) -> String {
    let digits = String(number.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return number < 0 ? "-" + text : text
  }

  /// `1 tenant`, `2 tenants`
  static func count(_ number: Int, _ noun: String) -> String {
    "\(count(number)) \(Counted.noun(noun, number))"
  }

  /// `0.2 s`, `45 s`, `3 min 20 s`, `1 h 5 min`; `<0.1 s` where rounding would make it nothing.
  static func duration(_ seconds: Double) -> String {
    if seconds > 0, seconds < 0.05 { return "<0.1 s" }
    if seconds < 10 { return "\(Counted.tenths(seconds)) s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}
