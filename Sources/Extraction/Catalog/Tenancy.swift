import Diagnostics
import Pipelines
import Postgres

/// How a platform's tenants are known: what its query of them says, and where PostgreSQL says that
/// the query's columns come from.
///
/// The query has one row per tenant, of all that there are: `id`; `slug`, `name`, `time_zone`,
/// `locale`, `currency`; `status`, which is `active` or `inactive`; and `created timestamptz`, if
/// it is known when the platform made the tenant.
struct Tenancy: Sendable {
  /// The query; `nil` if there is none.
  var query: ExtractSpec.Query?
  var idType = TenantIDType.uuid
  /// The column that holds the tenants' ids. A row whose foreign key leads there is the tenant's.
  var key: BaseColumn?
  /// The columns that the tenants' time zones, locales and currencies come from, by their names in
  /// the query.
  var settings: [String: BaseColumn] = [:]
  /// Whether the platform has one tenant alone, so that all rows are its.
  var hasOneTenant = false
  /// Whether the query says when the platform made the tenant.
  var saysCreated = false

  static let required = ["id", "slug", "name", "time_zone", "locale", "currency", "status"]

  /// Nothing is known: no table leads to a tenant.
  init() {}

  /// Asks PostgreSQL what the query gives.
  ///
  /// Throws `configuration` for a query that is not accepted or has other columns.
  init(
    _ query: ExtractSpec.Query, statement: ExtractStatement.Text, _ platform: PlatformSpec,
    id: TenantIDType?, on connection: Connection
  ) throws(Diagnostic) {
    self.query = query
    hasOneTenant = platform.hasOneTenant
    let columns: [OriginColumn]
    do throws(Diagnostic) {
      columns = try connection.origins(statement.sql)
    } catch {
      throw statement.located(error)
    }
    let place = Diagnostic.Subject(file: query.file)
    let names = columns.map(\.column.name)
    let missing = Self.required.filter { !names.contains($0) }
    guard missing.isEmpty, Set(names).count == names.count else {
      throw Diagnostic(
        .configuration,
        missing.isEmpty
          ? "two columns of the query of tenants have one name"
          : "the query of tenants has no column \(missing.map { "'\($0)'" }.joined(separator: ", "))",
        at: place, hint: "its columns: \(Self.required.joined(separator: ", ")); created, if known")
    }
    for found in columns {
      let origin = found.origin.map { BaseColumn(table: $0.table, column: $0.column) }
      switch found.column.name {
      case "id":
        guard let type = Self.type(of: found.column) else {
          throw Diagnostic(
            .configuration, "the tenants' id is a \(found.column.typeName)", at: place,
            hint: "use one of \(TenantIDType.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        if let id, id != type {
          throw Diagnostic(
            .configuration, "the tenants' id is a \(type.rawValue), and not a \(id.rawValue)",
            at: place, hint: "say so in the source's settings, or do not set 'id'")
        }
        idType = type
        key = origin
      case "time_zone", "locale", "currency": settings[found.column.name] = origin
      case "created":
        guard found.column.typeName == "timestamptz" else {
          throw Diagnostic(
            .configuration, "the tenants' 'created' is a \(found.column.typeName)", at: place,
            hint: "it must be a timestamptz")
        }
        saysCreated = true
      default: break
      }
    }
  }

  private static func type(of column: Column) -> TenantIDType? {
    switch column.typeName {
    case "uuid": .uuid
    case "smallint", "integer", "bigint": .bigint
    case "text", "varchar": .text
    default: nil
    }
  }

  /// Everything that decides whose a row is, for the fingerprint of a passed trial.
  var fingerprint: String {
    let origins = settings.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return "tenants\t\(query?.sql ?? "")\t\(idType.rawValue)\t\(key.map { "\($0)" } ?? "")\t"
      + "\(hasOneTenant)\t\(origins.joined(separator: "\t"))\n"
  }
}
