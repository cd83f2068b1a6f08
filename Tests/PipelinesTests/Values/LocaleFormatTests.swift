import Basics
import Pipelines
import Testing

@Suite struct LocaleFormatTests {
  private func money(_ text: String, _ currency: String, _ locale: String) -> String {
    LocaleFormat(locale).money(DecimalNumber(text) ?? .zero, currency: currency)
      .replacing("\u{A0}", with: " ")
  }

  @Test func `Money is written by the locale's rules, with a real minus sign`() {
    #expect(money("1234.5", "BRL", "pt-BR") == "R$ 1.234,50")
    #expect(money("-1234.56", "BRL", "pt-BR") == "−R$ 1.234,56")
    #expect(money("1234567.89", "USD", "en-US") == "$1,234,567.89")
    #expect(money("1234567.89", "USD", "pt-BR") == "US$ 1.234.567,89")
    #expect(money("1234567.89", "INR", "en-IN") == "₹12,34,567.89")
    #expect(money("1234.5", "EUR", "es-ES") == "1234,50 €")
    #expect(money("12345", "EUR", "es") == "12.345,00 €")
    #expect(money("1234.5", "MXN", "es-MX") == "$1,234.50")
    #expect(money("1234", "JPY", "en") == "¥1,234")
    #expect(money("41.6625", "BRL", "pt-BR") == "R$ 41,66")
    #expect(money("5", "CHF", "en") == "CHF 5.00")
    #expect(money("0", "CNY", "zh-CN") == "¥0.00")
  }

  @Test func `A percentage is whole from ten on and has one decimal below`() throws {
    let format = LocaleFormat("pt-BR")
    #expect(try format.percent(#require(DecimalNumber("0.125"))) == "13%")
    #expect(try format.percent(#require(DecimalNumber("0.0835"))) == "8,4%")
    #expect(try format.percent(#require(DecimalNumber("-0.05"))) == "−5%")
    #expect(try LocaleFormat("es").percent(DecimalNumber(1)) == "100\u{A0}%")
  }

  @Test func `Dates, months and periods are written in the locale's language or by ISO 8601`()
    throws
  {
    let day = try #require(CivilDate("2026-11-05"))
    #expect(LocaleFormat("pt-BR").date(day) == "5 de novembro de 2026")
    #expect(LocaleFormat("en-US").date(day) == "November 5, 2026")
    #expect(LocaleFormat("en-IN").date(day) == "5 November 2026")
    let first = CivilDate(validYear: 2026, month: 1, day: 1)
    #expect(LocaleFormat("pt-BR").date(first) == "1º de janeiro de 2026")
    #expect(LocaleFormat("es").date(first) == "1 de enero de 2026")
    #expect(LocaleFormat("es").shortDate(day) == "05/11/2026")
    #expect(LocaleFormat("sw").date(day) == "2026-11-05")
    #expect(LocaleFormat("pt-BR").period(try #require(Period("2026-Q4"))) == "4º trimestre de 2026")
    #expect(LocaleFormat("es").period(try #require(Period("2026-11"))) == "noviembre de 2026")
    #expect(LocaleFormat("pt-BR").onWeekdays(1) == "às terças-feiras")
    #expect(LocaleFormat("pt-BR").onWeekdays(5) == "aos sábados")
    #expect(LocaleFormat("en").onWeekdays(0) == "on Mondays")
    #expect(LocaleFormat("es").onWeekdays(6) == "los domingos")
  }

  @Test(arguments: [
    ("en-GB", "2026-W48", "week 48 of 2026 (23–29 November)"),
    ("en-US", "2026-W48", "week 48 of 2026 (November 23–29)"),
    ("pt-BR", "2026-W49", "semana 49 de 2026 (30 de novembro a 6 de dezembro)"),
    ("es", "2026-W48", "semana 48 de 2026 (del 23 al 29 de noviembre)"),
    // Some of its days are not in the year that it is called by.
    ("en-GB", "2026-W01", "week 1 of 2026 (29 December 2025 – 4 January 2026)"),
    ("ja", "2026-W48", "2026年第48週 (2026-11-23 – 2026-11-29)"),
    ("sw", "2026-W48", "2026-W48 (2026-11-23 – 2026-11-29)"),
    ("en-GB", "2026-03-01..2026-03-15", "1–15 March 2026"),
    ("en-US", "2026-03-01..2026-05-15", "March 1 – May 15, 2026"),
    ("en-US", "2026-03-01..2026-03-15", "March 1–15, 2026"),
    ("pt-BR", "2026-03-01..2026-03-15", "1º a 15 de março de 2026"),
    ("es", "2025-12-20..2026-01-06", "20 de diciembre de 2025 al 6 de enero de 2026"),
    ("en-GB", "2026-03-01..2026-03-01", "1 March 2026"),
  ])
  func `Weeks and ranges are named by their days, each month and year once`(
    locale: String, period: String, text: String
  ) throws {
    #expect(LocaleFormat(locale).period(try #require(Period(period))) == text)
  }

  @Test(arguments: [
    ("pt-BR", 14, "14h"), ("es", 0, "0\u{A0}h"), ("en-GB", 9, "09:00"), ("en-US", 0, "12\u{A0}am"),
    ("en", 12, "12\u{A0}pm"), ("en-US", 23, "11\u{A0}pm"), ("ja", 7, "07:00"), ("en", 24, nil),
    ("pt-BR", -1, nil),
  ])
  func `An hour of the day is written as people say it`(locale: String, hour: Int, text: String?) {
    #expect(LocaleFormat(locale).hour(hour) == text)
  }

  @Test func `Lengths are hours and minutes`() {
    func text(_ seconds: Int) -> String {
      LocaleFormat("pt-BR").duration(seconds: seconds).replacing("\u{A0}", with: " ")
    }
    #expect(text(0) == "0 min")
    #expect(text(45) == "45 s")
    #expect(text(3600) == "1 h")
    #expect(text(7505) == "2 h 05 min")
    #expect(text(3_600_000) == "1.000 h")
  }
}
