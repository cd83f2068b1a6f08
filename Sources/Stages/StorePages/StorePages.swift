package import Basics
package import Diagnostics
import Markup
package import Pipelines

/// The pages of a store outside of releases: a tenant's index, and the stable addresses.
package enum StorePages {
  /// The newest release of one partition, as a tenant's index shows it.
  package struct Partition: Sendable {
    /// The status of a release, as its head says.
    package enum Status: String, Sendable, CaseIterable {
      case provisional, final, restated
    }

    /// A published file and its size.
    package struct File: Sendable {
      /// The published name below `data/`.
      package var name: String
      package var bytes: Int

      package init(name: String, bytes: Int) {
        self.name = name
        self.bytes = bytes
      }
    }

    package var pipeline: String
    /// In the tenant's language: `Pipeline.title(for:)`.
    package var title: String
    package var period: Period
    /// The newest release's id.
    package var release: String
    package var status: Status
    /// The day the newest release was made.
    package var published: CivilDate
    /// The files of the release below `data/`.
    package var files: [File]

    package init(
      pipeline: String, title: String, period: Period, release: String, status: Status,
      published: CivilDate, files: [File]
    ) {
      self.pipeline = pipeline
      self.title = title
      self.period = period
      self.release = release
      self.status = status
      self.published = published
      self.files = files
    }
  }

  /// The stable address of another pipeline, relative to a page of a release. The tenant's folder
  /// is five folders above `PIPELINE/PERIOD/releases/ID/data/`.
  package static func address(of pipeline: String, period: Period) -> String {
    "../../../../../\(pipeline)/\(period)/index.html"
  }

  /// The target of a stable address, relative to `PIPELINE/PERIOD/`: the release's page, else its
  /// film, else its first file in alphabetical order.
  package static func target(release: String, files: [String]) -> String {
    let chosen =
      files.contains("index.html")
      ? "index.html"
      : files.sorted().first { $0.hasSuffix(".mp4") } ?? files.sorted().first ?? ""
    return "releases/\(release)/data/\(chosen)"
  }

  /// `tenants/SLUG/PIPELINE/PERIOD/index.html`: redirects to the newest release, with a link for
  /// browsers that do not follow the redirect.
  ///
  /// - Parameters:
  ///   - title: the title of the target, in the reader's language.
  ///   - target: a path relative to the page; see `target(release:files:)`.
  package static func stableAddress(
    title: String, tenant: Tenant, target: String, templates: PageTemplates
  ) throws(Diagnostic) -> [UInt8] {
    let messages = try messages(tenant, templates)
    var page = MarkupWriter()
    begin(&page, title: "\(title) · \(tenant.name)", messages, tenant, templates) { page in
      page.raw("<meta http-equiv=\"refresh\"")
      page.attribute("content", "0; url=\(target)")
      page.raw(" />\n")
    }
    page.raw("<main class=\"kind\"><h1>")
    page.text(title)
    page.raw("</h1><p class=\"lead\"><a")
    page.attribute("href", target)
    page.raw(">")
    page.text(try messages.text("store.newest"))
    page.raw("</a></p></main>\n</body>\n</html>\n")
    return page.bytes
  }

  /// `tenants/SLUG/PIPELINE/PERIOD/index.html` of an encrypted release: its files, and how to open
  /// them.
  ///
  /// - Parameter files: the published names below `data/`.
  package static func encryptedAddress(
    title: String, tenant: Tenant, release: String, files: [String], templates: PageTemplates
  ) throws(Diagnostic) -> [UInt8] {
    let messages = try messages(tenant, templates)
    var page = MarkupWriter()
    begin(&page, title: "\(title) · \(tenant.name)", messages, tenant, templates) { _ in }
    page.raw("<header class=\"top\"><p class=\"who\"><bdi>")
    page.text(tenant.name)
    page.raw("</bdi></p><h1>")
    page.text(title)
    page.raw("</h1></header>\n<main><section><p class=\"lead\">")
    page.text(try messages.text("store.encrypted"))
    page.raw("</p>\n<p>")
    page.text(try messages.text("store.decrypt"))
    page.raw("</p>\n<p><code>age -d -i key.txt -o index.html index.html.age</code></p>\n")
    page.raw("<ul class=\"files\">\n")
    for file in files.sorted() {
      page.raw("<li><a download=\"\"")
      page.attribute("href", "releases/\(release)/data/\(file)")
      page.raw(">")
      page.text(file)
      page.raw("</a></li>\n")
    }
    page.raw("</ul></section></main>\n</body>\n</html>\n")
    return page.bytes
  }

  /// `tenants/SLUG/index.html`: all releases of a tenant, the newest period first.
  ///
  /// Links are relative and name files, so they work from a disk and from any static web server.
  package static func tenantIndex(
    _ tenant: Tenant, partitions: [Partition], templates: PageTemplates
  ) throws -> [UInt8] {
    let messages = try messages(tenant, templates)
    var page = MarkupWriter()
    let title = try messages.text("store.title")
    begin(&page, title: "\(title) · \(tenant.name)", messages, tenant, templates) { _ in }
    page.raw("<header class=\"top\"><p class=\"who\"><bdi>")
    page.text(tenant.name)
    page.raw("</bdi></p><h1>")
    page.text(title)
    page.raw("</h1><p class=\"when\">")
    page.text(try messages.text(partitions.isEmpty ? "store.nothing" : "store.lead"))
    page.raw("</p></header>\n<main>\n")
    let sorted = partitions.sorted {
      ($1.period.end, $1.period.kind.months, $0.pipeline) < (
        $0.period.end, $0.period.kind.months, $1.pipeline
      )
    }
    var heading: Int?
    for partition in sorted {
      let year = partition.period.start.year
      if year != heading {
        if heading != nil { page.raw("</ul></section>\n") }
        page.raw("<section><h2>\(year)</h2>\n<ul class=\"releases\">\n")
        heading = year
      }
      try write(partition, messages, &page)
    }
    if heading != nil { page.raw("</ul></section>\n") }
    page.raw("</main>\n</body>\n</html>\n")
    return page.bytes
  }

  private static func write(
    _ partition: Partition, _ messages: ReportMessages, _ page: inout MarkupWriter
  ) throws {
    let folder = "\(partition.pipeline)/\(partition.period)"
    page.raw("<li>")
    let pictures = partition.files.map(\.name).filter {
      $0.hasPrefix("poster.") && ($0.hasSuffix(".jpg") || $0.hasSuffix(".png"))
    }
    if let poster = pictures.sorted().first {
      page.raw("<img class=\"poster\" alt=\"\" width=\"160\" height=\"90\"")
      page.attribute("src", "\(folder)/releases/\(partition.release)/data/\(poster)")
      page.raw(" />")
    }
    page.raw("<div><a class=\"release\"")
    page.attribute("href", "\(folder)/index.html")
    page.raw(">")
    page.text("\(partition.title) · \(messages.format.period(partition.period))")
    page.raw("</a><p class=\"note\">")
    let size = messages.format.size(bytes: partition.files.reduce(0) { $0 + $1.bytes })
    let count = MessageCatalog.Argument.number(DecimalNumber(partition.files.count))
    let published = try messages.text("store.published")
    page.text(
      [
        try messages.text("store.\(partition.status.rawValue)"),
        "\(published) \(messages.format.date(partition.published))",
        try messages.text("store.files", ["count": count]), size,
      ].map { $0.replacing(" ", with: "\u{A0}") }.joined(separator: " · "))
    page.raw("</p></div></li>\n")
  }

  private static func begin(
    _ page: inout MarkupWriter, title: String, _ messages: ReportMessages, _ tenant: Tenant,
    _ templates: PageTemplates, _ more: (inout MarkupWriter) -> Void
  ) {
    page.raw("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\"")
    page.attribute("lang", messages.locale)
    page.raw(">\n<head>\n<meta charset=\"utf-8\" />\n")
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n")
    page.raw("<meta name=\"color-scheme\" content=\"light dark\" />\n")
    more(&page)
    page.raw(PageHead(templates: templates, tenantID: tenant.id).markup)
    page.raw("\n<title>")
    page.text(title)
    page.raw("</title>\n</head>\n<body>\n")
  }

  private static func messages(
    _ tenant: Tenant, _ templates: PageTemplates
  ) throws(Diagnostic) -> ReportMessages {
    try ReportMessages(catalog: templates.catalog, pipeline: "store", locale: tenant.locale)
  }
}
