import Diagnostics
import Foundation
import Pipelines
import Postgres

extension RecordSchema {
  static let shardTenants = """
    CREATE TABLE IF NOT EXISTS yearbook.shard_tenant (
      source text NOT NULL,
      shard integer NOT NULL,
      tenant_id uuid NOT NULL,
      tenant jsonb NOT NULL,
      PRIMARY KEY (source, shard, tenant_id)
    );
    COMMENT ON TABLE yearbook.shard_tenant IS
      'the tenants that each shard of a source had when it last answered, for when it does not';
    """
}

/// A tenant as a shard named it.
private struct KnownTenant: Codable {
  var tenant: Tenant
  var key: String
}

extension RunRecord {
  /// Keeps the tenants of a shard, in place of those it had before.
  func remember(
    _ tenants: [Tenant], ofShard shard: Int, source: String?
  ) throws(Diagnostic) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var texts: [String] = []
    do {
      for tenant in tenants {
        texts.append(
          String(
            decoding: try encoder.encode(KnownTenant(tenant: tenant, key: tenant.key)),
            as: UTF8.self))
      }
    } catch {
      throw Diagnostic(.bug, "the tenants of a shard cannot be written", underlying: error)
    }
    let (source, shard) = (source ?? "", String(shard))
    let ids = Quoting.array(tenants.map(\.id))
    try connection.query(
      """
      DELETE FROM yearbook.shard_tenant
      WHERE source = $1 AND shard = $2::int AND tenant_id <> ALL ($3::uuid[])
      """, [source, shard, ids])
    try connection.query(
      """
      INSERT INTO yearbook.shard_tenant AS t (source, shard, tenant_id, tenant)
      SELECT DISTINCT ON (i) $1, $2::int, i, j::jsonb FROM unnest($3::uuid[], $4::text[]) u (i, j)
      ON CONFLICT (source, shard, tenant_id) DO UPDATE SET tenant = excluded.tenant
      WHERE t.tenant <> excluded.tenant
      """, [source, shard, ids, Quoting.array(texts)])
  }

  /// The tenants that a shard had when it last answered. Their time zones have names and no rules.
  func tenants(ofShard shard: Int, source: String?) throws(Diagnostic) -> [Tenant] {
    let rows = try connection.query(
      """
      SELECT tenant::text AS tenant FROM yearbook.shard_tenant
      WHERE source = $1 AND shard = $2::int ORDER BY tenant_id
      """, [source ?? "", String(shard)])
    return try rows.map { row throws(Diagnostic) in
      let text = try row.string("tenant")
      do {
        let known = try JSONDecoder().decode(KnownTenant.self, from: Data(text.utf8))
        var tenant = known.tenant
        tenant.key = known.key
        return tenant
      } catch {
        throw Diagnostic(
          .data, "yearbook.shard_tenant has a row that is not readable", hint: "delete its rows",
          underlying: error)
      }
    }
  }
}
