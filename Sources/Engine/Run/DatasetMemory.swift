import Basics
import Extraction
import Pipelines
import Stages
import Store
import Synchronization

/// How many bytes of datasets are held in memory between the source and the stages.
///
/// Most datasets are small and gone within seconds: a file for each would cost more than all the work on them. Those
/// that find no room, as the stages are behind the source, become blobs of the workspace.
final class DatasetMemory: Sendable {
  private let limit: Int
  private let held = Atomic<Int>(0)

  /// - Parameter limit: bytes, of all datasets together.
  init(limit: Int) { self.limit = limit }

  /// The bytes, held until their last user lets go; `nil` where there is no room for them.
  func hold(_ bytes: [UInt8]) -> HeldBytes? {
    let count = bytes.count
    if held.add(count, ordering: .relaxed).newValue > limit {
      held.subtract(count, ordering: .relaxed)
      return nil
    }
    return HeldBytes(bytes) { [self] in held.subtract(count, ordering: .relaxed) }
  }
}

/// A dataset that stays in memory while it is small and there is room, else becomes a blob of the workspace.
final class BlobDatasetWriter: DatasetWriter {
  private let blobs: BlobStore
  private let tenant: String
  private let memory: DatasetMemory
  private var buffer: [UInt8] = []
  private var writer: BlobWriter?

  /// Bytes beyond which a dataset is a file.
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

  func finish() throws -> (content: Dataset.Content, digest: String, bytes: Int) {
    if writer == nil, let held = memory.hold(buffer) {
      let digest = SHA256Digest(of: held.bytes)
      return (.memory(held), digest.hex, held.bytes.count)
    }
    let blob = try spilled().finish()
    return (.file(path: blobs.path(blob.digest, tenant: tenant)), blob.digest.hex, blob.byteCount)
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
