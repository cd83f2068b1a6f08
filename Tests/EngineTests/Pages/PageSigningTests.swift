import Diagnostics
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Basics
@testable import Engine
@testable import Store

/// What somebody else changed is not signed by the next run.
@Suite(.enabled(if: TamperScene.keygen != nil, "ssh-keygen is not installed"))
struct PageSigningTests {
  private static let acme = "tenants/acme"

  @Test func `A forged catalog is not signed with the next publication, but made again`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try TamperScene(folder)
      let catalog = Self.acme + "/catalog.json"
      // Another partition's entry, which the next publication does not touch.
      try scene.edit(catalog, "\"title\":\"other\"", "\"title\":\"evil\"")
      try scene.write("<p>evil</p>\n", Self.acme + "/index.html")
      try scene.publishNext(period: "2026")
      #expect(try scene.verify().faults == [])
      #expect(try !scene.read(catalog).contains("evil"))
      #expect(try !scene.read(Self.acme + "/index.html").contains("evil"))
    }
  }

  @Test func `Pages whose signed list is gone, forged or another's are all made and signed again`()
    throws
  {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try TamperScene(folder)
      let lists = ["pages.json", "pages.json.sig"]
      let changes: [() throws -> Void] = [
        { for name in lists { try scene.remove("\(Self.acme)/\(name)") } },
        { try scene.remove("\(Self.acme)/pages.json.sig") },
        { try scene.edit("\(Self.acme)/pages.json", "index.html", "indes.html") },
        {
          for name in lists { try scene.copy("tenants/zeta/\(name)", to: "\(Self.acme)/\(name)") }
        },
      ]
      for (number, change) in changes.enumerated() {
        try scene.write("<p>evil</p>\n", Self.acme + "/index.html")
        try scene.write("<p>evil</p>\n", Self.acme + "/other/2026/index.html")
        try change()
        #expect(try !scene.verify().isSound, "\(number)")
        // Nothing else has changed.
        try scene.renewUnchanged()
        #expect(try scene.verify().faults == [], "\(number)")
      }
    }
  }

  @Test func `A run's report that somebody added is not shown to the operator, nor signed`() throws
  {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try TamperScene(folder)
      let evil = "operator/runs/20261121t0315-r9.json"
      try scene.copy("operator/runs/20261121t0315-r1.json", to: evil)
      try scene.edit("operator/catalog.json", "Tenant zeta", "Evil")
      try scene.publishNext(period: "2026")
      #expect(try scene.verify().faults.map(\.path) == [evil])
      #expect(try !scene.read("operator/index.html").contains("Evil"))
      try scene.remove(evil)
      #expect(try scene.verify().faults == [])
    }
  }

  @Test func `Wherever the writing of pages breaks, the next run leaves nothing of it`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try TamperScene(folder)
      var brokenCount = 0
      for nth in 1... {
        let count = Atomic<Int>(0)
        let disk = Disk { _, path throws(Diagnostic) in
          let now = count.add(1, ordering: .relaxed).newValue
          if now >= nth, path.hasPrefix(folder) { throw Diagnostic(.io, "cannot write \(path)") }
        }
        try scene.publishNext(period: "2026", turn: nth + 10, pagesOn: disk)
        if count.load(ordering: .relaxed) < nth { break }
        brokenCount += 1
        let found = try scene.verify()
        #expect(!found.faults.isEmpty, "change \(nth)")
        // To those who look for damage and not for attackers, nothing readers get is wrong.
        let trusting = try scene.store.verify(
          VerifyOptions(pages: { scene.remaking.pages(of: $0) }))
        #expect(
          trusting.faults.allSatisfy { $0.isHarmless || $0.path.hasPrefix("tenants/acme") },
          "change \(nth): \(trusting.faults)")
        try scene.renewUnchanged()
        #expect(try scene.verify().faults == [], "change \(nth)")
      }
      // Three pages, the list and its signature: staged and moved; and the staging folder.
      #expect(brokenCount > 10)
    }
  }

  @Test func `Pages of other templates are outdated until the next run renews them`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try TamperScene(folder)
      let templates = folder + "/templates"
      try TamperScene.run(["/bin/cp", "-r", Places.project + "/templates", templates])
      let page = templates + "/store-index.html"
      let text = try String(contentsOfFile: page, encoding: .utf8)
      #expect(text.contains("<main"))
      try Data(text.replacing("<main", with: "<main data-new=\"1\"").utf8)
        .write(to: URL(filePath: page))
      let remaking = try scene.remaking(templates: templates)
      let found = try scene.store.verify(
        VerifyOptions(isDeep: true, signers: scene.signers, pages: { remaking.pages(of: $0) }))
      #expect(found.isSound, "\(found.faults)")
      #expect(Set(found.faults.map(\.kind)) == [.outdated])
      #expect(found.faults.map(\.path).contains("tenants/acme/index.html"))
      // Without the signature nobody can tell them from forged ones.
      try scene.edit("tenants/acme/index.html", "<main", "<main data-evil=\"1\"")
      let forged = try scene.store.verify(
        VerifyOptions(isDeep: true, signers: scene.signers, pages: { remaking.pages(of: $0) }))
      #expect(
        forged.faults.filter { !$0.isHarmless } == [Fault(.altered, "tenants/acme/index.html")])
    }
  }
}
