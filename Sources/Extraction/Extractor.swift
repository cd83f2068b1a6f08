package import Basics
import Diagnostics
package import Pipelines
package import Postgres

/// Receives the bytes of one dataset and hashes them.
package protocol DatasetWriter: AnyObject {
  func append(_ bytes: UnsafeRawBufferPointer) throws
  /// Ends the dataset and returns where its bytes are, their SHA-256 and their number.
  func finish() throws -> (content: Dataset.Content, digest: SHA256Digest, bytes: Int)
}

/// Reads one period of many tenants: one dataset per tenant and query.
///
/// Rows come ordered by tenant, so that only one file is open at a time. They go from the socket to
/// the dataset as the bytes that PostgreSQL sent. Memory grows with tenants, not with rows.
package struct Extractor {
  /// One pipeline and period for some tenants.
  package struct Batch: Sendable {
    package var pipeline: Pipeline
    package var period: Period
    package var moment: RunMoment
    package var members: [Member]
    /// Rows that no query must see.
    package var hidden: HiddenRows?

    package init(
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

  /// Rows of one table that queries must not see, such as people who were erased.
  package struct HiddenRows: Sendable {
    package var table: String
    package var column: String
    /// The values of the column, as texts.
    package var keys: [String]

    package init(table: String, column: String, keys: [String]) {
      self.table = table
      self.column = column
      self.keys = keys
    }
  }

  /// One tenant of a batch.
  package struct Member: Sendable {
    package var tenant: Tenant
    package var settings: TenantSettings
    /// `as_of`, if the pipeline depends on the day.
    package var asOf: CivilDate?

    package init(tenant: Tenant, settings: TenantSettings, asOf: CivilDate?) {
      self.tenant = tenant
      self.settings = settings
      self.asOf = asOf
    }
  }

  private let connection: Connection
  private let makeWriter: (Tenant) throws -> any DatasetWriter

  /// - Parameters:
  ///   - connection: a session of the source, in the snapshot of the run.
  ///   - makeWriter: makes the writer of one dataset of a tenant.
  package init(_ connection: Connection, makeWriter: @escaping (Tenant) throws -> any DatasetWriter)
  {
    self.connection = connection
    self.makeWriter = makeWriter
  }

  /// The datasets of each member, in the order of members.
  ///
  /// If a batch fails, it is split until the failing tenant is alone. The rows of the others are
  /// read.
  package func extract(_ batch: Batch) -> [Result<[Dataset], any Error>] {
    do {
      return try connection.savepoint { try read(batch) }.map { .success($0) }
    } catch {
      // Without a session, asking again is useless.
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

  /// All members' rows in one dataset per query, for a pipeline of scope `platform`. The datasets
  /// belong to `owner`.
  package func extractTogether(_ batch: Batch, for owner: Tenant) -> Result<[Dataset], any Error> {
    do {
      return .success(
        try connection.savepoint {
          try batch.pipeline.extract.queries.map { query in
            let statement = statement(query, batch)
            let columns = try columns(of: statement)
            let dataset = TogetherDataset(
              name: query.name, columns: columns.dropFirst().map(Dataset.Column.init),
              writer: try makeWriter(owner))
            try copy(statement, columns, together: true, row: dataset.add)
            return try dataset.finish()
          }
        })
    } catch {
      return .failure(
        located(error, batch, Member(tenant: owner, settings: TenantSettings(), asOf: nil)))
    }
  }

  /// Runs one statement for all queries. If it fails for a single tenant, each query runs by
  /// itself, so that the error names the query and the place.
  private func read(_ batch: Batch) throws -> [[Dataset]] {
    let queries = batch.pipeline.extract.queries
    guard queries.count > 1 else { return try readEach(batch) }
    var described: [(query: ExtractSpec.Query, columns: [Column])] = []
    for query in queries {
      described.append((query, Array(try columns(of: statement(query, batch)).dropFirst())))
    }
    let routers = described.map { query, columns in
      DatasetRouter(
        name: query.name, columns: columns.map(Dataset.Column.init),
        tenants: batch.members.map(\.tenant), makeWriter: makeWriter)
    }
    let sorter = CombinedRows(routers, widths: described.map(\.columns.count))
    let combined = ExtractStatement.combined(
      described, preludes: batch.pipeline.extract.preludes, members: batch.members,
      period: batch.period, moment: batch.moment, hidden: batch.hidden)
    do {
      try connection.savepoint {
        try connection.copyOut("COPY (\(combined)) TO STDOUT (FORMAT csv)", row: sorter.route)
      }
    } catch let error as Diagnostic {
      guard batch.members.count == 1, connection.isOpen, !error.isTransient else { throw error }
      _ = try readEach(batch)
      throw error
    }
    return transposed(try routers.map { try $0.finish() }, batch)
  }

  private func readEach(_ batch: Batch) throws -> [[Dataset]] {
    let datasets = try batch.pipeline.extract.queries.map { query in
      let statement = statement(query, batch)
      let columns = try columns(of: statement)
      let router = DatasetRouter(
        name: query.name, columns: columns.dropFirst().map(Dataset.Column.init),
        tenants: batch.members.map(\.tenant), makeWriter: makeWriter)
      try copy(statement, columns, row: router.route)
      return try router.finish()
    }
    return transposed(datasets, batch)
  }

  private func statement(_ query: ExtractSpec.Query, _ batch: Batch) -> ExtractStatement {
    ExtractStatement(
      query: query, preludes: batch.pipeline.extract.preludes, members: batch.members,
      period: batch.period, moment: batch.moment, hidden: batch.hidden)
  }

  private func columns(of statement: ExtractStatement) throws -> [Column] {
    do throws(Diagnostic) {
      let columns = try connection.describe(statement.unordered)
      if let fault = QueryRules.faults(in: columns, of: statement.query).first { throw fault }
      return columns
    } catch {
      throw statement.located(error)
    }
  }

  private func copy(
    _ statement: ExtractStatement, _ columns: [Column], together: Bool = false,
    row: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    do {
      try connection.copyOut(
        "COPY (\(statement.ordered(by: columns, together: together))) TO STDOUT (FORMAT csv)",
        row: row)
    } catch let error as Diagnostic {
      throw statement.located(error)
    }
  }

  /// Turns datasets by query into datasets by member.
  private func transposed(_ datasets: [[Dataset]], _ batch: Batch) -> [[Dataset]] {
    batch.members.indices.map { index in datasets.map { $0[index] } }
  }

  private func located(_ error: any Error, _ batch: Batch, _ member: Member) -> any Error {
    (error as? Diagnostic)?.filling(
      .init(
        stage: "extract", pipeline: batch.pipeline.name, tenant: member.tenant.slug,
        period: batch.period.description)) ?? error
  }
}
