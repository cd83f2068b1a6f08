import Testing

@testable import Diagnostics

@Suite struct CommandTextTests {
  @Test(arguments: [
    ("acme", "acme"), ("2026-Q4", "2026-Q4"), ("@operator", "@operator"), ("a b", "'a b'"),
    ("it's", #"'it'\''s'"#), ("$(ls)", "'$(ls)'"), ("", "''"), ("a;b", "'a;b'"),
    ("日本", "日本"), ("a'\u{301}; ls", "'a'\\''\u{301}; ls'"),
    ("a\u{1B}[2J9'\\\n", #"$'a\033[2J9\'\\\012'"#), ("\u{202E}9", #"$'\342\200\2569'"#),
    ("\u{9B}1m", #"$'\302\2331m'"#),
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
