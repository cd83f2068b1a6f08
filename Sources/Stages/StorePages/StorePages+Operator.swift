package import Diagnostics
import Markup

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

    package init(
      id: String, name: String, state: String, finished: String, published: Int, unchanged: Int,
      failed: Int, retry: String?, problem: String? = nil
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
  private static let failingLimit = 50

  /// `operator/index.html`: all tenants, what is failing and how to try it again, the last runs. It
  /// is in English, like the command line.
  package static func operatorOverview(
    _ overview: OperatorOverview, templates: PageTemplates
  ) throws(Diagnostic) -> [UInt8] {
    var page = MarkupWriter()
    page.raw("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n")
    page.raw("<meta charset=\"utf-8\" />\n")
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n")
    page.raw("<meta name=\"color-scheme\" content=\"light dark\" />\n")
    page.raw("<meta name=\"robots\" content=\"noindex\" />\n")
    page.raw(PageHead(templates: templates, tenantID: "operator").markup)
    page.raw("\n<title>All tenants</title>\n</head>\n<body>\n")
    page.raw(
      "<header class=\"top\"><p class=\"who\">Operator</p><h1>All tenants</h1><p class=\"when\">")
    let bytes = overview.tenants.reduce(0) { $0 + $1.bytes }
    let releases = overview.tenants.reduce(0) { $0 + $1.partitions }
    page.text(
      "\(Counted.text(overview.tenants.count, "tenant")) · \(Counted.text(releases, "current release")) · \(Counted.bytes(bytes))"
    )
    page.raw("</p></header>\n<main>\n")
    writeFailing(overview.failing, &page)
    writeReports(overview.reports, &page)
    writeRuns(overview.runs, &page)
    writeTenants(overview.tenants, &page)
    page.raw("</main>\n<footer class=\"bottom\"><p>")
    page.text("Do not show this page to tenants: it and the files beside it name all tenants.")
    page.raw("</p></footer>\n</body>\n</html>\n")
    return page.bytes
  }

  private static func writeFailing(
    _ failing: [OperatorOverview.Failing], _ page: inout MarkupWriter
  ) {
    page.raw("<section><h2>Failing now</h2>\n")
    guard !failing.isEmpty else {
      page.raw("<p>Nothing is failing.</p></section>\n")
      return
    }
    page.raw("<p class=\"lead\">")
    page.text(
      "\(Counted.text(failing.count, "partition")) failed. Their previous releases are still published."
    )
    page.raw("</p>\n")
    for group in causes(failing).prefix(failingLimit) {
      page.raw("<h3>")
      page.text("\(group[0].stage): \(group[0].message)")
      page.raw("</h3>\n")
      if let hint = group[0].hint {
        page.raw("<p>")
        page.text("What to do: \(hint). Then run:")
        page.raw("</p>\n")
      }
      page.raw("<ul class=\"files\">\n")
      for failure in group.prefix(failingLimit) {
        page.raw("<li>")
        page.element("code", failure.command)
        page.raw("</li>\n")
      }
      page.raw("</ul>\n")
      if group.count > failingLimit {
        page.raw("<p class=\"note\">")
        page.text("and \(group.count - failingLimit) more; list them with: yearbook status")
        page.raw("</p>\n")
      }
    }
    page.raw("</section>\n")
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

  private static func writeReports(
    _ reports: [OperatorOverview.Report], _ page: inout MarkupWriter
  ) {
    guard !reports.isEmpty else { return }
    page.raw("<section><h2>Platform-wide</h2>\n<ul class=\"releases\">\n")
    for report in reports.sorted(by: { ($1.name) < ($0.name) }) {
      page.raw("<li><a class=\"release\"")
      page.attribute("href", report.address)
      page.raw(">")
      page.text(report.name)
      page.raw("</a></li>\n")
    }
    page.raw("</ul></section>\n")
  }

  private static func writeRuns(_ runs: [OperatorOverview.RunLine], _ page: inout MarkupWriter) {
    page.raw("<section><h2>Recent runs with changes</h2>\n")
    guard !runs.isEmpty else {
      page.raw("<p>None yet.</p></section>\n")
      return
    }
    page.raw(
      "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Runs\"><table class=\"rows\">"
    )
    page.raw("<thead><tr><th scope=\"col\">Run</th><th scope=\"col\">Ended (UTC)</th>")
    page.raw("<th scope=\"col\">State</th><th scope=\"col\" class=\"n\">Published</th>")
    page.raw(
      "<th scope=\"col\" class=\"n\">Unchanged</th><th scope=\"col\" class=\"n\">Failed</th>")
    page.raw("<th scope=\"col\">To retry</th></tr></thead>\n<tbody>\n")
    for run in runs {
      page.raw("<tr><td><a")
      page.attribute("href", "runs/\(run.id.lowercased()).json")
      page.raw(">")
      page.text("\(run.name) \(run.id)")
      page.raw("</a></td>")
      cell("Ended", minute(run.finished), &page)
      cell("State", run.state, &page)
      cell("Published", String(run.published), isNumber: true, &page)
      cell("Unchanged", String(run.unchanged), isNumber: true, &page)
      cell("Failed", String(run.failed), isNumber: true, &page)
      page.raw("<td>")
      if let problem = run.problem { page.text("stopped: \(problem) ") }
      if let retry = run.retry { page.element("code", retry) }
      page.raw("</td></tr>\n")
    }
    page.raw("</tbody></table></div></section>\n")
  }

  private static func writeTenants(
    _ tenants: [OperatorOverview.TenantLine], _ page: inout MarkupWriter
  ) {
    page.raw("<section><h2>Tenants</h2>\n")
    page.raw(
      "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Tenants\"><table class=\"rows\">"
    )
    page.raw("<thead><tr><th scope=\"col\">Tenant</th><th scope=\"col\">Address</th>")
    page.raw("<th scope=\"col\" class=\"n\">Releases</th><th scope=\"col\" class=\"n\">Size</th>")
    page.raw(
      "<th scope=\"col\">Newest (UTC)</th><th scope=\"col\" class=\"n\">Failing</th></tr></thead>\n<tbody>\n"
    )
    for tenant in tenants {
      page.raw("<tr><td><bdi><a")
      page.attribute("href", "../tenants/\(tenant.slug)/index.html")
      page.raw(">")
      page.text(tenant.name)
      page.raw("</a></bdi></td>")
      cell("Address", tenant.slug, &page)
      cell("Releases", String(tenant.partitions), isNumber: true, &page)
      cell("Size", Counted.bytes(tenant.bytes), isNumber: true, &page)
      cell("Newest", minute(tenant.published), &page)
      if tenant.failing > 0 {
        cell("Failing", String(tenant.failing), isNumber: true, &page)
      } else {
        page.raw("<td></td>")
      }
      page.raw("</tr>\n")
    }
    page.raw("</tbody></table></div></section>\n")
  }

  private static func cell(
    _ title: StaticString, _ text: String, isNumber: Bool = false, _ page: inout MarkupWriter
  ) {
    page.raw(isNumber ? "<td class=\"n\"" : "<td")
    page.attribute("data-l", "\(title)")
    page.raw(">")
    page.text(text)
    page.raw("</td>")
  }

  /// `2026-11-21 03:15` from `2026-11-21T03:15:00Z`.
  private static func minute(_ instant: String) -> String {
    String(instant.prefix(16)).replacing("T", with: " ")
  }
}
