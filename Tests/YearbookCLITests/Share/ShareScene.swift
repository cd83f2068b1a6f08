import Foundation
import Postgres
import TestSupport
import Testing

/// Three tenants with a year that has ended, in a signed store that is on the web.
struct ShareScene {
  static let site = "https://reports.example.com"
  /// Names of people and other texts that no shared page can hold.
  static let names = ["Ana", "Souza", "Wei", "Zoë", "Nemo", "Outis", "example.org", "FizzBuzz"]

  let here: Installation
  private let signing: [String]

  /// Calls `body` with a scene whose reports of 2025 are published.
  static func with(_ body: (ShareScene) throws -> Void) throws {
    try Installation.with { here in
      try here.addReport("annual")
      try here.useProjectRules()
      try here.platform.connect().execute(Installation.text("Tests/Fixtures/golden/rows.sql"))
      try here.write("yearbook.yaml", "site: \(site)\n")
      let scene = try ShareScene(here)
      try scene.run()
      try body(scene)
    }
  }

  init(_ here: Installation) throws {
    self.here = here
    guard let keygen = Places.program("ssh-keygen") else {
      signing = []
      return
    }
    let key = "\(here.folder)/key"
    let made = try Program.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key])
    #expect(made.status == 0)
    signing = ["YEARBOOK_SIGNING_KEY=\(key)"]
    try here.write(
      "signers",
      "yearbook namespaces=\"yearbook\" " + String(contentsOfFile: key + ".pub", encoding: .utf8))
  }

  var store: String { "\(here.folder)/store" }

  @discardableResult
  func expect(
    _ arguments: [String], status: Int32 = 0, _ text: String? = nil, environment: [String] = []
  ) throws -> String {
    let outcome = try here.yearbook(arguments, environment: signing + environment)
    #expect(outcome.status == status, "\(arguments): \(outcome.output)")
    if let text { #expect(outcome.output.contains(text), "\(arguments): \(outcome.output)") }
    return outcome.output
  }

  /// What a command that can be killed returns.
  func killed(_ arguments: [String], _ environment: [String]) throws -> (
    status: Int32, output: String
  ) { try here.yearbook(arguments, environment: signing + environment) }

  func run(_ pipeline: String = "annual", period: String = "2025", more: [String] = []) throws {
    try expect(["run", pipeline, "--period", period, "--as-of", "2026-11-20"] + more)
  }

  /// Shares a report and returns the page's address.
  func share(_ tenant: String = "brasil", _ more: [String] = []) throws -> String {
    let told = try expect(["share", tenant, "annual", "2025"] + more)
    return told.components(separatedBy: "\n").first { $0.hasPrefix("https://") } ?? ""
  }

  /// The folder of a share, by its page's address.
  func folder(_ address: String) -> String {
    store + address.dropFirst(Self.site.count).dropLast("/index.html".count)
  }

  func page(_ address: String) throws -> String {
    try String(contentsOfFile: folder(address) + "/index.html", encoding: .utf8)
  }

  /// The bytes of a share's file.
  func file(_ name: String, _ address: String) throws -> Data {
    let latest = try Data(contentsOf: URL(fileURLWithPath: folder(address) + "/latest.json"))
    let head = try #require(
      JSONSerialization.jsonObject(with: latest) as? [String: Any], "latest.json")
    let release = try #require(head["release"] as? String)
    let path = "\(folder(address))/releases/\(release)/data/\(name)"
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  /// All files below a folder.
  static func files(in folder: String) -> [String] {
    (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
      .map { "\(folder)/\($0)" }
      .filter {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder)
          && !isFolder.boolValue
      }
  }

  /// Files of text in a folder that contain a text.
  func files(with text: String, in folder: String) throws -> String {
    try Program.run(["/bin/grep", "-rlIF", text, folder]).output
  }

  func verify() throws {
    try expect(["verify", "--deep"], "all as published")
    if !signing.isEmpty {
      try expect(
        ["verify", "--deep", "--signers", "\(here.folder)/signers"], "all as published")
    }
  }

  /// What must be left of a share that was taken back.
  func checkIsGone(_ address: String, _ what: Comment = "") throws {
    let text = try page(address)
    #expect(text.contains("noindex") && !text.contains("og:"), what)
    let mark = folder(address) + "/gone.html"
    #expect(try String(contentsOfFile: mark, encoding: .utf8) == text, what)
    for place in [folder(address) + "/releases", store + "/.staging"] {
      #expect(Self.files(in: place) == [], what)
    }
    // Whose it was, and what, is not told.
    for word in ["Ateli", "Retrospectiva", "card-wide"] { #expect(!text.contains(word), what) }
  }
}
