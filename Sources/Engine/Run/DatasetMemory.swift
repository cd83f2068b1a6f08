import Basics
import Extraction
import Pipelines
import Stages
import Store
import Synchronization

/// Limits the bytes of datasets in memory between the source and the stages.
///
/// Most datasets are small and used within seconds: a file for each would cost more than the work
/// on them. If the stages are slower than the source, datasets that find no room become blobs.
final class DatasetMemory: Sendable {
  private let limit: Int
  private let held = Atomic<Int>(0)

  /// - Parameter limit: bytes of all datasets together.
  init(limit: Int) { self.limit = limit }

  /// The bytes, held until their last user releases them; `nil` if there is no room.
  func hold(_ bytes: [UInt8]) -> HeldBytes? {
    let count = bytes.count
    if held.add(count, ordering: .relaxed).newValue > limit {
      held.subtract(count, ordering: .relaxed)
      return nil
    }
    return HeldBytes(bytes) { [self] in held.subtract(count, ordering: .relaxed) }
  }
}

/// Writes a dataset to memory while it is small and there is room, else to a blob of the workspace.
final class BlobDatasetWriter: DatasetWriter {
  private let blobs: BlobStore
  private let tenant: String
  private let memory: DatasetMemory
  private var buffer: [UInt8] = []
  private var writer: BlobWriter?

  /// A dataset of more bytes becomes a blob.
  private static let limit = 1 << 20

  init(_ blobs: BlobStore, tenant: String, memory: DatasetMemory) {
    self.blobs = blobs
    self.tenant = tenant
    self.memory = memory
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    if let writer { return try writer.write(bytes) }
    buffer.append(contentsOf: bytes)
    if buffer.count > Self.limit { _ = try spilled() }
  }

  func finish() throws -> (content: Dataset.Content, digest: SHA256Digest, bytes: Int) {
    if writer == nil, let held = memory.hold(buffer) {
      let digest = SHA256Digest(of: held.bytes)
      return (.memory(held), digest, held.bytes.count)
    }
    let blob = try spilled().finish()
    return (.file(path: blobs.path(blob.digest, tenant: tenant)), blob.digest, blob.byteCount)
  }

  private func spilled() throws -> BlobWriter {
    if let writer { return writer }
    let writer = blobs.writer(tenant: tenant)
    try writer.write(buffer)
    buffer = []
    self.writer = writer
    return writer
  }
}

/// Writes a dataset to memory and nowhere else: its rows hold addresses.
final class MemoryDatasetWriter: DatasetWriter {
  private var buffer: [UInt8] = []

  func append(_ bytes: UnsafeRawBufferPointer) { buffer.append(contentsOf: bytes) }

  func finish() -> (content: Dataset.Content, digest: SHA256Digest, bytes: Int) {
    (.memory(HeldBytes(buffer)), SHA256Digest(of: buffer), buffer.count)
  }
}
