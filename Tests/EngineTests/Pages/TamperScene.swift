import Foundation
import Glibc
import Pipelines
import Stages
import TestSupport
import Testing

@testable import Basics
@testable import Engine
@testable import Store

/// A signed store with all its pages, and somebody who can write anything in it but has no key.
struct TamperScene {
  static let keygen = Places.program("ssh-keygen")

  let folder: String
  let store: ReleaseStore
  let signers: AllowedSigners
  let remaking: PageRemaking
  private let pages: TenantPages
  private let owner = Configuration().operatorTenant

  static let acme = tenant(1, "acme")
  static let zeta = tenant(2, "zeta")
  static let tenants = [acme, zeta]

  static func tenant(_ number: Int, _ slug: String) -> Tenant {
    Tenant(
      id: "00000000-0000-4000-8000-00000000000\(number)", slug: slug, name: "Tenant \(slug)",
      zone: .utc, locale: "en", currency: "EUR")
  }

  /// Two tenants with two pipelines and three periods, one of them pruned, and one report of the
  /// operator. `earlier` has the store before the last publication.
  init(_ folder: String) throws {
    self.folder = folder
    let key = folder + "/key"
    let keygen = try #require(Self.keygen)
    #expect(try Program.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
    let publicKey = try String(contentsOfFile: key + ".pub", encoding: .utf8)
    try Data("yearbook \(publicKey)".utf8).write(to: URL(filePath: folder + "/signers"))
    signers = try AllowedSigners(file: folder + "/signers")
    store = try ReleaseStore(root: folder + "/store", signer: ReleaseSigner(file: key, agent: nil))
    for name in ["report", "other"] {
      let place = "\(folder)/pipelines/\(name)"
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      try Data(
        ("name: \(name)\nperiod: [year, month]\ntitle: \(name)\n"
          + "extract: {queries: {a: {order: [a]}}}\n"
          + "aggregate: {figures: {a: {from: a, count: rows}}}\n").utf8
      ).write(to: URL(filePath: "\(place)/pipeline.yaml"))
      try Data("SELECT p.tenant_id, 1 AS a FROM partition p\n".utf8)
        .write(to: URL(filePath: "\(place)/a.sql"))
    }
    let library = try PipelineLibrary(folder: folder + "/pipelines")
    let templates = Places.project + "/templates"
    pages = TenantPages(
      store: store, library: library, templates: try PageTemplates(folder: templates))
    remaking = try PageRemaking(
      store: store, library: library, templates: templates, operator: owner)
    try publish(1)
    let together = ReleaseTenant(id: owner.id, slug: owner.slug, name: owner.name)
    let operators = Self.release(together, "report", "2026", 1)
    let head = try #require(store.publish([operators]).first).get().head
    _ = try pages.renewOperator(owner, [operators.partition: head])
    try publish(2)
    let pruned = try #require(
      store.prune(
        [ReleasePartition(tenant: "acme", pipeline: "report", period: "2025")],
        by: PruneRule(last: 1, grace: 0), now: Int(time(nil)) + 100
      ).first)
    #expect(try pruned.get().releases.count == 1)
    try store.putPage("operator/tombstones/20261121t0315-aa.json", Array("{}\n".utf8))
    try keep("earlier")
    try publish(3)
    try keep("pristine")
  }

  private func publish(_ turn: Int) throws {
    for tenant in Self.tenants {
      let owner = ReleaseTenant(id: tenant.id, slug: tenant.slug, name: tenant.name)
      let batch = [("report", "2025"), ("report", "2026"), ("other", "2026")].map {
        Self.release(owner, $0.0, $0.1, $0.1 == "2025" && turn == 3 ? 2 : turn)
      }
      let heads = try store.publish(batch).map { try $0.get().head }
      _ = try pages.renew(
        tenant, Dictionary(uniqueKeysWithValues: zip(batch.map(\.partition), heads)))
    }
    try store.putRun("20261121t0315-r\(turn)", Array("{\"id\": \"r\(turn)\"}\n".utf8))
    try OperatorPages(store: store, templates: pages.templates).renew(nil, nil)
  }

  /// Publishes one more release of one partition, as a run does.
  func publishNext(period: String) throws {
    let owner = ReleaseTenant(id: Self.acme.id, slug: "acme", name: Self.acme.name)
    let release = Self.release(owner, "report", period, 4)
    let head = try #require(store.publish([release]).first).get().head
    let renewed = try pages.renew(Self.acme, [release.partition: head])
    try OperatorPages(store: store, templates: pages.templates)
      .renew(["acme": renewed.catalog], nil)
  }

  /// The same, but the tenant's pages are written to a disk that can break; that is ignored.
  func publishNext(period: String, turn: Int, pagesOn disk: Disk) throws {
    let owner = ReleaseTenant(id: Self.acme.id, slug: "acme", name: Self.acme.name)
    let release = Self.release(owner, "report", period, turn)
    let head = try #require(store.publish([release]).first).get().head
    let breaking = TenantPages(
      store: try ReleaseStore(root: store.root, disk: disk, signer: store.signer),
      library: pages.library, templates: pages.templates)
    do { _ = try breaking.renew(Self.acme, [release.partition: head]) } catch {}
  }

  /// Renews the pages of a tenant as a run does that found its newest releases unchanged.
  func renewUnchanged() throws {
    var heads: [ReleasePartition: Head] = [:]
    for place in try store.partitions(tenant: "acme") { heads[place] = try store.latest(place) }
    let renewed = try pages.renew(Self.acme, heads)
    try OperatorPages(store: store, templates: pages.templates)
      .renew(["acme": renewed.catalog], nil)
  }

  /// The same with other templates.
  func remaking(templates: String) throws -> PageRemaking {
    try PageRemaking(
      store: store, library: pages.library, templates: templates, operator: owner)
  }

  private static func release(
    _ tenant: ReleaseTenant, _ pipeline: String, _ period: String, _ turn: Int
  ) -> PendingRelease {
    let text = "<p>\(tenant.slug) \(pipeline) \(period) \(turn)</p>\n"
    return PendingRelease(
      tenant: tenant, pipeline: pipeline, period: period, title: pipeline,
      files: [
        ReleaseFile(name: "index.html", bytes: Array(text.utf8), mediaType: "text/html"),
        ReleaseFile(
          name: "tables/a.csv", bytes: Array("a\r\n\(text.count)\r\n".utf8), mediaType: "text/csv"),
      ],
      metadata: ReleaseMetadata(
        status: .provisional, run: "r\(turn)", created: 1_795_230_900 + turn * 86_400))
  }

  // MARK: - Looking

  /// What `verify --deep --signers` finds.
  func verify() throws -> Verification {
    try store.verify(
      VerifyOptions(isDeep: true, signers: signers, pages: { remaking.pages(of: $0) }))
  }

  /// Whether one of the faults names one of the paths, something in it, or the folder it is in. A
  /// signature that is gone is named by the file that lacks it.
  static func names(_ faults: [Fault], _ touched: [String]) -> Bool {
    faults.contains { fault in
      touched.contains { path in
        fault.path == path || fault.path + ".sig" == path || fault.path.hasPrefix(path + "/")
          || path.hasPrefix(fault.path + "/")
      }
    }
  }

  func newest(_ place: String) throws -> String {
    let parts = place.split(separator: "/").suffix(3).map(String.init)
    let head = try store.latest(
      ReleasePartition(tenant: parts[0], pipeline: parts[1], period: parts[2]))
    return try #require(head).release
  }

  // MARK: - Changing

  func path(_ path: String) -> String { store.path(path) }

  func keep(_ name: String) throws { try copyAll("\(folder)/store", to: "\(folder)/\(name)") }

  /// Puts the whole store back as it was.
  func reset() throws {
    try Self.run(["/bin/rm", "-rf", "\(folder)/store"])
    try copyAll("\(folder)/pristine", to: "\(folder)/store")
  }

  private func copyAll(_ source: String, to target: String) throws {
    try Self.run(["/bin/cp", "-a", source, target])
  }

  static func run(_ arguments: [String]) throws {
    let outcome = try Program.run(arguments)
    #expect(outcome.status == 0, "\(arguments): \(outcome.output)")
  }

  func write(_ text: String, _ path: String) throws {
    unlink(self.path(path))
    #expect(FileManager.default.createFile(atPath: self.path(path), contents: Data(text.utf8)))
  }

  func read(_ path: String) throws -> String {
    try String(contentsOfFile: self.path(path), encoding: .utf8)
  }

  func edit(_ path: String, _ old: String, _ new: String) throws {
    let text = try read(path)
    #expect(text.contains(old), "\(path) has no \(old)")
    try write(text.replacing(old, with: new), path)
  }

  /// Puts a copy of a file or folder in the place of another, which can be missing.
  func copy(_ source: String, to target: String) throws {
    try Self.run(["/bin/cp", "-a", path(source), "\(folder)/aside"])
    try remove(target)
    #expect(rename("\(folder)/aside", path(target)) == 0, "\(target)")
  }

  /// The same from another moment of the store's.
  func putBack(_ names: [String], from moment: String = "earlier") throws {
    for name in names {
      try remove(name)
      try Self.run(["/bin/cp", "-a", "\(folder)/\(moment)/\(name)", path(name)])
    }
  }

  func remove(_ path: String) throws { try Self.run(["/bin/rm", "-rf", self.path(path)]) }

  func move(_ source: String, to target: String) throws {
    #expect(rename(path(source), path(target)) == 0, "\(source) to \(target)")
  }

  func swap(_ first: String, _ second: String) throws {
    #expect(rename(path(first), "\(folder)/aside") == 0, "\(first)")
    #expect(rename(path(second), path(first)) == 0, "\(second)")
    #expect(rename("\(folder)/aside", path(second)) == 0, "\(second)")
  }

  func makeFolder(_ path: String) throws {
    try FileManager.default.createDirectory(
      atPath: self.path(path), withIntermediateDirectories: true)
  }
}
