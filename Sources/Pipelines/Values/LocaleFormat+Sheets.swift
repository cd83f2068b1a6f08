/// Number formats of spreadsheets, in Excel's notation.
///
/// There, a comma and a point stand for the separators of whoever opens the file; the order of a
/// day's parts and the place of a currency are the locale's.
extension LocaleFormat {
  /// `#,##0.00`
  package static func sheetNumber(decimals: Int) -> String {
    decimals == 0 ? "#,##0" : "#,##0." + String(repeating: "0", count: decimals)
  }

  /// `[$R$]\ #,##0.00`: an amount with its currency, in the place that it has in this locale.
  ///
  /// - Parameter currency: only a code of three capital letters is shown.
  package func sheetMoney(currency: String, decimals: Int) -> (code: String, width: Int) {
    let number = LocaleFormat.sheetNumber(decimals: decimals)
    let isCode = currency.utf8.count == 3 && currency.utf8.allSatisfy { (65...90).contains($0) }
    guard isCode else { return (number, decimals + 1) }
    let symbol = symbol(of: currency)
    let mark = "[$\(symbol)]"
    let code = isSymbolLast ? "\(number)\\ \(mark)" : "\(mark)\\ \(number)"
    return (code, decimals + 1 + symbol.count + 1)
  }

  /// `dd/mm/yyyy`: a day as `shortDate` writes it, and its width in digits.
  package var sheetDay: (code: String, width: Int) {
    switch language {
    case "pt", "es": ("dd/mm/yyyy", 10)
    // The names of months stay English whoever opens the file.
    case "en" where isMonthFirst: ("[$-409]mmm\\ d,\\ yyyy", 12)
    case "en": ("[$-409]d\\ mmm\\ yyyy", 11)
    default: ("yyyy\\-mm\\-dd", 10)
    }
  }

  /// `mm/yyyy`: a month by one of its days.
  package var sheetMonth: (code: String, width: Int) {
    switch language {
    case "pt", "es": ("mm/yyyy", 7)
    case "en": ("[$-409]mmm\\ yyyy", 8)
    default: ("yyyy\\-mm", 7)
    }
  }

  /// `dd/mm/yyyy hh:mm:ss`
  package var sheetMoment: (code: String, width: Int) {
    (sheetDay.code + "\\ hh:mm:ss", sheetDay.width + 9)
  }

  /// Whether it is written from right to left.
  package var isRightToLeft: Bool {
    ["ar", "fa", "he", "ps", "ur", "yi"].contains(language)
  }
}
