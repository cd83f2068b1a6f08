import Diagnostics
import Pipelines
import TestSupport
import Testing

@Suite struct MessageCatalogTests {
  private func catalog() throws -> MessageCatalog {
    try MessageCatalog(files: [
      "pt-BR": (
        "pt-BR.yaml", "a:\n  posts: {one: '{count} nota', other: '{count} notas'}\n  hi: Olá {who}"
      ),
      "en": ("en.yaml", "a:\n  posts: {one: '{count} post', other: '{count} posts'}\n  only: Here"),
    ])
  }

  @Test func `The number chooses the form by the language's rule`() throws {
    let catalog = try catalog()
    func text(_ count: Int, _ locale: String) throws -> String {
      try catalog.text("a.posts", locale: locale, ["count": .number(DecimalNumber(count))])
    }
    #expect(try [0, 1, 2].map { try text($0, "pt-BR") } == ["0 nota", "1 nota", "2 notas"])
    #expect(try [0, 1, 1234].map { try text($0, "en") } == ["0 posts", "1 post", "1,234 posts"])
  }

  @Test func `A locale falls back by language, then to English`() throws {
    let catalog = try catalog()
    #expect(try catalog.text("a.hi", locale: "pt-PT", ["who": .text("<b>")]) == "Olá <b>")
    #expect(try catalog.text("a.only", locale: "pt-BR") == "Here")
    #expect(catalog.effectiveLocale(for: "pt-PT") == "pt-PT")
    #expect(catalog.effectiveLocale(for: "zh-CN") == "en")
  }

  @Test func `A missing message, parameter or translation is reported`() throws {
    let catalog = try catalog()
    #expect(
      throws: Diagnostic(
        .configuration, "no message 'a.nothing' in the locale 'pt-BR' or in English",
        hint: "add it to the message catalogues")
    ) { try catalog.text("a.nothing", locale: "pt-BR") }
    #expect(
      throws: Diagnostic(
        .configuration, "the message 'a.hi' needs '{who}', which is not given",
        hint: "did you mean whom?")
    ) { try catalog.text("a.hi", locale: "pt-BR", ["whom": .text("x")]) }
    #expect(catalog.missing().map { "\($0.locale) \($0.key)" } == ["en a.hi", "pt-BR a.only"])
  }

  @Test(arguments: [
    ("Áudio ", "Áudio"), ("\u{A0}\n Olá, mundo\t", "Olá, mundo"), (" \u{3000} ", ""),
    ("شكرا ", "\u{2068}شكرا\u{2069}"),
  ])
  func `Blanks around a typed name do not stand before the sentence's comma`(
    typed: String, said: String
  ) {
    #expect(MessageCatalog.Argument.typed(typed) == .text(said))
  }

  @Test func `A plural without the form 'other' is reported with its place`() {
    #expect {
      try MessageCatalog(files: ["en": ("en.yaml", "a:\n  posts:\n    one: x\n")])
    } throws: { error in
      (error as? Diagnostics)?.description
        == "en.yaml:3:5: the plural form 'other' is missing"
    }
  }

  @Test func `The project's catalogues are complete and agree in their parameters`() throws {
    let catalog = try MessageCatalog(folder: Places.project + "/templates/messages")
    #expect(catalog.missing().map { "\($0.locale) \($0.key)" } == [])
    for key in catalog.keys(beginningWith: "") {
      let sets = catalog.locales.compactMap { locale in
        catalog.message(key, locale: locale).map { MessageCatalog.parameters(of: $0) }
      }
      #expect(Set(sets).count == 1, "\(key)")
    }
  }
}
