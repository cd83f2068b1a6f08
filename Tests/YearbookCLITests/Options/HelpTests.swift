import Foundation
import TestSupport
import Testing

/// The help of every command, as a terminal of 80 columns shows it.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct HelpTests {
  /// The name and the text of every command, from the program's own description.
  private static func texts() throws -> [(name: String, text: String)] {
    let (_, output) = try Program.run(
      [Places.yearbook, "--experimental-dump-help"], in: Places.project)
    let root = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
    var found: [(name: String, text: String)] = []
    func collect(_ command: [String: Any]?, _ path: String) {
      guard let command, let name = command["commandName"] as? String else { return }
      found.append((path + name, command["discussion"] as? String ?? ""))
      for inner in command["subcommands"] as? [[String: Any]] ?? [] {
        collect(inner, path + name + " ")
      }
    }
    collect(root?["command"] as? [String: Any], "")
    return found
  }

  @Test func `No paragraph of a help is wrapped in the source and again by the terminal`() throws {
    let texts = try Self.texts()
    #expect(texts.count > 20)
    for (name, text) in texts {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      for (line, next) in zip(lines, lines.dropFirst()) {
        let isBroken =
          !line.isEmpty && !line.hasPrefix(" ") && !line.hasSuffix(":") && !next.isEmpty
          && !next.hasPrefix(" ")
        #expect(!isBroken, "\(name): \(line)")
      }
    }
  }

  @Test func `No example of a help is too long for a line of 80 columns`() throws {
    for (name, text) in try Self.texts() {
      for line in text.split(separator: "\n") where line.hasPrefix(" ") {
        #expect(line.count <= 80, "\(name): \(line)")
      }
    }
  }
}
