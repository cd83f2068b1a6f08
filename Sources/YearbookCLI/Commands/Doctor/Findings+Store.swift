import Diagnostics
import Engine
import Foundation
import Pipelines
import Store

extension Findings {
  /// Keys, encryption and the bucket.
  mutating func protection(of configuration: Configuration, _ shared: SharedOptions) {
    if let key = configuration.signingKey {
      check("signing") {
        _ = try ReleaseSigner(
          file: key, agent: ProcessInfo.processInfo.environment["SSH_AUTH_SOCK"])
        return key
      }
    }
    let sealed = configuration.tenants.count { !$0.value.recipients.isEmpty }
    if sealed > 0 {
      check("encryption") {
        guard !configuration.recipients.isEmpty else {
          return "\(Figures.count(sealed, "tenant")), which you cannot open:"
            + " no operator recipients are configured"
        }
        return "\(Figures.count(sealed, "tenant")), readable for the operator too"
      }
      if let root = configuration.store, FileManager.default.fileExists(atPath: root) {
        check("in clear") { try Self.inClear(configuration, root, shared) }
      }
    }
    if configuration.mirror != nil, let root = configuration.store {
      check("mirror") {
        let mirroring = try configuration.mirroring(configuration.releaseStore(root))
        try mirroring.probe()
        return "\(mirroring.address), conditional writes work"
      }
    }
  }

  private static func inClear(
    _ configuration: Configuration, _ root: String, _ shared: SharedOptions
  ) throws -> String {
    let found = try configuration.partitionsInClear(configuration.releaseStore(root))
    guard let first = found.first else { return "no release that must be encrypted" }
    let more = found.count == 1 ? "" : " and \(Figures.count(found.count - 1, "other"))"
    throw Diagnostic(
      .configuration, "\(first)\(more), published before encryption was configured",
      hint: CommandText.yearbook(
        ["run", first.pipeline, "--tenant", first.tenant, "--period", first.period], shared)
        + " publishes it again; `yearbook prune` removes the old release")
  }
}
