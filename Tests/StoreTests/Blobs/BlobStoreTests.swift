import Basics
import Diagnostics
import FoundationEssentials
import Store
import TestSupport
import Testing

@Suite struct BlobStoreTests {
  static let tenant = "0a1b2c3d-0000-4000-8000-000000000001"

  @Test func `A digest is what sha256sum says`() {
    #expect(
      SHA256Digest(of: Array("abc".utf8)).hex
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(SHA256Digest(hex: String(repeating: "A", count: 64)) == nil)
    #expect(SHA256Digest(hex: "ab") == nil)
  }

  @Test(arguments: [0, 1, 262_143, 262_144, 262_145, 1_000_000])
  func `A blob written in pieces is the blob put at once`(size: Int) throws {
    try withTemporaryFolder { folder in
      let store = try BlobStore(workspace: folder)
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let writer = store.writer(tenant: Self.tenant)
      for start in stride(from: 0, to: size, by: 10_007) {
        try writer.write(Array(bytes[start..<min(size, start + 10_007)]))
      }
      let blob = try writer.finish()
      #expect(blob == Blob(digest: SHA256Digest(of: bytes), byteCount: size))
      #expect(try store.read(blob.digest, tenant: Self.tenant) == bytes)
      #expect(try store.put(bytes, tenant: Self.tenant) == blob)
      #expect(store.size(blob.digest, tenant: Self.tenant) == size)
      #expect(!store.exists(blob.digest, tenant: "other"))
      try store.sync()
    }
  }

  @Test func `An abandoned writer leaves nothing`() throws {
    try withTemporaryFolder { folder in
      let store = try BlobStore(workspace: folder)
      do {
        let writer = store.writer(tenant: Self.tenant)
        try writer.write([UInt8](repeating: 1, count: 400_000))
      }
      let left = try FileManager.default.subpathsOfDirectory(atPath: folder)
      #expect(left.filter { !$0.hasSuffix("lock") }.count == 2)
    }
  }

  @Test func `A finished file is adopted`() throws {
    try withTemporaryFolder { folder in
      let store = try BlobStore(workspace: folder)
      for _ in 0..<2 {
        let path = store.scratchPath(suffix: ".mp4")
        #expect(FileManager.default.createFile(atPath: path, contents: Data("film".utf8)))
        let blob = try store.adopt(path, tenant: Self.tenant)
        #expect(try store.read(blob.digest, tenant: Self.tenant) == Array("film".utf8))
        #expect(!FileManager.default.fileExists(atPath: path))
      }
    }
  }

  @Test func `A blob cut short by a power cut is written again`() throws {
    try withTemporaryFolder { folder in
      let store = try BlobStore(workspace: folder)
      let blob = try store.put(Array("content".utf8), tenant: Self.tenant)
      let path = store.path(blob.digest, tenant: Self.tenant)
      #expect(FileManager.default.createFile(atPath: path, contents: Data()))
      #expect(
        throws: Diagnostic(
          .io, "the content of \(path) does not match the digest in its name",
          hint: "check the disk, remove the file and run again")
      ) { try store.read(blob.digest, tenant: Self.tenant) }
      _ = try store.put(Array("content".utf8), tenant: Self.tenant)
      #expect(try store.read(blob.digest, tenant: Self.tenant) == Array("content".utf8))
      try store.remove(blob.digest, tenant: Self.tenant)
      #expect(!store.exists(blob.digest, tenant: Self.tenant))
    }
  }

  @Test func `What a dead process left half-written is removed, a living one's stays`() throws {
    try withTemporaryFolder { folder in
      let living = try BlobStore(workspace: folder)
      let path = living.scratchPath()
      #expect(FileManager.default.createFile(atPath: path, contents: Data("x".utf8)))
      let dead = folder + "/scratch/999999-dead"
      try FileManager.default.createDirectory(atPath: dead, withIntermediateDirectories: true)
      #expect(FileManager.default.createFile(atPath: dead + "/lock", contents: nil))
      #expect(FileManager.default.createFile(atPath: dead + "/1.mp4", contents: Data("y".utf8)))
      let second = try BlobStore(workspace: folder)
      #expect(!FileManager.default.fileExists(atPath: dead))
      #expect(FileManager.default.fileExists(atPath: path))
      withExtendedLifetime((living, second)) {}
    }
  }
}
