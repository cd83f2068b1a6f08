package import Diagnostics

/// The content of `operator/index.html`.
package struct OperatorOverview: Sendable {
  /// One line of the table of tenants.
  package struct TenantLine: Sendable {
    package var slug, name: String
    package var partitions, bytes: Int
    /// When the newest release was made, `2026-11-21T03:15:00Z`; `""` without a release.
    package var published: String
    /// How many partitions are failing now.
    package var failing: Int

    package init(
      slug: String, name: String, partitions: Int, bytes: Int, published: String, failing: Int
    ) {
      self.slug = slug
      self.name = name
      self.partitions = partitions
      self.bytes = bytes
      self.published = published
      self.failing = failing
    }
  }

  /// A report of all tenants together.
  package struct Report: Sendable {
    package var name, address: String

    package init(name: String, address: String) {
      self.name = name
      self.address = address
    }
  }

  /// A partition whose last outcome is a failure.
  package struct Failing: Sendable {
    package var slug, partition, stage, message: String
    package var hint: String?
    /// The command that tries it again.
    package var command: String

    package init(
      slug: String, partition: String, stage: String, message: String, hint: String?,
      command: String
    ) {
      self.slug = slug
      self.partition = partition
      self.stage = stage
      self.message = message
      self.hint = hint
      self.command = command
    }
  }

  /// One line of the table of runs.
  package struct RunLine: Sendable {
    package var id, name, state, finished: String
    package var published, unchanged, failed: Int
    /// The command that retries everything that failed.
    package var retry: String?
    /// What stopped the whole run.
    package var problem: String?
    /// Whether later runs have done what this one could not.
    package var isFixed: Bool

    package init(
      id: String, name: String, state: String, finished: String, published: Int, unchanged: Int,
      failed: Int, retry: String?, problem: String? = nil, isFixed: Bool = false
    ) {
      self.id = id
      self.name = name
      self.state = state
      self.finished = finished
      self.published = published
      self.unchanged = unchanged
      self.failed = failed
      self.retry = retry
      self.problem = problem
      self.isFixed = isFixed
    }
  }

  /// Ordered by slug.
  package var tenants: [TenantLine] = []
  package var failing: [Failing] = []
  /// The newest of each report of all tenants together.
  package var reports: [Report] = []
  /// The newest first.
  package var runs: [RunLine] = []

  package init() {}
}

extension StorePages {
  /// How many causes, and partitions of each cause, the page lists. For more, it names the command.
  static let failingLimit = 50

  /// `operator/index.html`: all tenants, what is failing and how to try it again, the last runs. It
  /// is in English, like the command line.
  package static func operatorOverview(
    _ overview: OperatorOverview, templates: PageTemplates
  ) throws(Diagnostic) -> [UInt8] {
    let page = try StorePage(.overview, owner: "operator", locale: "en", templates: templates)
    page["total"] = PageView([
      "tenants": count(overview.tenants.count),
      "releases": count(overview.tenants.reduce(0) { $0 + $1.partitions }),
      "size": Counted.bytes(overview.tenants.reduce(0) { $0 + $1.bytes }),
    ])
    page["failing"] = failing(overview.failing, page)
    page["reports"] = lines(overview.reports.sorted { $1.name < $0.name }) { report in
      ["href": page.link(report.address), "name": page.text(report.name)]
    }
    page["runs"] = lines(overview.runs) { run in
      var values = [
        "href": page.link("runs/\(run.id.lowercased()).json"), "name": page.text(run.name),
        "id": page.text(run.id), "ended": page.text(minute(run.finished)),
        "state": page.text(run.state), "published": String(run.published),
        "unchanged": String(run.unchanged), "failed": String(run.failed),
      ]
      values["problem"] = run.problem.map(page.text)
      values["retry"] = run.retry.map(page.text)
      values["fixed"] = run.isFixed ? "fixed since" : nil
      return values
    }
    page["tenants"] = overview.tenants.map { tenant in
      var values = [
        "href": page.link("../tenants/\(tenant.slug)/index.html"),
        "name": page.text(tenant.name), "slug": page.text(tenant.slug),
        "releases": String(tenant.partitions), "size": Counted.bytes(tenant.bytes),
        "newest": page.text(minute(tenant.published)),
      ]
      if tenant.failing > 0 { values["failures"] = String(tenant.failing) }
      return PageView(values)
    }
    return try page.bytes()
  }

  /// What fails, by cause; `nil` if nothing fails.
  private static func failing(
    _ failing: [OperatorOverview.Failing], _ page: StorePage
  ) -> PageView? {
    if failing.isEmpty { return nil }
    let causes = causes(failing).prefix(failingLimit).map { group in
      let view = PageView([
        "stage": page.text(group[0].stage), "message": page.text(group[0].message),
        "commands": group.prefix(failingLimit).map { failure in
          PageView(["command": page.text(failure.command)])
        },
      ])
      view["hint"] = group[0].hint.map(page.text)
      if group.count > failingLimit { view["more"] = String(group.count - failingLimit) }
      return view
    }
    return PageView(["count": count(failing.count), "causes": causes])
  }

  /// Failures by their cause, the most frequent first.
  private static func causes(
    _ failing: [OperatorOverview.Failing]
  ) -> [[OperatorOverview.Failing]] {
    // Messages that differ only in the tenant's slug have the same cause.
    Dictionary(grouping: failing) { failure in
      [failure.stage, failure.message.replacing(failure.slug, with: ""), failure.hint ?? ""]
    }.values.sorted { ($1.count, $0[0].partition) < ($0.count, $1[0].partition) }
  }

  /// A list whose heading is shown only with it; `nil` if it is empty.
  private static func lines<Line>(
    _ lines: [Line], _ values: (Line) -> [String: String]
  ) -> PageView? {
    lines.isEmpty ? nil : PageView(["lines": lines.map { PageView(values($0)) }])
  }

  /// A number, and whether its noun has an s.
  private static func count(_ number: Int) -> PageView {
    PageView(["number": String(number), "many": number != 1])
  }

  /// `2026-11-21 03:15` from `2026-11-21T03:15:00Z`.
  private static func minute(_ instant: String) -> String {
    String(instant.prefix(16)).replacing("T", with: " ")
  }
}
