import Diagnostics
import Engine
import Extraction
import Postgres

extension Findings {
  /// The source and the record, and what both must agree on.
  mutating func databases(of configuration: Configuration) {
    do {
      try configuration.withServer {
        check("source") {
          let source = try Source(configuration.required(.source), schema: configuration.schema)
          let tenants = try source.tenants()
          try configuration.refuseUnknownTenants(among: tenants.slugs)
          try configuration.refuseSharedMedia(among: tenants.slugs)
          let unserved = tenants.unservedCount
          return
            "\(source.connection.target), PostgreSQL \(source.connection.serverVersion / 10_000), "
            + Figures.count(tenants.served.count, "active tenant")
            + (unserved == 0 ? "" : ", \(unserved) that cannot be served")
        }
        check("record") {
          let record = try RunRecord(configuration.required(.record))
          return
            "\(record.connection.target), PostgreSQL \(record.connection.serverVersion / 10_000)"
        }
      }
    } catch {
      add(error, to: "server")
    }
  }
}
