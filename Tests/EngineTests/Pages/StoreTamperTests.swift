import Foundation
import Glibc
import Store
import TestSupport
import Testing

@testable import Engine

/// Whoever can write to the store but has no key changes it in a way that a reader would not notice.
@Suite(.enabled(if: TamperScene.keygen != nil, "ssh-keygen is not installed"))
struct StoreTamperTests {
  /// A change, and what `verify` must name.
  struct Tampering: Sendable {
    var name: String
    var named: [String]
    /// Whether the change can never reach a reader.
    var isHarmless = false
    var change: @Sendable (TamperScene) throws -> Void

    init(
      _ name: String, _ named: String..., isHarmless: Bool = false,
      change: @escaping @Sendable (TamperScene) throws -> Void
    ) {
      self.name = name
      self.named = named
      self.isHarmless = isHarmless
      self.change = change
    }
  }

  private static let ours = "tenants/acme/report/2026"
  private static let theirs = "tenants/zeta/report/2026"

  private static let partitions = [
    Tampering("partitions swapped between tenants", ours + "/heads/3.json", theirs) {
      try $0.swap(ours, theirs)
    },
    Tampering("a partition copied over another tenant's", ours + "/heads/3.json") {
      try $0.copy(theirs, to: ours)
    },
    Tampering(
      "a partition copied to a tenant that has none", "tenants/acme/report/2024/heads/1.json"
    ) {
      try $0.copy("tenants/zeta/report/2025", to: "tenants/acme/report/2024")
    },
    Tampering("partitions swapped between pipelines", ours + "/heads/3.json", "tenants/acme/other")
    {
      try $0.swap(ours, "tenants/acme/other/2026")
    },
    Tampering("a partition copied to another pipeline", "tenants/acme/other/2025/heads/2.json") {
      try $0.copy("tenants/acme/report/2025", to: "tenants/acme/other/2025")
    },
    Tampering("a partition copied to a new pipeline", "tenants/acme/fresh/2026/heads/1.json") {
      try $0.makeFolder("tenants/acme/fresh")
      try $0.copy(ours, to: "tenants/acme/fresh/2026")
    },
    Tampering("partitions swapped between periods", ours + "/heads/2.json") {
      try $0.swap(ours, "tenants/acme/report/2025")
    },
    Tampering("a partition copied to another period", "tenants/acme/report/2027/heads/1.json") {
      try $0.copy(ours, to: "tenants/acme/report/2027")
    },
    Tampering("a head of another period added as the newest", ours + "/heads/4.json") {
      for suffix in ["", ".sig"] {
        try $0.copy(
          "tenants/acme/other/2026/heads/3.json\(suffix)", to: "\(ours)/heads/4.json\(suffix)")
      }
      try $0.copy(ours + "/heads/4.json", to: ours + "/latest.json")
    },
    Tampering("another tenant's pointer", ours + "/latest.json") {
      try $0.copy(theirs + "/latest.json", to: ours + "/latest.json")
    },
    Tampering("another tenant's release under the newest id", ours + "/releases") {
      try $0.copy(
        "\(theirs)/releases/\($0.newest(theirs))", to: "\(ours)/releases/\($0.newest(ours))")
    },
    Tampering("another tenant's release beside ours", ours + "/releases") {
      try $0.copy(
        "\(theirs)/releases/\($0.newest(theirs))", to: "\(ours)/releases/\($0.newest(theirs))")
    },
    Tampering("our release under another id", ours + "/releases/evil") {
      try $0.copy("\(ours)/releases/\($0.newest(ours))", to: ours + "/releases/evil")
    },
    Tampering("the newest head taken away", ours + "/latest.json") {
      for name in ["heads/3.json", "heads/3.json.sig"] { try $0.remove("\(ours)/\(name)") }
      try $0.copy(ours + "/heads/2.json", to: ours + "/latest.json")
    },
    Tampering("heads hidden by another partition's pruned.json", ours + "/pruned.json", ours) {
      for name in ["pruned.json", "pruned.json.sig"] {
        try $0.copy("tenants/acme/report/2025/\(name)", to: "\(ours)/\(name)")
      }
      for name in ["heads/1.json", "heads/1.json.sig"] { try $0.remove("\(ours)/\(name)") }
    },
    Tampering("a partition taken away", ours) { try $0.remove(ours) },
    Tampering("a whole partition put back", ours + "/latest.json") { try $0.putBack([ours]) },
  ]

