/// A checked pipeline file, `pipelines/NAME/pipeline.yaml`, with the files beside it.
package struct Pipeline: Sendable {
  /// Whose rows one partition holds.
  package enum Scope: String, Sendable, CaseIterable {
    /// One partition per tenant.
    case tenant
    /// All tenants together, for the operator only.
    case platform
  }

  package var name: String
  /// The pipeline file's path, as messages show it.
  package var file: String
  /// The kinds of period that it runs for, in the file's order.
  package var periods: [Period.Kind]
  package var scope: Scope
  /// Locale to title.
  package var title: [String: String]
  /// Whether the payload depends on the day of the run (`as_of: day`).
  package var dependsOnDay: Bool
  package var extract: ExtractSpec
  /// Whose report it is, if not the tenant's.
  package var each: EachSpec?
  package var aggregate: AggregateSpec?
  package var render: RenderSpec?
  package var stitch: StitchSpec?
  package var deliver: DeliverSpec?

  /// Whether it has no stage between its rows and its messages, and so no release.
  package var makesNoRelease: Bool { aggregate == nil && render == nil && stitch == nil }

  /// The title in the best of its languages: the locale, its language, English, then any.
  package func title(for locale: String) -> String {
    let language = locale.split(separator: "-").first.map(String.init) ?? locale
    return title[locale] ?? title.filter { $0.key.hasPrefix(language) }.sorted { $0.key < $1.key }
      .first?.value ?? title["en"] ?? title.sorted { $0.key < $1.key }.first?.value ?? name
  }
}

/// The queries, and the common table expressions that they can use.
package struct ExtractSpec: Sendable {
  /// One SQL file whose rows become a dataset.
  package struct Query: Sendable {
    package var name: String
    /// The SQL file's path, as messages show it.
    package var file: String
    package var sql: String
    /// Columns with their direction. The last ones must be unique within a tenant.
    package var order: [Order]
    /// Why the query has no rows on generated data, so that the isolation trial cannot try it;
    /// `nil` if it must have rows there.
    package var silent: String? = nil
    /// Whether it is a query of `deliver`: it alone can read addresses, and no stage sees its rows.
    package var isForDelivery = false
    /// How one dataset is made of what several shards have of the query; `nil` merges their rows in
    /// order. With it, `order` is the key of the query's own rows: no two shards have one twice.
    package var combine: Combine? = nil

    package init(
      name: String, file: String, sql: String, order: [Order], silent: String? = nil,
      combine: Combine? = nil, isForDelivery: Bool = false
    ) {
      self.name = name
      self.file = file
      self.sql = sql
      self.order = order
      self.silent = silent
      self.combine = combine
      self.isForDelivery = isForDelivery
    }
  }

  /// A statement over the rows of all shards, for one tenant at a time.
  package struct Combine: Sendable, Hashable {
    /// The SQL file's path, as messages show it.
    package var file: String
    package var sql: String
    /// The order of the dataset.
    package var order: [Order]

    package init(file: String, sql: String, order: [Order]) {
      self.file = file
      self.sql = sql
      self.order = order
    }
  }

  /// One column of the order of a query's rows.
  package struct Order: Sendable, Hashable {
    package var column: String
    package var descending: Bool

    package init(column: String, descending: Bool) {
      self.column = column
      self.descending = descending
    }
  }

  /// A common table expression from a file.
  package struct Prelude: Sendable {
    package var name: String
    package var file: String
    package var sql: String
    /// Whether PostgreSQL computes it at each use instead of once (`NOT MATERIALIZED`). Useful if
    /// each use needs only a few rows of many.
    package var isInline: Bool
  }

  package var preludes: [Prelude]
  package var queries: [Query]
  /// Tables whose rows are the same for all tenants.
  package var shared: [String] = []
  /// The name of the source that is read; `nil` for the platform itself.
  package var source: String?
  /// What holds for the source's tables in all pipelines of the folder.
  package var platform = PlatformSpec()

  /// Whether a statement of the pipeline makes a dataset of what shards have.
  package var isCombined: Bool { queries.contains { $0.combine != nil } }

  package init(
    preludes: [Prelude], queries: [Query], shared: [String] = [], source: String? = nil,
    platform: PlatformSpec = PlatformSpec()
  ) {
    self.preludes = preludes
    self.queries = queries
    self.shared = shared
    self.source = source
    self.platform = platform
  }
}
