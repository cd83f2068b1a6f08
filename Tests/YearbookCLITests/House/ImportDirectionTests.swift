import FoundationEssentials
import TestSupport
import Testing

/// `scripts/check-imports` on a copy of the project's text, sound and with one wrong edge at a time.
@Suite struct ImportDirectionTests {
  @Test func `The house as it stands passes`() throws {
    let copy = try House()
    #expect(try copy.check() == (0, ""))
  }

  @Test(arguments: [
    ("Basics/CivilDate.swift", "Engine"), ("Stages/Stage.swift", "Store"),
    ("Stages/Stage.swift", "Postgres"), ("ObjectStorage/Bucket.swift", "Store"),
    ("Media/LibAV.swift", "Pipelines"), ("Store/Blobs/BlobStore.swift", "CCurl"),
  ])
  func `An import upwards or sideways fails, and is named`(file: String, imported: String) throws {
    let copy = try House()
    let path = copy.folder.path + "/Sources/" + file
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try ("private import \(imported)\n" + text).write(
      toFile: path, atomically: true, encoding: .utf8)
    let outcome = try copy.check()
    #expect(outcome.code == 1)
    let module = file.prefix { $0 != "/" }
    #expect(outcome.errors.contains("Sources/\(module) imports \(imported)"))
  }

  @Test func `A module that Package.swift does not list, or lists above itself, fails`() throws {
    let copy = try House()
    try FileManager.default.createDirectory(
      atPath: copy.folder.path + "/Sources/Cellar", withIntermediateDirectories: false)
    #expect(try copy.check().errors.contains("Sources/Cellar is not in Package.swift"))

    let other = try House()
    let path = other.folder.path + "/Package.swift"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing(
      "(\"Basics\", [\"CFiles\", ", with: "(\"Basics\", [\"CFiles\", \"Pipelines\", "
    )
    .write(toFile: path, atomically: true, encoding: .utf8)
    let errors = try other.check().errors
    #expect(errors.contains("Pipelines, which Package.swift does not list before it"))
  }
}

/// A copy of what the script reads.
private struct House {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for name in ["Sources", "Tests", "scripts", "docs", "Package.swift"] {
      try FileManager.default.copyItem(
        atPath: Places.project + "/" + name, toPath: folder.path + "/" + name)
    }
  }

  func check() throws -> (code: Int32, errors: String) {
    let outcome = try Program.run(["sh", folder.path + "/scripts/check-imports"])
    return (outcome.status, outcome.output)
  }
}
