/// A checked pipeline file: what `pipelines/NAME/pipeline.yaml` and the files beside it say.
public struct Pipeline: Sendable {
  public enum Scope: String, Sendable, CaseIterable {
    /// One partition a tenant.
    case tenant
    /// All tenants together, for the operator only.
    case platform
  }

  public var name: String
  /// The pipeline file's path, as shown to people.
  public var file: String
  /// The kinds of period it runs for, in the file's order.
  public var periods: [Period.Kind]
  public var scope: Scope
  /// Locale to title.
  public var title: [String: String]
  /// Whether the payload may depend on the day of the run.
  public var dependsOnDay: Bool
  public var extract: ExtractSpec
  public var aggregate: AggregateSpec?
  public var render: RenderSpec?
  public var stitch: StitchSpec?

  /// The title in the nearest of its languages: the locale, its language, English, then any.
  public func title(for locale: String) -> String {
    let language = locale.split(separator: "-").first.map(String.init) ?? locale
    return title[locale] ?? title.filter { $0.key.hasPrefix(language) }.sorted { $0.key < $1.key }
      .first?.value ?? title["en"] ?? title.sorted { $0.key < $1.key }.first?.value ?? name
  }
}

/// What is extracted: queries, and the common table expressions that they may use.
public struct ExtractSpec: Sendable {
  public struct Query: Sendable {
    public var name: String
    /// The SQL file's path, as shown to people.
    public var file: String
    public var sql: String
    /// Column names with their direction; the last ones are unique within a tenant.
    public var order: [Order]
  }

  public struct Order: Sendable, Hashable {
    public var column: String
    public var descending: Bool
  }

  /// A common table expression from a file.
  public struct Prelude: Sendable {
    public var name: String
    public var file: String
    public var sql: String
    /// Whether it is worked out anew wherever it is used, instead of once for all: for wide rows of which few are
    /// wanted.
    public var isInline: Bool
  }

  public var preludes: [Prelude]
  public var queries: [Query]
}
