import Testing

@testable import Diagnostics

@Suite struct CommandTextTests {
  @Test(arguments: [
    ("acme", "acme"), ("2026-Q4", "2026-Q4"), ("@operator", "@operator"), ("a b", "'a b'"),
    ("it's", #"'it'\''s'"#), ("$(ls)", "'$(ls)'"), ("", "''"), ("a;b", "'a;b'"),
    ("日本", "日本"),
  ])
  func `A word that a shell would change is quoted`(word: String, text: String) {
    #expect(CommandText.quoted(word) == text)
    #expect(CommandText.isPlain(word) == (word == text))
  }

  @Test func `A command has its flags before its words`() {
    #expect(
      CommandText.yearbook(["retry", "R1"], flags: ["--config", "my file"])
        == "yearbook --config 'my file' retry R1")
    #expect(CommandText.yearbook(["runs"]) == "yearbook runs")
  }
}
