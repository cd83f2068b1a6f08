import Basics
import Pipelines
import Testing

@Suite struct LocaleListTests {
  @Test(arguments: [
    ("pt-BR", ["C"], "C"), ("pt-BR", ["C", "Go"], "C e Go"),
    ("en", ["C", "Go", "Rust"], "C, Go and Rust"),
    ("es", ["C", "Go"], "C y Go"), ("es", ["Go", "Io"], "Go e Io"),
    ("es", ["Go", "Icon"], "Go e Icon"),
    ("es", ["Go", "Hielo"], "Go y Hielo"), ("es", ["Go", "Hindi"], "Go e Hindi"),
    ("ja", ["C", "Go"], "C, Go"), ("en", [], ""),
  ])
  func `Names stand in a row as people say them`(locale: String, names: [String], text: String) {
    #expect(LocaleFormat(locale).list(names) == text)
  }

  @Test func `A day without its year`() throws {
    let day = try #require(CivilDate("2026-01-01"))
    #expect(
      ["pt-BR", "es", "en-GB", "en-US", "de"].map { LocaleFormat($0).dayAndMonth(day) } == [
        "1º de janeiro", "1 de enero", "1 January", "January 1", "2026-01-01",
      ])
  }
}
