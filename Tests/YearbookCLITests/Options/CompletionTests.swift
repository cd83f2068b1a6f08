import Foundation
import TestSupport
import Testing

/// Presses of TAB: the program is called as the shells' scripts call it.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct CompletionTests {
  @Test func `Pipelines and schedules are completed from the folder of pipelines`() throws {
    try withPlace { place in
      for command in ["run", "explain"] {
        try place.expect([command, ""], "positional@0", offers: ["nightly", "bills", "rows"])
      }
      try place.expect(["status", "--pipeline", ""], offers: ["bills", "rows"])
      try place.expect(["status", "--schedule", ""], offers: ["nightly"])
      try place.expect(["runs", "--name", ""], offers: ["nightly", "bills", "rows"])
    }
  }

  @Test func `Tenants are completed from the store and the configuration`() throws {
    try withPlace { place in
      for command in [["run", "rows"], ["mirror"], ["purge"], ["verify"]] {
        let found = try place.complete(command + ["--tenant", ""])
        #expect(found == ["acme", "configured", "other"], "\(command)")
      }
      try place.expect(
        ["prune", "--tenant", ""], offers: ["acme", "configured", "other", "@operator"])
      try place.expect(
        ["tenant", "rename", ""], "positional@0", commands: 2,
        offers: ["acme", "configured", "other"])
    }
  }

  @Test func `Periods of the named pipeline are completed`() throws {
    try withPlace { place in
      let year = Calendar(identifier: .gregorian).component(.year, from: Date())
      let years = [String(year), String(year - 1)]
      try place.expect(["run", "rows", "--period", ""], offers: years)
      let months = try place.complete(["run", "bills", "--period", ""])
      #expect(months.contains("\(year)-01"))
      #expect(months.suffix(2) == ["\(year - 1)-02", "\(year - 1)-01"])
      #expect(months.allSatisfy { $0.count == 7 })
      let both = try place.complete(["run", "nightly", "--period", ""])
      #expect(Set(both) == Set(years + months))
    }
  }

  @Test func `A partition is completed tenant first`() throws {
    try withPlace { place in
      for command in ["show", "releases", "diff", "restore", "rollback"] {
        let tenants = try place.complete([command, ""], "positional@0")
        #expect(tenants == ["acme/", "other/"], "\(command)")
      }
      let partitions = ["acme/bills/2026-01", "acme/rows/2025", "acme/rows/2026"]
      try place.expect(["show", "a"], "positional@0", offers: partitions)
      try place.expect(["show", "acme/rows/"], "positional@0", offers: partitions)
      try place.expect(["show", "nobody/"], "positional@0", offers: [])
    }
  }

  @Test func `The configuration is the one that the command line names`() throws {
    try withPlace { place in
      let file = "\(place.folder)/yearbook.yaml"
      let elsewhere = "\(place.folder)/elsewhere"
      try FileManager.default.createDirectory(
        atPath: elsewhere, withIntermediateDirectories: true)
      try place.expect(["run", "rows", "--tenant", ""], in: elsewhere, offers: [])
      for words in [["--config", file], ["--config=\(file)"], ["--config", "=", "'\(file)'"]] {
        let found = try place.complete(["run"] + words + ["rows", "--tenant", ""], in: elsewhere)
        #expect(found == ["acme", "configured", "other"], "\(words)")
      }
      try place.expect(
        ["run", "--store", "\(place.folder)/store", "rows", "--tenant", ""], in: elsewhere,
        offers: ["acme", "other"])
    }
  }

  @Test func `A fault is silent, and no store is made`() throws {
    try withPlace { place in
      try place.write("yearbook.yaml", "store: nowhere\npipelines: [")
      try place.expect(["run", "rows", "--tenant", ""], offers: [])
      try place.expect(["run", ""], "positional@0", offers: [])
      try place.write("yearbook.yaml", "store: nowhere\n")
      try place.expect(["show", ""], "positional@0", offers: [])
      #expect(!FileManager.default.fileExists(atPath: "\(place.folder)/nowhere"))
    }
  }

  @Test func `A name that a shell would run is not offered`() throws {
    try withPlace { place in
      try place.write(
        "yearbook.yaml", "tenants: {'$(touch made)': {privacy: names}, acme: {privacy: names}}\n")
      try place.expect(["run", "rows", "--tenant", ""], offers: ["acme"])
    }
  }

  @Test func `What takes longer than a second is given up`() throws {
    try withPlace { place in
      // Reading so large a file takes several seconds.
      var text = "tenants:\n"
      for number in 0..<1_000_000 { text += "  t\(number): {privacy: names}\n" }
      try place.write("yearbook.yaml", text)
      let began = Date()
      // Not compared with an empty list: to show the difference of a million names takes hours.
      #expect(try place.complete(["run", "rows", "--tenant", ""]).isEmpty)
      #expect(Date().timeIntervalSince(began) < 5)
    }
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `The script of each shell asks the program`(shell: String) throws {
    let script = try Program.run([Places.yearbook, "--generate-completion-script", shell])
    #expect(script.status == 0)
    #expect(script.output.contains("---completion run -- positional@0"))
    #expect(script.output.contains("---completion run -- --tenant"))
    #expect(script.output.contains("---completion run -- --period"))
  }

  @Test func `bash completes with the script`() throws {
    try withPlace { place in
      let ask = """
        source <(yearbook --generate-completion-script bash)
        COMP_LINE='yearbook run r'; COMP_POINT=${#COMP_LINE}
        COMP_WORDS=(yearbook run r); COMP_CWORD=2; COMP_TYPE=9
        _yearbook yearbook r run
        printf '%s\\n' "${COMPREPLY[@]}"
        """
      let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
      let found = try Program.run(
        ["/bin/bash", "-c", ask], in: place.folder,
        environment: ["PATH=\(Places.products):\(path)"] + Place.noSettings)
      #expect(found.output == "rows\n")
    }
  }

  /// A folder with a configuration, pipelines and a store of empty folders.
  private struct Place {
    let folder: String

    /// The variables of the tests' own environment do not count.
    static let noSettings = ["SOURCE", "RECORD", "STORE", "WORKSPACE", "MEDIA"].map {
      "YEARBOOK_\($0)="
    }

    func write(_ path: String, _ text: String) throws {
      let file = URL(fileURLWithPath: "\(folder)/\(path)")
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: file, atomically: true, encoding: .utf8)
    }

    /// What the program offers for the last of the words.
    ///
    /// - Parameters:
    ///   - argument: The name that the script gives the argument; the word before by default.
    ///   - commands: How many of the words are names of commands.
    func complete(
      _ words: [String], _ argument: String? = nil, commands: Int = 1, in other: String? = nil
    ) throws -> [String] {
      let line = ["yearbook"] + words
      let last = line.count - 1
      let outcome = try Program.run(
        [Places.yearbook, "---completion"] + words.prefix(commands)
          + ["--", argument ?? line[last - 1], String(last), String(line[last].count)] + line,
        in: other ?? folder, environment: Self.noSettings)
      #expect(outcome.status == 0, "\(outcome.output)")
      return outcome.output.split(separator: "\n").map(String.init)
    }

    /// Expects that the program offers exactly these words.
    func expect(
      _ words: [String], _ argument: String? = nil, commands: Int = 1, in other: String? = nil,
      offers expected: [String], at location: SourceLocation = #_sourceLocation
    ) throws {
      let found = try complete(words, argument, commands: commands, in: other)
      #expect(found == expected, sourceLocation: location)
    }
  }

  private func withPlace(_ body: (Place) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let place = Place(folder: folder)
      try place.write(
        "yearbook.yaml", "store: store\ntenants: {configured: {privacy: initials}}\n")
      for (name, kind) in [("rows", "year"), ("bills", "month")] {
        try place.write("pipelines/\(name)/rows.sql", "SELECT")
        try place.write(
          "pipelines/\(name)/pipeline.yaml",
          """
          name: \(name)
          period: \(kind)
          extract: {queries: {rows: {order: []}}}
          aggregate: {figures: {rows: {from: rows, count: rows}}}
          """)
      }
      try place.write(
        "pipelines/nightly.yaml",
        "name: nightly\npipelines: [{run: rows, periods: this-year}]\n")
      for partition in [
        "acme/rows/2026", "acme/rows/2025", "acme/bills/2026-01", "other/rows/2026",
      ] {
        try FileManager.default.createDirectory(
          atPath: "\(folder)/store/tenants/\(partition)", withIntermediateDirectories: true)
      }
      try body(place)
    }
  }
}
