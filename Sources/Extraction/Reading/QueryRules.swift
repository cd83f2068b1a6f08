package import Diagnostics
package import Pipelines
package import Postgres

/// Checks what a pipeline's queries must not read or call, by PostgreSQL's own parse of them.
///
/// A query reads the platform's tables by their names alone, and its result depends on nothing but
/// their rows. So what a name, a comment or a string looks like in the text does not matter.
package enum QueryRules {
  private static let types: Set<String> = [
    "text", "varchar", "char", "smallint", "integer", "bigint", "numeric", "boolean", "date",
    "timestamptz", "uuid",
  ]

  /// The faults in a query's columns.
  package static func faults(
    in columns: [Column], of query: ExtractSpec.Query, idType: TenantIDType = .uuid
  ) -> [Diagnostic] {
    let place = Diagnostic.Subject(file: query.file)
    var faults: [Diagnostic] = []
    if columns.first?.name != "tenant_id" || columns.first?.typeName != idType.rawValue {
      faults.append(
        Diagnostic(
          .configuration, "the first column must be 'tenant_id', a \(idType.rawValue)", at: place,
          hint: "rows are routed to their tenant by it"))
    }
    if columns.count == 1 {
      faults.append(
        Diagnostic(.configuration, "the query has no column except tenant_id", at: place))
    }
    return faults + self.faults(in: columns, query.order, at: place)
  }

  /// The faults in the columns of what a statement makes of the rows of shards.
  static func faults(
    in columns: [Column], ofCombined combine: ExtractSpec.Combine
  ) -> [Diagnostic] {
    faults(in: columns, combine.order, at: .init(file: combine.file))
  }

  private static func faults(
    in columns: [Column], _ order: [ExtractSpec.Order], at place: Diagnostic.Subject
  ) -> [Diagnostic] {
    var faults: [Diagnostic] = []
    for column in columns where !types.contains(column.typeName) {
      faults.append(
        Diagnostic(
          .configuration,
          "the column '\(column.name)' has the type \(column.typeName), which is not supported",
          at: place,
          hint: "cast it to one of \(types.sorted().joined(separator: ", ")); money is numeric"))
    }
    for column in columns where !SpecNode.isName(column.name) {
      faults.append(
        Diagnostic(
          .configuration, "the column '\(column.name)' is not named [a-z][a-z0-9_]*", at: place))
    }
    let names = columns.map(\.name)
    for name in Set(names.filter { name in names.count { $0 == name } > 1 }).sorted() {
      faults.append(
        Diagnostic(.configuration, "two columns are named '\(name)'", at: place))
    }
    for term in order where !names.contains(term.column) {
      faults.append(
        Diagnostic(
          .configuration, "the order names '\(term.column)', which is not a column", at: place,
          hint: NearestWords.hint(for: term.column, in: names)))
    }
    return faults
  }
}
