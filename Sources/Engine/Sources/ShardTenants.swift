import Basics
import Diagnostics
import Extraction
import Pipelines

/// Where the rows of a tenant are, if a source has several shards.
package enum ShardSpread: String, Sendable, CaseIterable {
  /// Any shard can hold rows of any tenant.
  case rows
  /// All rows of a tenant are on the one shard whose query of tenants names it.
  case tenants
}

extension Shards {
  /// The tenants of all shards.
  ///
  /// If a shard does not answer, the tenants whose rows it can hold cannot be served: their reports
  /// would lack rows.
  ///
  /// - Parameters:
  ///   - zone: a further time zone whose rules are wanted.
  ///   - record: keeps what the query of tenants said on each shard, for when one does not answer.
  ///   - remembers: whether the record takes what it says now.
  func tenants(
    alsoZone zone: String? = nil, record: RunRecord? = nil, remembers: Bool = false
  ) throws(Diagnostic) -> Source.Tenants {
    guard isSharded else { return try first().tenants(alsoZone: zone) }
    var all = Source.Tenants()
    var known: [String: (tenant: Tenant, shards: Set<Int>, fault: Diagnostic?)] = [:]
    for number in numbers {
      guard
        let found = try ask(
          number,
          { source throws(Diagnostic) in
            try source.tenants(alsoZone: zone)
          })
      else { continue }
      all.slugs.formUnion(found.slugs)
      all.zones.merge(found.zones) { $1 }
      for fault in found.nameless where !all.nameless.contains(fault) { all.nameless.append(fault) }
      var named: [(tenant: Tenant, fault: Diagnostic?)] = found.served.map { ($0, nil) }
      for (tenant, fault) in found.faulty { named.append((tenant, fault)) }
      for (tenant, fault) in named {
        var entry = known[tenant.id] ?? (tenant, [], fault)
        entry.shards.insert(number)
        entry.fault = entry.fault ?? fault
        if entry.tenant != tenant {
          entry.fault =
            entry.fault
            ?? Self.fault(
              .data, "the shards say different things of the tenant", tenant,
              "its row in the query of tenants must be the same on each shard")
        }
        known[tenant.id] = entry
      }
      if remembers {
        try record?.remember(
          found.served + found.faulty.map(\.tenant), ofShard: number, source: name)
      }
    }
    if let down = faults.first {
      // Of a shard that does not answer, the record knows who was there.
      for (number, fault) in faults {
        let there = try record?.tenants(ofShard: number, source: name) ?? []
        // Whoever is on this shard alone, and is not known here, has no partitions.
        if there.isEmpty, spread == .tenants || known.isEmpty { all.nameless.append(fault) }
        for tenant in there {
          var entry = known[tenant.id] ?? (tenant, [], nil)
          if known[tenant.id] == nil {
            entry.tenant.zone = try self.zone(named: tenant.timeZone) ?? tenant.zone
            all.slugs.insert(tenant.slug)
          }
          entry.shards.insert(number)
          entry.fault = entry.fault ?? Self.unserved(tenant, fault)
          known[tenant.id] = entry
        }
      }
      if spread == .rows {
        for id in known.keys {
          if let entry = known[id] {
            known[id]?.fault = entry.fault ?? Self.unserved(entry.tenant, down.fault)
          }
        }
      }
      all.outage = down.fault
    }
    for (_, entry) in known.sorted(by: { $0.value.tenant.slug < $1.value.tenant.slug }) {
      var fault = entry.fault
      if spread == .tenants, entry.shards.count > 1 {
        let numbers = entry.shards.sorted().map(String.init).joined(separator: " and ")
        fault =
          fault
          ?? Self.fault(
            .data, "the tenant is on the shards \(numbers)", entry.tenant,
            "each tenant must be on one shard: retry when it has moved")
      }
      if let fault {
        all.faulty.append((entry.tenant, fault))
      } else {
        all.served.append(entry.tenant)
      }
    }
    if spread == .tenants { places = known.mapValues(\.shards) }
    return all
  }

  private static func unserved(_ tenant: Tenant, _ fault: Diagnostic) -> Diagnostic {
    var fault = fault
    fault.subject = .init(stage: "plan", tenant: tenant.slug)
    fault.hint = "when the shard is back: yearbook retry"
    return fault
  }

  private static func fault(
    _ code: Diagnostic.Code, _ message: String, _ tenant: Tenant, _ hint: String
  ) -> Diagnostic {
    Diagnostic(code, message, at: .init(stage: "plan", tenant: tenant.slug), hint: hint)
  }
}
