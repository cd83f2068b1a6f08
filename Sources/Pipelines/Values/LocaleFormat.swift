/// How numbers, money, dates and durations are written in one locale. The locale of the process has
/// no influence.
///
/// Separators and orders follow CLDR 46 for Portuguese, English, Spanish and a few other languages.
/// Unknown languages get English separators and ISO dates.
package struct LocaleFormat: Sendable, Hashable {
  /// A BCP 47 tag: `pt-BR`.
  package let locale: String
  /// `pt`
  package let language: String
  /// `BR`, or `""`.
  package let region: String

  /// - Parameter locale: a BCP 47 tag such as `pt-BR`; `_` is read like `-`.
  package init(_ locale: String) {
    let parts = locale.split(whereSeparator: { $0 == "-" || $0 == "_" })
    self.locale = parts.joined(separator: "-")
    language = parts.first?.lowercased() ?? "en"
    // A script can be between them: zh-Hans-CN.
    region = parts.dropFirst().first { $0.utf8.count == 2 }?.uppercased() ?? ""
  }

  static let noBreakSpace = "\u{A0}"
  /// A minus sign, not a hyphen.
  static let minus = "\u{2212}"

  /// `1.234`
  package func integer(_ value: Int) -> String { decimal(DecimalNumber(value)) }

  /// `1.234,50`: grouped, with the decimals of the number.
  package func decimal(_ value: DecimalNumber) -> String {
    (value.isNegative ? LocaleFormat.minus : "") + unsigned(value)
  }

  /// `+12` or `−12`; zero has no sign.
  package func signed(_ text: String, of value: DecimalNumber) -> String {
    value.isZero || value.isNegative ? text : "+" + text
  }

  /// `R$ 1.234,50`: rounded half up to the currency's decimals. Files for machines keep the exact
  /// value.
  package func money(_ value: DecimalNumber, currency: String) -> String {
    let digits = LocaleFormat.decimals(of: currency)
    let value = LocaleFormat.rounded(value, toDecimals: digits)
    let number = unsigned(value, decimals: digits)
    let symbol = symbol(of: currency)
    let isWord = symbol.last.map { $0.isLetter } ?? false
    let text: String
    if isSymbolLast {
      text = number + LocaleFormat.noBreakSpace + symbol
    } else if isSymbolSpaced || isWord {
      text = symbol + LocaleFormat.noBreakSpace + number
    } else {
      text = symbol + number
    }
    return (value.isNegative ? LocaleFormat.minus : "") + text
  }

  /// `1.234,50`: as `money`, without the currency.
  package func amount(_ value: DecimalNumber, decimals: Int) -> String {
    let value = LocaleFormat.rounded(value, toDecimals: decimals)
    return (value.isNegative ? LocaleFormat.minus : "") + unsigned(value, decimals: decimals)
  }

  private static func rounded(_ value: DecimalNumber, toDecimals decimals: Int) -> DecimalNumber {
    guard value.scale > decimals else { return value }
    do throws(DecimalNumber.Overflow) {
      return try value.rounded(toScale: decimals, .halfUp)
    } catch {
      // More decimals than a number can have.
      return value
    }
  }

  /// How many decimals a currency has: the minor units of ISO 4217. A test compares them with its
  /// table.
  package static func decimals(of currency: String) -> Int {
    switch currency {
    case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
      "VUV", "XAF", "XOF", "XPF":
      0
    case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND": 3
    case "CLF", "UYW": 4
    default: 2
    }
  }

  package var decimalSeparator: String { separators.decimal }
  package var groupSeparator: String { separators.group }

  /// The currency's symbol if it is unambiguous in this locale, else its code.
  package func symbol(of currency: String) -> String {
    switch currency {
    case "BRL": return "R$"
    case "EUR": return "€"
    case "GBP": return "£"
    case "INR": return "₹"
    case "USD":
      if language == "en" && !["AU", "CA", "NZ", "SG", "HK"].contains(region) { return "$" }
      return ["US", "PR", "EC", "SV"].contains(region) ? "$" : "US$"
    case "JPY": return language == "zh" ? "JP¥" : "¥"
    case "CNY": return language == "zh" ? "¥" : "CN¥"
    case "MXN": return region == "MX" ? "$" : "MX$"
    case "ARS": return region == "AR" ? "$" : "ARS"
    case "CLP": return region == "CL" ? "$" : "CLP"
    case "COP": return region == "CO" ? "$" : "COP"
    default: return currency
    }
  }

  // MARK: - Digits

  /// Without a sign, with at least `decimals` decimals.
  private func unsigned(_ value: DecimalNumber, decimals least: Int = 0) -> String {
    // Most numbers of a page are counts without groups.
    if value.scale == 0, least == 0, (-999...999).contains(value.mantissa) {
      return String(Int(value.mantissa.magnitude))
    }
    let plain = value.magnitude.description.split(separator: ".")
    let fraction = plain.count > 1 ? String(plain[1]) : ""
    let padding = String(repeating: "0", count: max(0, least - fraction.utf8.count))
    let text = grouped(Array((plain.first ?? "0").utf8))
    return fraction.isEmpty && padding.isEmpty
      ? text : text + separators.decimal + fraction + padding
  }

  private func grouped(_ digits: [UInt8]) -> String {
    let least = groupsFromFiveDigits ? 5 : 4
    guard digits.count >= least else { return String(decoding: digits, as: UTF8.self) }
    var text: [UInt8] = []
    for (index, digit) in digits.enumerated() {
      let left = digits.count - index
      let isGroupStart = isIndian ? left == 3 || (left > 3 && left % 2 == 1) : left % 3 == 0
      if index > 0, isGroupStart { text += Array(separators.group.utf8) }
      text.append(digit)
    }
    return String(decoding: text, as: UTF8.self)
  }

  private var separators: (decimal: String, group: String) {
    switch language {
    case "pt", "de", "it", "nl", "id", "tr", "da", "el", "ro", "hr", "sr", "vi": return (",", ".")
    case "es": return usesDecimalPoint ? (".", ",") : (",", ".")
    case "fr": return (",", "\u{202F}")
    case "ru", "uk", "pl", "cs", "sk", "sv", "fi", "nb", "no", "hu", "bg": return (",", "\u{A0}")
    default: return (".", ",")
    }
  }

  private var usesDecimalPoint: Bool {
    ["MX", "US", "GT", "HN", "NI", "SV", "PA", "DO", "PR", "PE"].contains(region)
  }

  /// Spanish of Spain and Portuguese of Portugal group numbers from five digits on: 1234, 12.345.
  private var groupsFromFiveDigits: Bool {
    (language == "es" && ["", "ES"].contains(region)) || (language == "pt" && region == "PT")
      || language == "pl"
  }

  private var isIndian: Bool { region == "IN" || language == "hi" }

  var isPercentSpaced: Bool {
    ["es", "de", "fr", "ru", "uk", "pl", "cs", "sk", "sv", "fi", "nb", "no", "ro", "da"].contains(
      language)
  }

  var isSymbolLast: Bool {
    switch language {
    case "es": ["", "ES"].contains(region)
    case "pt": region == "PT"
    case "de", "fr", "it", "ru", "uk", "pl", "cs", "sk", "sv", "fi", "ro", "da", "hu", "bg", "vi":
      true
    default: false
    }
  }

  private var isSymbolSpaced: Bool {
    language == "pt" || language == "nl" || language == "nb" || language == "no"
      || (language == "es" && !usesDecimalPoint)
  }
}
