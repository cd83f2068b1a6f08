import Diagnostics
import Pipelines
import Postgres

/// Sends each row of one query to its tenant's file, by the tenant's id in the row.
final class DatasetRouter {
  private let name: String
  private let columns: [Dataset.Column]
  private let header: [UInt8]
  private let tenants: [Tenant]
  private let makeWriter: (Tenant) throws -> any DatasetWriter
  /// Tenants in the order of their rows: by id.
  private let order: [(id: [UInt8], index: Int)]
  private var position = -1
  private var rows = 0
  private var buffer: [UInt8] = []
  private var writer: (any DatasetWriter)?
  private var datasets: [Dataset?]

  private static let flushSize = 1 << 16

  init(
    name: String, columns: [Dataset.Column], tenants: [Tenant],
    makeWriter: @escaping (Tenant) throws -> any DatasetWriter
  ) {
    self.name = name
    self.columns = columns
    self.tenants = tenants
    self.makeWriter = makeWriter
    header = Array((columns.map(\.name).joined(separator: ",") + "\n").utf8)
    order = tenants.indices.map { (Array(tenants[$0].id.utf8), $0) }
      .sorted { $0.0.lexicographicallyPrecedes($1.0) }
    datasets = Array(repeating: nil, count: tenants.count)
  }

  func route(_ row: UnsafeRawBufferPointer) throws {
    guard row.count > 37, row[36] == UInt8(ascii: ",") else { throw foreignRow() }
    let id = row[..<36]
    if position < 0 || !id.elementsEqual(order[position].id) { try advance(to: id) }
    rows += 1
    buffer.append(contentsOf: row[37...])
    if buffer.count >= Self.flushSize { try flush() }
  }

  /// All datasets, in the order of `tenants`. The dataset of a tenant without rows has only a
  /// header.
  func finish() throws -> [Dataset] {
    try close()
    while position + 1 < order.count {
      try open()
      try close()
    }
    return datasets.compactMap { $0 }
  }

  private func advance(to id: Slice<UnsafeRawBufferPointer>) throws {
    try close()
    while position + 1 < order.count {
      try open()
      if id.elementsEqual(order[position].id) { return }
      try close()
    }
    throw foreignRow()
  }

  private func open() throws {
    position += 1
    rows = 0
    writer = try makeWriter(tenants[order[position].index])
    buffer.append(contentsOf: header)
  }

  private func close() throws {
    guard let writer else { return }
    try flush()
    let file = try writer.finish()
    self.writer = nil
    datasets[order[position].index] = Dataset(
      name: name, columns: columns, rows: rows, bytes: file.bytes, digest: file.digest,
      content: file.content)
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { bytes in
      if !bytes.isEmpty { try writer?.append(bytes) }
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private func foreignRow() -> Diagnostic {
    Diagnostic(
      .configuration, "the query '\(name)' returned a row of a tenant that was not asked for",
      hint: "read 'partition' and join every table to it by the tenant's id")
  }
}

/// Sends each row of a combined statement to its query's router.
final class CombinedRows {
  private let routers: [DatasetRouter]
  private let widths: [Int]
  private let width: Int
  private var place = 0
  private var row: [UInt8] = []

  /// - Parameter widths: each query's columns, without `tenant_id`.
  init(_ routers: [DatasetRouter], widths: [Int]) {
    self.routers = routers
    self.widths = widths
    width = widths.max() ?? 0
  }

  /// Reads a row `tenant_id,place,columns…,,,`, which is filled up with commas.
  func route(_ bytes: UnsafeRawBufferPointer) throws {
    var end = 37
    var place = 0
    while end < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[end]) {
      place = place * 10 + Int(bytes[end] - UInt8(ascii: "0"))
      end += 1
    }
    guard end > 37, end < bytes.count, bytes[36] == UInt8(ascii: ","), place >= self.place,
      place < routers.count
    else {
      throw Diagnostic(.bug, "the rows of a combined statement are out of order")
    }
    self.place = place
    let filling = width - widths[place]
    row.removeAll(keepingCapacity: true)
    row.append(contentsOf: bytes[..<36])
    row.append(contentsOf: bytes[end..<(bytes.count - 1 - filling)])
    row.append(UInt8(ascii: "\n"))
    try row.withUnsafeBytes { try routers[place].route($0) }
  }
}

/// The rows of all tenants in one dataset. A row begins with the id of its tenant, or with nothing
/// if it is about all tenants. The id is left out of the dataset.
final class TogetherDataset {
  private let name: String
  private let columns: [Dataset.Column]
  private let writer: any DatasetWriter
  private var buffer: [UInt8]
  private var rows = 0

  init(name: String, columns: [Dataset.Column], writer: any DatasetWriter) {
    self.name = name
    self.columns = columns
    self.writer = writer
    buffer = Array((columns.map(\.name).joined(separator: ",") + "\n").utf8)
  }

  func add(_ row: UnsafeRawBufferPointer) throws {
    guard let end = row.prefix(37).firstIndex(of: UInt8(ascii: ",")) else {
      throw Diagnostic(.bug, "a row of the query '\(name)' has only one column")
    }
    rows += 1
    buffer.append(contentsOf: row[(end + 1)...])
    if buffer.count >= 1 << 16 { try flush() }
  }

  func finish() throws -> Dataset {
    try flush()
    let file = try writer.finish()
    return Dataset(
      name: name, columns: columns, rows: rows, bytes: file.bytes, digest: file.digest,
      content: file.content)
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { bytes in
      if !bytes.isEmpty { try writer.append(bytes) }
    }
    buffer.removeAll(keepingCapacity: true)
  }
}

extension Dataset.Column {
  init(_ column: Column) { self.init(name: column.name, type: column.typeName) }
}
