/// A checked pipeline file: what `pipelines/NAME/pipeline.yaml` and the files beside it say.
package struct Pipeline: Sendable {
  /// Whose rows one partition holds.
  package enum Scope: String, Sendable, CaseIterable {
    /// One partition a tenant.
    case tenant
    /// All tenants together, for the operator only.
    case platform
  }

  package var name: String
  /// The pipeline file's path, as shown to people.
  package var file: String
  /// The kinds of period it runs for, in the file's order.
  package var periods: [Period.Kind]
  package var scope: Scope
  /// Locale to title.
  package var title: [String: String]
  /// Whether the payload may depend on the day of the run.
  package var dependsOnDay: Bool
  package var extract: ExtractSpec
  package var aggregate: AggregateSpec?
  package var render: RenderSpec?
  package var stitch: StitchSpec?

  /// The title in the nearest of its languages: the locale, its language, English, then any.
  package func title(for locale: String) -> String {
    let language = locale.split(separator: "-").first.map(String.init) ?? locale
    return title[locale] ?? title.filter { $0.key.hasPrefix(language) }.sorted { $0.key < $1.key }
      .first?.value ?? title["en"] ?? title.sorted { $0.key < $1.key }.first?.value ?? name
  }
}

/// What is extracted: queries, and the common table expressions that they may use.
package struct ExtractSpec: Sendable {
  /// One SQL file whose rows become a dataset.
  package struct Query: Sendable {
    package var name: String
    /// The SQL file's path, as shown to people.
    package var file: String
    package var sql: String
    /// Column names with their direction; the last ones are unique within a tenant.
    package var order: [Order]
  }

  /// One column of the order of a query's rows.
  package struct Order: Sendable, Hashable {
    package var column: String
    package var descending: Bool
  }

  /// A common table expression from a file.
  package struct Prelude: Sendable {
    package var name: String
    package var file: String
    package var sql: String
    /// Whether it is worked out anew wherever it is used, instead of once for all: for wide rows of
    /// which few are wanted.
    package var isInline: Bool
  }

  package var preludes: [Prelude]
  package var queries: [Query]
}
