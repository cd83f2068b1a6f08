import Glibc
import Store
import TestSupport
import Testing

/// What third-party programs say about a release.
@Suite struct JudgeTests {
  private static let bagit = Places.program("bagit.py")
  private static let frictionless = Places.program("frictionless")
  private static let sha256sum = Places.program("sha256sum")

  private func release(_ folder: String) throws -> String {
    let store = try ReleaseStore(root: folder + "/store")
    let head = try store.publish(Samples.release()).head
    return store.path(Samples.partition.path + "/releases/" + head.release)
  }

  @Test(.enabled(if: bagit != nil, "bagit.py is not installed"))
  func `bagit.py finds a valid bag`() throws {
    let bagit = try #require(Self.bagit)
    try withTemporaryFolder { folder in
      let release = try release(folder)
      #expect(try Program.run([bagit, "--validate", release]).status == 0)
      unlink(release + "/data/index.html")
      #expect(try Program.run([bagit, "--validate", release]).status == 1)
    }
  }

  @Test(.enabled(if: frictionless != nil, "frictionless is not installed"))
  func `frictionless finds a valid data package`() throws {
    let frictionless = try #require(Self.frictionless)
    try withTemporaryFolder { folder in
      let release = try release(folder)
      let outcome = try Program.run([frictionless, "validate", release + "/datapackage.json"])
      #expect(outcome.status == 0, "\(outcome.output)")
    }
  }

  @Test(.enabled(if: sha256sum != nil, "sha256sum is not installed"))
  func `sha256sum agrees with both manifests`() throws {
    let sha256sum = try #require(Self.sha256sum)
    try withTemporaryFolder { folder in
      let release = try release(folder)
      for manifest in ["manifest-sha256.txt", "tagmanifest-sha256.txt"] {
        let outcome = try Program.run([sha256sum, "--strict", "-c", manifest], in: release)
        #expect(outcome.status == 0, "\(outcome.output)")
      }
    }
  }
}
