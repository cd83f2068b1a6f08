import Basics
import Pipelines
import Stages
import Store
import TestSupport
import Testing

@testable import Engine

@Suite struct DatasetMemoryTests {
  @Test
  func `Datasets stay in memory up to the limit and are files beyond it, and all are complete`()
    throws
  {
    let folder = try TemporaryFolder()
    let blobs = try BlobStore(workspace: folder.path)
    let memory = DatasetMemory(limit: 250)
    func dataset(_ byte: UInt8) throws -> Dataset.Content {
      let writer = BlobDatasetWriter(blobs, tenant: "one", memory: memory)
      try [UInt8](repeating: byte, count: 100).withUnsafeBytes { try writer.append($0) }
      let made = try writer.finish()
      #expect(made.digest == SHA256Digest(of: [UInt8](repeating: byte, count: 100)))
      #expect(made.bytes == 100)
      return made.content
    }
    func isFile(_ content: Dataset.Content) -> Bool {
      if case .file = content { true } else { false }
    }
    var held: [Dataset.Content] = []
    for byte in UInt8(1)...4 { held.append(try dataset(byte)) }
    #expect(held.map(isFile) == [false, false, true, true])
    // Released room can be used again.
    held.removeAll()
    #expect(try !isFile(dataset(5)))
  }

  @Test func `A large dataset is a file, however much room there is`() throws {
    let folder = try TemporaryFolder()
    let blobs = try BlobStore(workspace: folder.path)
    let writer = BlobDatasetWriter(blobs, tenant: "one", memory: DatasetMemory(limit: 1 << 30))
    var hasher = SHA256Hasher()
    for piece in 0..<30 {
      let bytes = [UInt8](repeating: UInt8(piece), count: 50_000)
      hasher.update(bytes)
      try bytes.withUnsafeBytes { try writer.append($0) }
    }
    let made = try writer.finish()
    #expect(made.digest == hasher.digest())
    guard case .file(let path) = made.content else {
      Issue.record("1.5 MB were held")
      return
    }
    #expect(try SHA256Digest.ofFile(path).byteCount == 1_500_000)
  }
}
