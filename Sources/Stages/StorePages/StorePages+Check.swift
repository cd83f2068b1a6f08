import Basics
import Diagnostics
import Media
import Pipelines

extension StorePages {
  /// The faults of pages that are made with all branches of the templates, for a tenant that does
  /// not exist. Pages with the same fault count once.
  static func trial(of templates: PageTemplates) -> [Diagnostic] {
    let tenant = Tenant(
      id: "00000000-0000-4000-8000-000000000000", slug: "tenant", name: "Tenant", zone: .utc,
      locale: "en", currency: "EUR")
    var found: [Diagnostic] = []
    func attempt(_ make: () throws -> [UInt8]) {
      do {
        _ = try make()
      } catch {
        let fault =
          error as? Diagnostic
          ?? Diagnostic(
            .bug, "a page of the store cannot be made", at: .init(file: templates.folder),
            underlying: error)
        if !found.contains(fault) { found.append(fault) }
      }
    }
    for partitions in [[], trialPartitions] {
      attempt { try tenantIndex(tenant, partitions: partitions, templates: templates) }
    }
    attempt {
      try stableAddress(
        title: "Report", tenant: tenant, target: target(release: "r", files: ["index.html"]),
        preview: Preview(page: "https://a.example/", address: "https://a.example/p", bytes: []),
        templates: templates)
    }
    attempt {
      try encryptedAddress(
        title: "Report", tenant: tenant, release: "r", files: ["index.html.age"],
        templates: templates)
    }
    if templates.has(StorePage.Template.own.rawValue) {
      attempt {
        try personalAddress(
          title: "Report", tenant: tenant, folder: personalFolder(release: "r"),
          templates: templates)
      }
    }
    if templates.has(StorePage.Template.share.rawValue) {
      attempt {
        let share = Share(
          page: "https://a.example/index.html", folder: "releases/r/data",
          files: Share.pictures + Share.film + [Share.code], until: CivilDate("2026-12-31"),
          picture: trialPicture)
        return try shared(share, tenant: tenant, templates: templates)
      }
    }
    if templates.has(StorePage.Template.gone.rawValue) {
      attempt { try gone(tenant, templates: templates) }
    }
    for overview in [OperatorOverview(), trialOverview] {
      attempt { try operatorOverview(overview, templates: templates) }
    }
    return found
  }

  /// A picture with words, as `Share` reads them.
  private static var trialPicture: [UInt8] {
    do {
      return try StillImage.png(
        Bitmap(width: 1, height: 1), description: "Tenant\nReport\nA sentence\nPosts: 1")
    } catch {
      // Without words, fewer branches are tried.
      return []
    }
  }

  private static var trialPartitions: [Partition] {
    Partition.Status.allCases.compactMap { status in
      guard let period = Period("2026-11"), let day = CivilDate("2026-12-01") else { return nil }
      return Partition(
        pipeline: status.rawValue, title: "Report", period: period, release: "r", status: status,
        published: day,
        files: [.init(name: "index.html", bytes: 1), .init(name: "poster.jpg", bytes: 1)])
    }
  }

  private static var trialOverview: OperatorOverview {
    var overview = OperatorOverview()
    overview.tenants = [0, 1].map { failing in
      .init(
        slug: "tenant", name: "Tenant", partitions: 1, bytes: 1, published: "2026-12-01T03:15:00Z",
        failing: failing)
    }
    overview.reports = [.init(name: "report", address: "report/2026-11/index.html")]
    // One more than the page lists.
    overview.failing = Array(
      repeating: .init(
        slug: "tenant", partition: "tenant report 2026-11", stage: "render", message: "Message",
        hint: "hint", command: "yearbook run report"), count: failingLimit + 1)
    overview.runs = [nil, "yearbook retry"].map { retry in
      .init(
        id: "R", name: "run", state: "failed", finished: "2026-12-01T03:15:00Z", published: 1,
        unchanged: 1, failed: 1, retry: retry, problem: retry)
    }
    return overview
  }
}
