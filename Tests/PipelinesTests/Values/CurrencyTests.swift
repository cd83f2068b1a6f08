import Foundation
import TestSupport
import Testing

@testable import Pipelines

/// The two lists of currencies, held against ISO's own table.
@Suite struct CurrencyTests {
  /// Code to minor units.
  private static let table: [String: Int] = {
    guard
      let text = try? String(
        contentsOfFile: "\(Places.project)/Tests/Fixtures/iso4217.csv", encoding: .utf8)
    else { return [:] }
    return Dictionary(
      uniqueKeysWithValues: text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap {
        line in
        let parts = line.split(separator: ",")
        return Int(parts[1]).map { (String(parts[0]), $0) }
      })
  }()

  /// Those that billing still meets in older rows.
  private static let withdrawn: Set = ["ANG", "BGN", "CUC", "HRK", "SLL", "ZWL"]

  @Test func `Each currency has as many decimals as ISO 4217 says`() {
    #expect(Self.table.count > 160)
    for (code, units) in Self.table {
      #expect(LocaleFormat.decimals(of: code) == units, "\(code)")
    }
  }

  @Test func `The queries know the currencies of ISO 4217, and no others`() throws {
    let sql = try String(
      contentsOfFile: "\(Places.project)/pipelines/common/known_currencies.sql", encoding: .utf8)
    let known = Set(sql.matches(of: /\b[A-Z]{3}\b/).map { String($0.output) })
    #expect(known.subtracting(["ISO"]) == Set(Self.table.keys).union(Self.withdrawn))
  }

  @Test func `A currency without cents is shown without any`() {
    let english = LocaleFormat("en")
    for code in ["RWF", "BIF", "DJF", "GNF", "KMF", "VUV", "UYI"] {
      #expect(english.money(DecimalNumber(5000), currency: code) == "\(code)\u{A0}5,000")
    }
    #expect(english.money(DecimalNumber("5.25")!, currency: "KWD") == "KWD\u{A0}5.250")
    #expect(english.money(DecimalNumber("5.25")!, currency: "CLF") == "CLF\u{A0}5.2500")
    #expect(english.money(DecimalNumber("5")!, currency: "MRU") == "MRU\u{A0}5.00")
    #expect(english.money(DecimalNumber("5")!, currency: "CLP") == "CLP\u{A0}5")
  }

  @Test func `A twelfth of a yearly price is shown in the currency's decimals`() {
    let english = LocaleFormat("en")
    #expect(english.money(DecimalNumber("9313.3333")!, currency: "JPY") == "¥9,313")
    #expect(english.money(DecimalNumber("8.3333")!, currency: "EUR") == "€8.33")
    #expect(english.money(DecimalNumber("8.335")!, currency: "EUR") == "€8.34")
    #expect(english.money(DecimalNumber("-0.3333")!, currency: "JPY") == "¥0")
    #expect(english.amount(DecimalNumber("34860.00")!, decimals: 0) == "34,860")
    #expect(english.amount(DecimalNumber("-0.004")!, decimals: 2) == "0.00")
  }
}
