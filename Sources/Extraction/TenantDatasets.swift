import Diagnostics
import Pipelines
import Postgres

/// Sends the rows of a combined statement, which come query by query, to one tenant's datasets.
final class TenantDatasets {
  private let queries: [PreparedExtract.Query]
  private let tenant: Tenant
  private let id: [UInt8]
  private let makeWriter: (Tenant, PreparedExtract.Query) throws -> any DatasetWriter
  private var place = -1
  private var rows = 0
  private var buffer: [UInt8] = []
  private var writer: (any DatasetWriter)?
  private var datasets: [Dataset] = []

  private static let flushSize = 1 << 16

  init(
    _ queries: [PreparedExtract.Query], of tenant: Tenant,
    makeWriter: @escaping (Tenant, PreparedExtract.Query) throws -> any DatasetWriter
  ) {
    self.queries = queries
    self.tenant = tenant
    id = Array(tenant.key.utf8)
    self.makeWriter = makeWriter
  }

  /// Adds a row `tenant_id, place, columns…`.
  func add(_ row: StreamedRow) throws {
    guard let owner = row.bytes(0), owner.elementsEqual(id) else { throw foreignRow(row) }
    let place = try place(of: row)
    if place != self.place { try advance(to: place) }
    rows += 1
    row.appendCSV(2..<(2 + queries[place].columns.count), to: &buffer)
    if buffer.count >= Self.flushSize { try flush() }
  }

  /// All datasets, in the order of the queries. The dataset of a query without rows has only a
  /// header.
  func finish() throws -> [Dataset] {
    try advance(to: queries.count)
    return datasets
  }

  private func place(of row: StreamedRow) throws(Diagnostic) -> Int {
    var place = 0
    for digit in row.bytes(1) ?? .init(start: nil, count: 0) {
      place = place * 10 + Int(digit &- UInt8(ascii: "0"))
    }
    guard place >= max(self.place, 0), place < queries.count else {
      throw Diagnostic(.bug, "the rows of a combined statement are out of order")
    }
    return place
  }

  /// Ends the dataset that is open, and opens those up to the one at `place`.
  private func advance(to place: Int) throws {
    while self.place < place {
      try close()
      self.place += 1
      guard self.place < queries.count else { return }
      rows = 0
      writer = try makeWriter(tenant, queries[self.place])
      let header = queries[self.place].columns.map(\.name).joined(separator: ",")
      buffer.append(contentsOf: header.utf8)
      buffer.append(UInt8(ascii: "\n"))
    }
  }

  private func close() throws {
    guard let writer else { return }
    try flush()
    let file = try writer.finish()
    self.writer = nil
    let query = queries[place]
    datasets.append(
      Dataset(
        name: query.name, columns: query.columns, rows: rows, bytes: file.bytes,
        digest: file.digest, content: file.content))
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { bytes in
      if !bytes.isEmpty { try writer?.append(bytes) }
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private func foreignRow(_ row: StreamedRow) -> Diagnostic {
    let name = (try? place(of: row)).map { queries[$0].name } ?? "?"
    return Diagnostic(
      .configuration, "the query '\(name)' returned a row of a tenant that was not asked for",
      hint: "take tenant_id from 'partition'")
  }
}

/// The rows of all tenants in one dataset. A row begins with the id of its tenant, or with nothing
/// if it is about all tenants. The id is left out of the dataset, unless it is kept for a merge
/// with the rows of other shards.
final class TogetherDataset {
  private let name: String
  private let columns: [Dataset.Column]
  private let writer: any DatasetWriter
  private var buffer: [UInt8]
  private var rows = 0
  private let keepsTenant: Bool

  /// - Parameter columns: of the dataset; the tenant's id is among them if it is kept.
  init(
    name: String, columns: [Dataset.Column], writer: any DatasetWriter, keepsTenant: Bool = false
  ) {
    self.keepsTenant = keepsTenant
    self.name = name
    self.columns = columns
    self.writer = writer
    buffer = Array((columns.map(\.name).joined(separator: ",") + "\n").utf8)
  }

  func add(_ row: UnsafeRawBufferPointer) throws {
    guard let end = Self.endOfFirst(row) else {
      throw Diagnostic(.bug, "a row of the query '\(name)' has only one column")
    }
    rows += 1
    buffer.append(contentsOf: keepsTenant ? row[...] : row[(end + 1)...])
    if buffer.count >= 1 << 16 { try flush() }
  }

  /// The comma after a row's first value, which can be a text in quotes.
  private static func endOfFirst(_ row: UnsafeRawBufferPointer) -> Int? {
    let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
    var isQuoted = false
    return row.firstIndex { byte in
      if byte == quote { isQuoted.toggle() }
      return byte == comma && !isQuoted
    }
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
