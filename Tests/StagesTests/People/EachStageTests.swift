import Basics
import Diagnostics
import Foundation
import Pipelines
import TestSupport
import Testing

@testable import Media
@testable import Stages

/// Reports of single people: each has what is theirs, and nothing of anybody else.
struct EachStageTests {
  /// Three people of one tenant. Each of their texts has a mark of its own.
  private static let rows = [
    "members": """
    user_id:text,name:text,place:bigint,authors:bigint
    a1,Ana Marca-Ana,2,12
    b2,"Bo ""Marca-Bo"", Jr.",,
    c3,Cy Marca-Cy,,

    """,
    "totals": """
    user_id:text,pocs:bigint,pocs_previous:bigint,favorites:bigint,languages:bigint,dojos:bigint,dojos_previous:bigint,dojos_opened:bigint,active_days:bigint
    a1,2,1,1,1,1,0,1,2
    b2,1,,0,1,0,,0,1
    c3,0,0,0,0,1,0,0,1

    """,
    "days":
      "user_id:text,day:date,activities:bigint\na1,2025-03-01,2\na1,2025-05-02,1\nb2,2025-03-01,1\nc3,2025-05-02,1\n",
    "months":
      "user_id:text,month:date,pocs:bigint,dojos:bigint\na1,2025-03-01,2,0\na1,2025-05-01,0,1\nb2,2025-03-01,1,0\nc3,2025-05-01,0,1\n",
    "languages":
      "user_id:text,language:text,pocs:bigint\na1,Swift-Marca-Ana,2\nb2,Zig-Marca-Bo,1\n",
    "pocs": """
    user_id:text,created:timestamptz,id:text,day:date,name:text,language:text,favorite:boolean
    a1,2025-03-01 10:00:00+00,p1,2025-03-01,"Poc
    of Marca-Ana",Swift-Marca-Ana,t
    a1,2025-03-01 11:00:00+00,p2,2025-03-01,Other Marca-Ana,Swift-Marca-Ana,f
    b2,2025-03-01 12:00:00+00,p3,2025-03-01,Poc Marca-Bo,Zig-Marca-Bo,f

    """,
    "dojos": """
    user_id:text,held_at:timestamptz,id:text,day:date,subject:text,participants:bigint,opened:boolean
    a1,2025-05-02 10:00:00+00,d1,2025-05-02,Kata,2,t
    c3,2025-05-02 10:00:00+00,d1,2025-05-02,Kata,2,f

    """,
  ]

