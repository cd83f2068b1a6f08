import Diagnostics
public import Pipelines
public import Postgres

/// Where one dataset's bytes go: a file that is hashed as it is written.
public protocol DatasetWriter: AnyObject {
  func append(_ bytes: UnsafeRawBufferPointer) throws
  /// Ends the file: where it lies now, and the SHA-256 of what it holds.
  func finish() throws -> (path: String, digest: String, bytes: Int)
}

/// Reads one period of many tenants, a dataset a tenant and query.
///
/// Rows come in the order of tenants, so that one file is open at a time, and go from the socket to the
/// file as the bytes that PostgreSQL sent. Memory does not grow with rows; it grows with tenants.
public struct Extractor {
  /// One pipeline and period for some tenants.
  public struct Batch: Sendable {
    public var pipeline: Pipeline
    public var period: Period
    public var moment: RunMoment
    public var members: [Member]
    /// Rows that do not exist for any query.
    public var hidden: HiddenRows?

    public init(
      pipeline: Pipeline, period: Period, moment: RunMoment, members: [Member],
      hidden: HiddenRows? = nil
    ) {
      self.hidden = hidden
      self.pipeline = pipeline
      self.period = period
      self.moment = moment
      self.members = members
    }
  }

  /// Rows of one table that queries do not see, such as people who were erased.
  public struct HiddenRows: Sendable {
    public var table: String
    public var column: String
    /// The column's values as texts.
    public var keys: [String]

    public init(table: String, column: String, keys: [String]) {
      self.table = table
      self.column = column
      self.keys = keys
    }
  }

  public struct Member: Sendable {
    public var tenant: Tenant
    public var settings: TenantSettings
    /// `as_of`, where the pipeline depends on the day.
    public var asOf: CivilDate?

    public init(tenant: Tenant, settings: TenantSettings, asOf: CivilDate?) {
      self.tenant = tenant
      self.settings = settings
      self.asOf = asOf
    }
  }

  private let connection: Connection
  private let makeWriter: (Tenant) throws -> any DatasetWriter

  /// - Parameters:
  ///   - connection: a session of the source, in the run's snapshot.
  ///   - makeWriter: opens a file for a dataset of a tenant.
  public init(_ connection: Connection, makeWriter: @escaping (Tenant) throws -> any DatasetWriter)
  {
    self.connection = connection
    self.makeWriter = makeWriter
  }

  /// The datasets of each member, in the order of members.
  ///
  /// A failing batch is split until the failing tenant stands alone; the others' rows are read.
  public func extract(_ batch: Batch) -> [Result<[Dataset], any Error>] {
    do {
      return try connection.savepoint { try read(batch) }.map { .success($0) }
    } catch {
      // Without a session there is nothing to find out by asking again.
      guard batch.members.count > 1, connection.isOpen else {
        return batch.members.map { member in .failure(located(error, batch, member)) }
      }
      let middle = batch.members.count / 2
      var (first, second) = (batch, batch)
      first.members = Array(batch.members[..<middle])
      second.members = Array(batch.members[middle...])
      return extract(first) + extract(second)
    }
  }

  private func read(_ batch: Batch) throws -> [[Dataset]] {
    var datasets = [[Dataset]](repeating: [], count: batch.members.count)
    for query in batch.pipeline.extract.queries {
      let statement = ExtractStatement(
        query: query, preludes: batch.pipeline.extract.preludes, members: batch.members,
        period: batch.period, moment: batch.moment, hidden: batch.hidden)
      do {
        for (index, dataset) in try read(statement, batch).enumerated() {
          datasets[index].append(dataset)
        }
      } catch let error as Diagnostic {
        throw statement.located(error)
      }
    }
    return datasets
  }

  private func read(_ statement: ExtractStatement, _ batch: Batch) throws -> [Dataset] {
    let columns = try connection.describe(statement.unordered)
    if let fault = QueryRules.faults(in: columns, of: statement.query).first { throw fault }
    let router = DatasetRouter(
      name: statement.query.name,
      columns: columns.dropFirst().map { Dataset.Column(name: $0.name, type: $0.typeName) },
      tenants: batch.members.map(\.tenant), makeWriter: makeWriter)
    try connection.copyOut(
      "COPY (\(statement.ordered(by: columns))) TO STDOUT (FORMAT csv)", row: router.route)
    return try router.finish()
  }

  private func located(_ error: any Error, _ batch: Batch, _ member: Member) -> any Error {
    (error as? Diagnostic)?.filling(
      .init(
        stage: "extract", pipeline: batch.pipeline.name, tenant: member.tenant.slug,
        period: batch.period.description)) ?? error
  }
}

/// Sends each row of one query to its tenant's file, by the tenant's id in the row.
private final class DatasetRouter {
  private let name: String
  private let columns: [Dataset.Column]
  private let header: [UInt8]
  private let tenants: [Tenant]
  private let makeWriter: (Tenant) throws -> any DatasetWriter
  /// Tenants in the order in which their rows come: by id.
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

  /// All datasets, in the order of `tenants`; a tenant without a row has a header alone.
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
      path: file.path)
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { bytes in
      if !bytes.isEmpty { try writer?.append(bytes) }
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private func foreignRow() -> Diagnostic {
    Diagnostic(
      .configuration, "the query '\(name)' gave a row of a tenant outside its batch",
      hint: "read 'partition' and join every table to it by the tenant's id")
  }
}
