import Diagnostics
import Pipelines

extension Source.Tenants {
  /// The tenants, with those that share a slug or an id moved to `faulty`.
  ///
  /// A slug is the name of a folder in the store: two tenants with one slug would publish in the
  /// same folder. Nobody can say which of them has a right to it, so none of them is published.
  /// All others are.
  func withoutTwins() -> Source.Tenants {
    let all = served + faulty.map(\.tenant)
    let bySlug = Dictionary(grouping: all, by: \.slug).filter { $0.value.count > 1 }
    let byID = Dictionary(grouping: all, by: \.id).filter { $0.value.count > 1 }
    if bySlug.isEmpty, byID.isEmpty { return self }
    var result = self
    result.served.removeAll { bySlug[$0.slug] != nil || byID[$0.id] != nil }
    result.faulty.removeAll { bySlug[$0.tenant.slug] != nil || byID[$0.tenant.id] != nil }
    // A partition is found by its tenant's id, so one id stands for one tenant here.
    var known: Set<String> = []
    for tenant in all where bySlug[tenant.slug] != nil || byID[tenant.id] != nil {
      guard known.insert(tenant.id).inserted else { continue }
      let ids = Set((bySlug[tenant.slug] ?? []).map(\.id)).sorted()
      let what =
        ids.count > 1
        ? "\(ids.count) tenants have the slug '\(tenant.slug)': \(Self.listed(ids))"
        : "the platform names the tenant \(tenant.id) more than once"
      result.faulty.append(
        (
          tenant,
          Diagnostic(
            .data, what, at: .init(stage: "plan", tenant: tenant.slug),
            hint: ids.count > 1
              ? "give each of them a slug of its own in the platform, then retry"
              : "make the tenant's id unique in the platform, then retry")
        ))
    }
    return result
  }

  /// At most ten ids.
  private static func listed(_ ids: [String]) -> String {
    ids.prefix(10).joined(separator: ", ") + (ids.count > 10 ? " and \(ids.count - 10) more" : "")
  }
}