  private func with<T>(
    _ rows: [String: String] = rows, locale: String = "pt-BR", privacy: Privacy = .names,
    _ body: (PartitionWork, ReportTestEnvironment) throws -> T
  ) throws -> T {
    try withTemporaryFolder { folder in
      let environment = ReportTestEnvironment(scratch: folder)
      let library = try PipelineLibrary(folder: Places.project + "/pipelines")
      let pipeline = try #require(library.pipeline("member"))
      var settings = TenantSettings()
      settings.privacy = privacy
      let work = PartitionWork(
        tenant: Tenant(
          id: "00000000-0000-4000-8000-000000000001", slug: "acme", name: "Acme",
          zone: ZoneRules(name: "America/Sao_Paulo", offset: -10_800), locale: locale,
          currency: "BRL"), settings: settings,
        period: Period(.year, containing: CivilDate(validYear: 2025, month: 6, day: 1)),
        pipeline: pipeline, asOf: nil,
        datasets: try pipeline.extract.queries.filter { !$0.isForDelivery }.map {
          try environment.dataset($0.name, try #require(rows[$0.name]))
        })
      return try body(work, environment)
    }
  }

  private func made(
    _ work: PartitionWork, _ environment: ReportTestEnvironment
  ) throws -> (files: [String: [UInt8]], warnings: [Warning]) {
    let output = try EachStage().prepare(work, inputs: [], environment: environment).run()
    let files = try output.files.map { file in
      switch file.content {
      case .bytes(let bytes): (file.name, bytes)
      case .artifact(let content):
        (file.name, Array(try Data(contentsOf: URL(fileURLWithPath: content.path))))
      case .file(let path): (file.name, Array(try Data(contentsOf: URL(fileURLWithPath: path))))
      }
    }
    return (Dictionary(uniqueKeysWithValues: files), output.warnings)
  }

  @Test(arguments: ["pt-BR", "en", "es"])
  func `Each person's files hold their own marks and nobody else's`(_ locale: String) throws {
    let (files, warnings) = try with(locale: locale) { try made($0, $1) }
    #expect(warnings == [])
    let folders = try with { try $1.folders(of: ["a1", "b2", "c3"]) }
    let marks = ["a1": "Marca-Ana", "b2": "Marca-Bo", "c3": "Marca-Cy"]
    for (id, folder) in folders {
      for name in [
        "index.html", "report.json", "card-wide.png", "card-square.png", "card-tall.png",
      ] {
        let bytes = try #require(files["own/\(folder)/\(name)"], "\(name) of \(id)")
        let text =
          name.hasSuffix("png")
          ? StillImage.description(ofPNG: bytes) : String(decoding: bytes, as: UTF8.self)
        for (other, mark) in marks {
          #expect(text.contains(mark) == (other == id), "\(name) of \(id) and the mark of \(other)")
        }
      }
    }
    #expect(files.count == 3 * 5 + 1)
    let front = String(decoding: try #require(files["index.html"]), as: UTF8.self)
    for word in Array(marks.values) + Array(folders.values) {
      #expect(!front.contains(word))
    }
  }

  @Test func `The same rows give the same files, and a change costs one person's alone`() throws {
    let first = try with { try made($0, $1).files }
    #expect(try with { try made($0, $1).files } == first)
    var other = Self.rows
    other["pocs"] = other["pocs"]?.replacing("Poc Marca-Bo", with: "New Marca-Bo")
    let second = try with(other) { try made($0, $1).files }
    let changed = Set(first.keys.filter { first[$0] != second[$0] })
    let bo = try with { try #require(try $1.folders(of: ["b2"])["b2"]) }
    #expect(
      changed == ["own/\(bo)/index.html"]
        || changed == [
          "own/\(bo)/index.html", "own/\(bo)/report.json",
        ])
    // What is kept is found by the person's own rows.
    try with { work, environment in
      _ = try made(work, environment)
      let before = try pieces(environment)
      var changed = work
      changed.datasets = try work.datasets.map { dataset in
        try dataset.name == "pocs"
          ? environment.dataset("pocs", try #require(other["pocs"])) : dataset
      }
      _ = try made(changed, environment)
      #expect(try pieces(environment).subtracting(before).count <= 2)
    }
  }

  private func pieces(_ environment: ReportTestEnvironment) throws -> Set<String> {
    Set(
      try FileManager.default.contentsOfDirectory(atPath: environment.scratch)
        .filter { $0.utf8.count == 64 })
  }

  @Test func `A row of somebody who did not ask stops the report`() throws {
    for (name, row) in [
      ("pocs", "d4,2025-03-01 12:00:00+00,p9,2025-03-01,Stranger,Zig,f\n"),
      ("days", "aa,2025-03-01,1\n"), ("totals", "a1,2,1,1,1,1,0,1,2\n"),
    ] {
      var rows = Self.rows
      rows[name] = try #require(rows[name]) + row
      let fault = #expect(throws: Diagnostic.self) { try with(rows) { try made($0, $1) } }
      #expect(fault?.message.contains("not among the people") == true, "\(name)")
      #expect(fault?.description.contains("Stranger") == false)
    }
  }

  @Test func `A person twice, or without a name, stops the report`() throws {
    for row in ["c3,Again,,\n", "d4,,,\n", "d4,\"\",,\n"] {
      var rows = Self.rows
      rows["members"] = try #require(rows["members"]) + row
      #expect(throws: Diagnostic.self) { try with(rows) { try made($0, $1) } }
    }
  }

  @Test func `Where the tenant shows no names, nobody has a report`() throws {
    for privacy in [Privacy.initials, .none] {
      #expect(throws: Diagnostic.self) { try with(privacy: privacy) { try made($0, $1) } }
      var rows = Self.rows
      for (name, text) in rows { rows[name] = String(text.split(separator: "\n")[0]) + "\n" }
      let files = try with(rows, privacy: privacy) { try made($0, $1).files }
      #expect(Array(files.keys) == ["index.html"])
    }
  }

  @Test func `A fault in one person's rows leaves out that person, and is told`() throws {
    var rows = Self.rows
    // One POC more than there are.
    rows["totals"] = rows["totals"]?.replacing("b2,1,", with: "b2,7,")
    let (files, warnings) = try with(rows) { try made($0, $1) }
    #expect(files.count == 2 * 5 + 1)
    #expect(warnings.map(\.code) == ["left-out"])
    #expect(warnings.first?.subject == "person 2")
    #expect(warnings.first?.message.contains("Marca") == false)
  }

  @Test func `Without rows the key is the same, as long as the folders are`() throws {
    try with { work, environment in
      let key = try EachStage().prepare(work, inputs: [], environment: environment).inputs.parts
      var unread = work
      unread.datasets = work.datasets.map(\.withoutRows)
      var other = try EachStage().prepare(unread, inputs: [], environment: environment).inputs.parts
      // This environment keeps no names.
      #expect(other["folders"] != key["folders"])
      other["folders"] = key["folders"]
      #expect(other == key)
    }
  }
}