  private static let tenants = [
    Tampering("a tenant copied under a new slug", "tenants/evil/tenant.json") {
      try $0.copy("tenants/acme", to: "tenants/evil")
    },
    Tampering("a tenant copied, its tenant.json changed to fit", "tenants/evil/pages.json") {
      try $0.copy("tenants/acme", to: "tenants/evil")
      try $0.edit("tenants/evil/tenant.json", "\"acme\"", "\"evil\"")
    },
    Tampering("a tenant copied as a new tenant", "tenants/evil/report/2026/heads/3.json") {
      try $0.copy("tenants/acme", to: "tenants/evil")
      try $0.edit("tenants/evil/tenant.json", "\"acme\"", "\"evil\"")
      try $0.edit("tenants/evil/tenant.json", "000000000001", "000000000009")
    },
    Tampering("a tenant copied without its pages", "tenants/evil/pages.json") {
      try $0.copy("tenants/acme", to: "tenants/evil")
      try $0.edit("tenants/evil/tenant.json", "\"acme\"", "\"evil\"")
      for name in ["pages.json", "pages.json.sig", "index.html", "catalog.json"] {
        try $0.remove("tenants/evil/\(name)")
      }
    },
    Tampering("a tenant moved to a new slug", "tenants/evil/pages.json") {
      try $0.move("tenants/acme", to: "tenants/evil")
      try $0.edit("tenants/evil/tenant.json", "\"acme\"", "\"evil\"")
    },
    Tampering("two tenants swapped", "tenants/acme/tenant.json") {
      try $0.swap("tenants/acme", "tenants/zeta")
    },
    Tampering("two tenants swapped, each tenant.json changed to fit", "tenants/acme/pages.json") {
      try $0.swap("tenants/acme", "tenants/zeta")
      try $0.edit("tenants/acme/tenant.json", "\"zeta\"", "\"acme\"")
      try $0.edit("tenants/zeta/tenant.json", "\"acme\"", "\"zeta\"")
    },
    Tampering("all but tenant.json swapped", "tenants/acme/report/2026/heads/1.json") {
      try $0.swap("tenants/acme", "tenants/zeta")
      try $0.swap("tenants/acme/tenant.json", "tenants/zeta/tenant.json")
    },
    Tampering("a tenant's name changed", "tenants/acme/tenant.json") {
      try $0.edit("tenants/acme/tenant.json", "Tenant acme", "Evil")
    },
    Tampering("a tenant taken away", "tenants/zeta") { try $0.remove("tenants/zeta") },
    Tampering("a whole tenant put back", ours + "/latest.json") {
      try $0.putBack(["tenants/acme"])
    },
  ]

  private static let pages = [
    Tampering("the tenant's index replaced", "tenants/acme/index.html") {
      try $0.write("<p>evil</p>\n", "tenants/acme/index.html")
    },
    Tampering("the tenant's index replaced by another's", "tenants/acme/index.html") {
      try $0.copy("tenants/zeta/index.html", to: "tenants/acme/index.html")
    },
    Tampering("a stable address replaced", ours + "/index.html") {
      try $0.write("<p>evil</p>\n", ours + "/index.html")
    },
    Tampering("a stable address of another period", ours + "/index.html") {
      try $0.copy("tenants/acme/report/2025/index.html", to: ours + "/index.html")
    },
    Tampering("an older stable address", ours + "/index.html") {
      try $0.putBack([ours + "/index.html"])
    },
    Tampering("all pages of a tenant put back, with their signed list", "tenants/acme/catalog.json")
    {
      try $0.putBack(
        [
          "index.html", "catalog.json", "pages.json", "pages.json.sig", "other/2026/index.html",
          "report/2025/index.html", "report/2026/index.html",
        ].map { "tenants/acme/\($0)" })
    },
    Tampering("another tenant's catalog", "tenants/acme/catalog.json") {
      try $0.copy("tenants/zeta/catalog.json", to: "tenants/acme/catalog.json")
    },
    Tampering("another tenant's pages with their signed list", "tenants/acme/pages.json") {
      for name in ["index.html", "catalog.json", "pages.json", "pages.json.sig"] {
        try $0.copy("tenants/zeta/\(name)", to: "tenants/acme/\(name)")
      }
    },
    Tampering("an older release in the catalog", "tenants/acme/catalog.json") {
      try $0.edit("tenants/acme/catalog.json", "\"sequence\":3", "\"sequence\":2")
    },
    Tampering("an index replaced, and the signed list taken away", "tenants/acme/index.html") {
      try $0.write("<p>evil</p>\n", "tenants/acme/index.html")
      for name in ["pages.json", "pages.json.sig"] { try $0.remove("tenants/acme/\(name)") }
    },
    Tampering("the signed list taken away", "tenants/acme/pages.json") {
      for name in ["pages.json", "pages.json.sig"] { try $0.remove("tenants/acme/\(name)") }
    },
    Tampering("the signed list changed", "tenants/acme/pages.json.sig") {
      try $0.edit("tenants/acme/pages.json", "index.html", "indes.html")
    },
  ]

