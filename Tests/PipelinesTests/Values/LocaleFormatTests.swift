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
