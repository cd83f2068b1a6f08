import Basics
import Diagnostics
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

extension RunPlan.Partition {
  /// The datasets, with the rows of those that a film is planned from, if the workspace has them: a
  /// film's key is made from their rows, so that they are needed even if nothing has changed.
  /// Without the blobs they are read again.
  ///
  /// - Parameter isKeeping: whether rows that are in memory are put into the workspace for later.
  func planned(
    _ datasets: [Dataset], in blobs: BlobStore, isKeeping: Bool
  ) throws(Diagnostic) -> [Dataset] {
    guard let planned = pipeline.stitch?.planned else { return datasets }
    var datasets = datasets
    for place in datasets.indices where planned.contains(datasets[place].name) {
      let digest = datasets[place].digest
      switch datasets[place].content {
      case .memory(let held) where isKeeping: _ = try blobs.put(held.bytes, tenant: tenant.id)
      case .unread where blobs.size(digest, tenant: tenant.id) == datasets[place].bytes:
        do throws(Diagnostic) {
          datasets[place].content = .memory(HeldBytes(try blobs.read(digest, tenant: tenant.id)))
        } catch {
          // A damaged blob is no blob.
        }
      default: break
      }
    }
    return datasets
  }
}
