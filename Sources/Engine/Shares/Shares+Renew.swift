import Basics
package import Diagnostics
import Foundation
import Pipelines
import Store

extension Shares {
  /// The outcome of a renewal.
  package struct Renewal: Sendable {
    /// Tenants of which something changed.
    package var changed: [String] = []
    package var takenBack = 0
    /// What could not be renewed. Everything else was.
    package var failures: [Diagnostic] = []

    /// Throws the failures.
    package func check() throws {
      if !failures.isEmpty { throw Diagnostics(failures) }
    }
  }

  /// Makes the shares of tenants what they must be now. A share follows its report: a corrected
  /// report corrects it. It ends on its last day, and with what it was made from.
  ///
  /// It also finishes what was interrupted.
  ///
  /// - Parameters:
  ///   - isErasing: Whether what a share showed before goes at once.
  ///   - now: Seconds since 1970.
  package func renew(tenants slugs: [String], isErasing: Bool = false, now: Int) -> Renewal {
    var renewal = Renewal()
    for slug in slugs where slug != ReleaseTenant.operatorName {
      do {
        let places = try store.shares(tenant: slug)
        if places.isEmpty { continue }
        try store.holdShares {
          let tenant = try tenant(slug)
          for place in places { renew(place, tenant, isErasing, now, &renewal) }
        }
      } catch {
        renewal.failures.append(Self.failure(error, slug))
      }
    }
    return renewal
  }

  private static func failure(_ error: any Error, _ slug: String) -> Diagnostic {
    let failure =
      error as? Diagnostic ?? (error as? Diagnostics)?.all.first
      ?? Diagnostic(.bug, "a share could not be renewed", underlying: error)
    return failure.filling(.init(tenant: slug))
  }

  private func renew(
    _ place: ReleasePartition, _ tenant: Tenant, _ isErasing: Bool, _ now: Int,
    _ renewal: inout Renewal
  ) {
    do {
      let isChanged = try renewed(place, tenant, isErasing, now, &renewal)
      if isChanged, renewal.changed.last != tenant.slug { renewal.changed.append(tenant.slug) }
    } catch {
      renewal.failures.append(Self.failure(error, tenant.slug))
    }
  }

  private func renewed(
    _ place: ReleasePartition, _ tenant: Tenant, _ isErasing: Bool, _ now: Int,
    _ renewal: inout Renewal
  ) throws -> Bool {
    guard let head = try store.newest(place) else {
      if try store.heads(place).isEmpty {
        try store.discard(place)
        return true
      }
      // Whoever shared it died before anybody could see it, and never got its address.
      return try end(place, tenant, now: now)
    }
    if head.isWithdrawn { return try end(place, tenant, now: now) }
    var note = try ShareNote(of: place, head, in: store)
    note.address = address(of: place) ?? note.address
    let (isChanged, reason) = try publish(
      note, at: place, tenant, now: now, grace: isErasing ? -(1 << 32) : Self.grace)
    guard reason != nil else { return isChanged }
    renewal.takenBack += 1
    return try end(place, tenant, now: now)
  }
}