  private static let operators = [
    Tampering("the operator's overview replaced", "operator/index.html") {
      try $0.write("<p>evil</p>\n", "operator/index.html")
    },
    Tampering("the operator's catalog changed", "operator/catalog.json") {
      try $0.edit("operator/catalog.json", "Tenant acme", "Evil")
    },
    Tampering(
      "all of the operator's pages put back", "operator/catalog.json", isHarmless: true
    ) {
      try $0.putBack(
        ["index.html", "catalog.json", "pages.json", "pages.json.sig"].map { "operator/\($0)" })
      try $0.remove("operator/runs/20261121t0315-r3.json")
    },
    Tampering("the operator's stable address replaced", "operator/report/2026/index.html") {
      try $0.write("<p>evil</p>\n", "operator/report/2026/index.html")
    },
    Tampering("a run's report changed", "operator/runs/20261121t0315-r2.json") {
      try $0.edit("operator/runs/20261121t0315-r2.json", "r2", "r9")
    },
    Tampering("a run's report added", "operator/runs/20261121t0315-r9.json") {
      try $0.write("{}\n", "operator/runs/20261121t0315-r9.json")
    },
    Tampering("a tombstone taken away", "operator/tombstones") {
      try $0.remove("operator/tombstones")
    },
    Tampering("a tenant's report among the operator's", "operator/report/2026/heads/1.json") {
      try $0.copy(ours, to: "operator/report/2026")
    },
    Tampering("the operator's folder taken away", "operator") { try $0.remove("operator") },
  ]

  private static let additions = [
    "evil", ".evil", "tenants/evil", "tenants/.evil", "tenants/acme/evil",
    "tenants/acme/pages.html",
    "tenants/acme/report/evil", "tenants/acme/report/index.html", ours + "/evil",
    ours + "/heads/evil", ours + "/heads/99999999999.json",
    ours + "/heads/9223372036854775807.json",
    ours + "/releases/evil", "operator/evil", "operator/evil.json", "operator/runs/evil",
    "operator/report/evil", "operator/tombstones/evil", ".locks/evil", ".staging/evil",
  ].map { path in
    Tampering("a file added: \(path)", path) { try $0.write("evil\n", path) }
  }

  private static let folders = [
    "evil", "tenants/Evil", "tenants/acme/Evil", "tenants/acme/report/Evil", ours + "/evil",
    ours + "/heads/evil", ours + "/releases/evil", "operator/Evil", "operator/runs/evil",
    "operator/tombstones/evil", ".locks/evil",
  ].map { path in
    Tampering("a folder added: \(path)", path) {
      try $0.makeFolder(path)
      try $0.write("<p>evil</p>\n", path + "/index.html")
    }
  }

  private static let emptyFolders = [
    "tenants/evil", "tenants/acme/evil", "tenants/acme/report/2030", "operator/evil",
  ].map { path in
    Tampering("an empty folder added: \(path)", path, isHarmless: true) { try $0.makeFolder(path) }
  }

  @Test func `Whatever is replaced, swapped, copied, put back or added without the key is named`()
    throws
  {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try TamperScene(folder)
      #expect(try scene.verify().faults == [])
      let all =
        Self.partitions + Self.tenants + Self.pages + Self.operators + Self.additions + Self.folders
        + Self.emptyFolders
      for tampering in all {
        try tampering.change(scene)
        let found = try scene.verify()
        for path in tampering.named {
          #expect(
            TamperScene.names(found.faults, [path]), "\(tampering.name), \(path): \(found.faults)")
        }
        #expect(found.isSound == tampering.isHarmless, "\(tampering.name): \(found.faults)")
        try scene.reset()
      }
      #expect(try scene.verify().faults == [])
      print("\(all.count) changes without the key")
    }
  }
}
