import Basics
import Diagnostics
import Foundation
import Media
import Pipelines
import TestSupport
import Testing

@testable import Stages

/// The templates of the store's pages: the program's own, and changed ones.
@Suite struct StoreTemplateTests {
  private static let own = Places.project + "/templates"

  /// A text that would be markup, a tag, or a mark of ours if it were not data.
  private static let typed = "<b>&\"\u{301}'{{title}}" + String(decoding: marks, as: UTF8.self)
  private static let marks: [UInt8] = [0xEF, 0xB7, 0x95, 0x30, 0xEF, 0xB7, 0x96]
  private static let shown = "&lt;b&gt;&amp;&quot;\u{301}&#39;{{title}}\u{FFFD}0\u{FFFD}"

  private static let tenant = Tenant(
    id: "00000000-0000-4000-8000-000000000001", slug: "acme", name: typed, zone: .utc,
    locale: "en", currency: "EUR")

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// The program's templates after a change.
  private func changed<T>(
    _ change: (String) throws -> Void, _ body: (PageTemplates) throws -> T
  ) throws -> T {
    try withTemporaryFolder { folder in
      let copy = folder + "/templates"
      try FileManager.default.copyItem(atPath: Self.own, toPath: copy)
      try change(copy)
      return try body(PageTemplates(folder: copy))
    }
  }

  private func replace(_ old: String, _ new: String, in path: String) throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.contains(old))
    try Data(text.replacing(old, with: new).utf8).write(to: URL(filePath: path))
  }

  @Test func `What a tenant typed is data on every page of the store`() throws {
    let templates = try PageTemplates.cached(folder: Self.own)
    var overview = OperatorOverview()
    overview.tenants = [
      .init(
        slug: "acme", name: Self.typed, partitions: 1, bytes: 1500, published: "", failing: 0)
    ]
    let pages = [
      try StorePages.tenantIndex(Self.tenant, partitions: [], templates: templates),
      try StorePages.stableAddress(
        title: Self.typed, tenant: Self.tenant, target: "releases/r/data/a.csv",
        templates: templates),
      try StorePages.encryptedAddress(
        title: Self.typed, tenant: Self.tenant, release: "r", files: ["a.csv.age"],
        templates: templates),
      try StorePages.withdrawnAddress(
        title: Self.typed, tenant: Self.tenant, day: CivilDate("2026-11-21"), reason: Self.typed,
        templates: templates),
      try StorePages.operatorOverview(overview, templates: templates),
    ].map(Self.text)
    for page in pages {
      #expect(page.contains(Self.shown) && !page.contains("<b>"), "\(page)")
      #expect(page.contains("default-src 'none'; style-src 'sha256-"))
    }
  }

  @Test func `A preview's words are data, and without a preview nothing is said to others`() throws
  {
    let templates = try PageTemplates.cached(folder: Self.own)
    func page(_ preview: StorePages.Preview?) throws -> String {
      Self.text(
        try StorePages.stableAddress(
          title: "Year", tenant: Self.tenant, target: "releases/r/data/index.html",
          preview: preview, templates: templates))
    }
    let picture = try StillImage.png(
      Bitmap(width: 2, height: 2), description: "A\nYear\n\(Self.typed)\nPosts: 3")
    let shown = try page(
      .init(page: "https://a.example/y/", address: "https://a.example/y/p.png", bytes: picture))
    #expect(
      shown.contains(
        "<meta property=\"og:image\" content=\"https://a.example/y/p.png\" />"), "\(shown)")
    #expect(shown.contains("\(Self.shown) · Posts: 3\" />") && !shown.contains("<b>"))
    #expect(shown.contains("<meta name=\"twitter:card\" content=\"summary_large_image\" />"))
    let hidden = try page(nil)
    #expect(!hidden.contains("og:") && !hidden.contains("twitter:") && !hidden.contains("https:"))
    // A damaged picture has no words.
    #expect(StillImage.description(ofPNG: Array(picture.prefix(60))) == "")
    #expect(try page(.init(page: "", address: "", bytes: [])).contains("og:description"))
  }

  @Test func `The overview groups failures by cause and says how to try them again`() throws {
    var overview = OperatorOverview()
    overview.tenants = [
      .init(
        slug: "acme", name: "Acme", partitions: 1, bytes: 1500, published: "2026-11-21T03:15:00Z",
        failing: 51)
    ]
    overview.failing = (1...51).map { number in
      .init(
        slug: "t\(number)", partition: "t\(number) p 2026", stage: "render",
        message: "t\(number) is broken", hint: "fix it",
        command: "yearbook run p --tenant t\(number)")
    }
    overview.runs = [
      .init(
        id: "R1", name: "nightly", state: "failed", finished: "2026-11-21T03:15:00Z", published: 1,
        unchanged: 2, failed: 3, retry: "yearbook retry R1", problem: "the disk is full")
    ]
    let page = Self.text(
      try StorePages.operatorOverview(
        overview, templates: PageTemplates.cached(folder: Self.own)))
    for part in [
      "1 tenant · 1 current release · 1.5 kB", "51 partitions failed.",
      "<h3>render: <bdi>t1 is broken",
      "What to do: fix it. Then run:", "and 1 more; list them with: yearbook status",
      "<a href=\"runs/r1.json\">nightly R1</a>", "2026-11-21 03:15",
      "stopped: <bdi>the disk is full</bdi> <code>yearbook retry R1</code>",
      "<a href=\"../tenants/acme/index.html\">Acme</a>", "data-l=\"Failing\">51</td>",
    ] {
      #expect(page.contains(part), "\(part)")
    }
    #expect(!page.contains("Platform-wide") && !page.contains("Nothing is failing."))
  }

  @Test func `Templates without those of the store are refused, each by name`() throws {
    try changed { folder in
      for name in ["store-index.html", "store-operator.html"] {
        try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      }
    } _: { templates in
      let missing = [
        "no template is named 'store-index.html'", "no template is named 'store-operator.html'",
      ]
      #expect(templates.diagnosticsOfStore().map { $0.message } == missing)
      do throws(Diagnostics) {
        _ = try PageTemplates.ofStore(folder: templates.folder)
        Issue.record("they were taken")
      } catch {
        #expect(error.all.map { $0.message } == missing)
      }
    }
  }

  @Test func `A page of the store that breaks a rule is found by the check and is not made`() throws
  {
    try changed { folder in
      try replace("href=\"{{href}}\"", "href=\"//evil/{{href}}\"", in: folder + "/store-index.html")
      try replace("<main", "<main onclick=\"x()\"", in: folder + "/store-address.html")
    } _: { templates in
      let faults = templates.diagnosticsOfStore()
      #expect(
        faults.map { $0.message } == [
          "a link is neither https nor relative", "an event handler is not allowed",
        ])
      #expect(
        faults.map(\.subject.file)
          == ["store-index.html", "store-address.html"].map {
            "\(templates.folder)/\($0)"
          })
      #expect(throws: Diagnostic.self) {
        try StorePages.stableAddress(
          title: "T", tenant: Self.tenant, target: "releases/r/data/a.csv", templates: templates)
      }
    }
  }
}
