package import Basics
package import Diagnostics
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
  ///   - preview: what other programs show for a link to the page.
  package static func stableAddress(
    title: String, tenant: Tenant, target: String, preview: Preview? = nil,
    templates: PageTemplates
  ) throws(Diagnostic) -> [UInt8] {
    let page = try StorePage(.address, of: tenant, templates: templates)
    page["title"] = page.text(title)
    page["preview"] = preview.map { $0.view(page) }
    page["target"] = page.link(target)
    return try page.bytes()
  }

  /// `tenants/SLUG/PIPELINE/PERIOD/index.html` of an encrypted release: its files, and how to open
  /// them.
  ///
  /// - Parameter files: the published names below `data/`.
  package static func encryptedAddress(
    title: String, tenant: Tenant, release: String, files: [String], templates: PageTemplates
  ) throws(Diagnostic) -> [UInt8] {
    let page = try StorePage(.encrypted, of: tenant, templates: templates)
    page["title"] = page.text(title)
    page["files"] = files.sorted().map { file in
      PageView(["name": page.text(file), "href": page.link("releases/\(release)/data/\(file)")])
    }
    return try page.bytes()
  }

  /// `tenants/SLUG/PIPELINE/PERIOD/index.html` of a partition that was withdrawn: it says so.
  ///
  /// - Parameters:
  ///   - day: when it was withdrawn; `nil` if that is not known.
  ///   - reason: the operator's words.
  package static func withdrawnAddress(
    title: String, tenant: Tenant, day: CivilDate?, reason: String?, templates: PageTemplates
  ) throws -> [UInt8] {
    let page = try StorePage(.withdrawn, of: tenant, templates: templates)
    page["title"] = page.text(title)
    if let day { page["day"] = page.text(page.messages.format.date(day)) }
    if let reason { page["reason"] = page.text(reason) }
    return try page.bytes()
  }

  /// `tenants/SLUG/index.html`: all releases of a tenant, the newest period first.
  ///
  /// Links are relative and name files, so they work from a disk and from any static web server.
  package static func tenantIndex(
    _ tenant: Tenant, partitions: [Partition], templates: PageTemplates
  ) throws -> [UInt8] {
    let page = try StorePage(.index, of: tenant, templates: templates)
    let sorted = partitions.sorted {
      ($1.period.year, $1.period.end, $1.period.days, $0.pipeline, $0.period) < (
        $0.period.year, $0.period.end, $0.period.days, $1.pipeline, $1.period
      )
    }
    var years: [(year: Int, releases: [PageView])] = []
    for partition in sorted {
      let year = partition.period.year
      if year != years.last?.year { years.append((year, [])) }
      years[years.count - 1].releases.append(try view(partition, page))
    }
    page["any"] = !partitions.isEmpty
    page["years"] = years.map { PageView(["year": String($0.year), "releases": $0.releases]) }
    return try page.bytes()
  }

  private static func view(_ partition: Partition, _ page: StorePage) throws -> PageView {
    let messages = page.messages
    let folder = "\(partition.pipeline)/\(partition.period)"
    // A line breaks between the parts of a note, never inside of one.
    func note(_ text: String) -> String { page.text(text.replacing(" ", with: "\u{A0}")) }
    let size = messages.format.size(bytes: partition.files.reduce(0) { $0.saturatingAdd($1.bytes) })
    let count = MessageCatalog.Argument.number(DecimalNumber(partition.files.count))
    let published = try messages.text("store.published")
    let view = PageView([
      "href": page.link("\(folder)/index.html"), "title": page.text(partition.title),
      "period": page.text(messages.format.period(partition.period)),
      "status": note(try messages.text("store.\(partition.status.rawValue)")),
      "published": note("\(published) \(messages.format.date(partition.published))"),
      "files": note(try messages.text("store.files", ["count": count])), "size": note(size),
    ])
    let pictures = partition.files.map(\.name).filter {
      $0.hasPrefix("poster.") && ($0.hasSuffix(".jpg") || $0.hasSuffix(".png"))
    }
    if let poster = pictures.sorted().first {
      view["poster"] = page.link("\(folder)/releases/\(partition.release)/data/\(poster)")
    }
    return view
  }
}
