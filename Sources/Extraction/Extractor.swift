package import Basics
import Diagnostics
package import Pipelines
import Postgres

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

  private let source: Source
  private let makeWriter: (Tenant) throws -> any DatasetWriter
  private let makePrivateWriter: (Tenant) throws -> any DatasetWriter
  private var connection: Connection { source.connection }

  /// - Parameters:
  ///   - source: the platform's database, in the snapshot of the run.
  ///   - makePrivateWriter: the same for the query of `deliver`, whose rows must be on no disk;
  ///     `nil` makes no difference between them.
  ///   - makeWriter: makes the writer of one dataset of a tenant.
  package init(
    _ source: Source, makePrivateWriter: ((Tenant) throws -> any DatasetWriter)? = nil,
    makeWriter: @escaping (Tenant) throws -> any DatasetWriter
  ) {
    self.source = source
    self.makeWriter = makeWriter
    self.makePrivateWriter = makePrivateWriter ?? makeWriter
  }

  /// The datasets of each member, in the order of members.
  ///
  /// Each member's rows are read by themselves: a failure is that member's alone.
  package func extract(_ batch: Batch) -> [Result<[Dataset], any Error>] {
    let text: ExtractStatement
    let prepared: PreparedExtract
    do {
      text = ExtractStatement(
        batch.pipeline.extract, partition: .parameters,
        shadows: try source.shadows(for: batch.pipeline), hidden: batch.hidden,
        idType: try source.catalog().tenancy.idType)
      prepared = try explaining(text) {
        try connection.savepoint { try source.prepared(batch.pipeline.name, text) }
      }
      try connection.execute(Self.savepoint)
    } catch {
      return batch.members.map { .failure(located(error, batch, $0)) }
    }
    return batch.members.map { member in
      do {
        // Without a session, asking again is useless.
        guard connection.isOpen else { throw connection.lost() }
        return .success(try read(member, batch, text, prepared))
      } catch {
        return .failure(located(error, batch, member))
      }
    }
  }

  /// Throws what `body` throws, or what hides rows and is behind it.
  private func explaining<T>(_ text: ExtractStatement, _ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as Diagnostic {
      let statements = text.extract.queries.map { text.unordered($0).sql }
      throw source.explained(error, in: statements.joined(separator: "\n"))
    }
  }

  private static let savepoint = "SAVEPOINT yearbook_tenant"

  private func read(
    _ member: Member, _ batch: Batch, _ text: ExtractStatement, _ prepared: PreparedExtract
  ) throws -> [Dataset] {
    let parameters = text.parameters(member, batch.period, batch.moment)
    let hidden = batch.pipeline.deliver?.queries ?? []
    let datasets = TenantDatasets(prepared.queries, of: member.tenant) {
      [makeWriter, makePrivateWriter] tenant, query in
      try hidden.contains(query.name) ? makePrivateWriter(tenant) : makeWriter(tenant)
    }
    do {
      try connection.stream(prepared.statement, parameters, row: datasets.add)
    } catch {
      guard connection.isOpen else { throw error }
      // The next member needs a usable transaction.
      try connection.execute("ROLLBACK TO \(Self.savepoint)")
      guard let failure = error as? Diagnostic, !failure.isTransient,
        failure.underlying is PostgresError
      else { throw error }
      try locate(failure, text, parameters)
      throw error
    }
    return try datasets.finish()
  }

  /// Runs each query by itself, and throws the first one's error, with its file and place.
  private func locate(
    _ failure: Diagnostic, _ text: ExtractStatement, _ parameters: [String?]
  ) throws {
    for query in text.extract.queries {
      let single = text.unordered(query)
      do throws(Diagnostic) {
        try connection.query("SELECT count(q.*) FROM (\(single.sql)) q", parameters)
      } catch {
        if connection.isOpen { try connection.execute("ROLLBACK TO \(Self.savepoint)") }
        guard (error.underlying as? PostgresError) != nil else { throw failure }
        var located = failure
        located.subject.file = query.file
        throw located
      }
    }
  }

  /// All members' rows in one dataset per query, for a pipeline of scope `platform`. The datasets
  /// belong to `owner`.
  ///
  /// - Parameter keepsTenant: whether each row begins with the id of its tenant.
  package func extractTogether(
    _ batch: Batch, for owner: Tenant, keepsTenant: Bool = false
  ) -> Result<[Dataset], any Error> {
    do {
      let text = ExtractStatement(
        batch.pipeline.extract, partition: .rows(batch.members, batch.period, batch.moment),
        shadows: try source.shadows(for: batch.pipeline), hidden: batch.hidden,
        idType: try source.catalog().tenancy.idType)
      return .success(
        try explaining(text) {
          try connection.savepoint {
            try batch.pipeline.extract.queries.map { query in
              let columns = try columns(of: query, text)
              let dataset = TogetherDataset(
                name: query.name,
                columns: columns.dropFirst(keepsTenant ? 0 : 1).map(Dataset.Column.init),
                writer: try makeWriter(owner), keepsTenant: keepsTenant)
              let ordered = text.ordered(query, by: columns, together: true)
              do {
                try connection.copyOut(
                  "COPY (\(ordered.sql)) TO STDOUT (FORMAT csv)", row: dataset.add)
              } catch let error as Diagnostic {
                throw ordered.located(error)
              }
              return try dataset.finish()
            }
          }
        })
    } catch {
      return .failure(
        located(error, batch, Member(tenant: owner, settings: TenantSettings(), asOf: nil)))
    }
  }

  private func columns(of query: ExtractSpec.Query, _ text: ExtractStatement) throws -> [Column] {
    let unordered = text.unordered(query)
    do throws(Diagnostic) {
      let columns = try connection.describe(unordered.sql)
      if let fault = QueryRules.faults(in: columns, of: query, idType: text.idType).first {
        throw fault
      }
      return columns
    } catch {
      throw unordered.located(error)
    }
  }

  private func located(_ error: any Error, _ batch: Batch, _ member: Member) -> any Error {
    source.conflicts.note(error)
    return (error as? Diagnostic)?.filling(
      .init(
        stage: "extract", pipeline: batch.pipeline.name, tenant: member.tenant.slug,
        period: batch.period.description)) ?? error
  }
}
