import Basics
import Diagnostics
import Foundation
import Pipelines
import Stages
import Store

/// What a share must hold now, by the releases that are shown now.
struct ShareContent {
  /// Its files, or why there is nothing to share any more.
  enum Outcome {
    case files([ReleaseFile], asOf: String?)
    case nothing(Diagnostic)
  }

  let store: ReleaseStore
  let library: PipelineLibrary
  let tenant: Tenant
  let settings: TenantSettings

  /// The files of a share by its note, whose sources and address it sets.
  ///
  /// Only words and pictures that were made to be shared get there: with them, nothing personal can
  /// be on the page that the tenant's and the person's settings do not allow.
  ///
  /// - Throws: What keeps anybody from telling: a damaged release, a disk that cannot be read.
  func files(of note: inout ShareNote, today: CivilDate) throws -> Outcome {
    if let until = note.until, CivilDate(until).map({ $0 < today }) ?? true {
      return .nothing(Diagnostic(.usage, "it was to be shown until \(until)"))
    }
    let report = ReleasePartition(
      tenant: tenant.slug, pipeline: note.report, period: note.period)
    guard let found = try shown(report) else {
      return .nothing(
        Diagnostic(
          .usage, "\(report) has no release, or was withdrawn",
          hint: "to list what is published: `yearbook releases \(tenant.slug)`"))
    }
    guard found.head.status != .provisional else {
      return .nothing(
        Diagnostic(
          .usage, "\(report) is not final: its period is under way",
          hint: "share it when the period has ended; what was sent cannot be corrected"))
    }
    var folder = ""
    if let person = note.person {
      guard
        let own = found.files.lazy.compactMap({ Self.folder(of: $0.name) })
          .first(where: { ShareNote.mark(ofFolder: $0) == person })
      else {
        return .nothing(
          Diagnostic(.usage, "\(report) has no report of this person: they must ask for one"))
      }
      folder = "\(PersonalFiles.folder)/\(own)/"
    }
    let pictures = StorePages.Share.pictures.compactMap { name in
      found.files.first { $0.name == folder + name }.map { (name, $0) }
    }
    guard pictures.first?.0 == StorePages.Share.pictures[0] else {
      return .nothing(nothingToShow(report, found.files))
    }
    var files = pictures.map { file($1, as: $0, of: report, found.head) }
    note.sources = [source(report, found.head)]
    if note.person == nil {
      switch try film(of: report, note) {
      case .none: break
      case .some(.none):
        return .nothing(Diagnostic(.usage, "its film was withdrawn"))
      case .some(.some(let film)):
        files += film.files
        note.sources.append(film.source)
      }
    }
    let title = "\(library.pipeline(note.report)?.title(for: tenant.locale) ?? note.report)"
    files.append(
      ReleaseFile(
        name: StorePages.Share.code,
        bytes: try StorePages.Share.drawing(ofCode: note.address, title: "\(title) \(note.period)"),
        mediaType: "image/svg+xml"))
    files.append(
      ReleaseFile(
        name: ShareNote.fileName, bytes: try note.bytes, mediaType: "application/json"))
    return .files(files, asOf: found.head.asOf)
  }

  private func nothingToShow(
    _ report: ReleasePartition, _ files: [ReleaseDetails.File]
  ) -> Diagnostic {
    if files.contains(where: { $0.name.hasSuffix(".age") }) {
      return Diagnostic(.usage, "\(report) is encrypted for its readers, so it cannot be shared")
    }
    return Diagnostic(
      .usage, "\(report) has no pictures to share",
      hint: "its pipeline needs 'cards' in 'render', and its period something to tell; a report of"
        + " people is shared by --person")
  }

  // MARK: - Releases

  private typealias Found = (head: Head, files: [ReleaseDetails.File])

  /// The release that readers are led to, if it is this tenant's; `nil` if there is none.
  private func shown(_ place: ReleasePartition) throws -> Found? {
    guard let head = try store.shown(place) else { return nil }
    // It looks for the tenant's id in each file that says whose it is.
    guard
      case .shown = try ReleaseReader(root: store.root).release(
        at: "\(place.path)/releases/\(head.release)", of: tenant.id)
    else { return nil }
    return (head, try store.details(place, release: head.release).files)
  }

  private func source(_ place: ReleasePartition, _ head: Head) -> ShareNote.Source {
    .init(pipeline: place.pipeline, period: place.period, release: head.release)
  }

  private func file(
    _ file: ReleaseDetails.File, as name: String, of place: ReleasePartition, _ head: Head
  ) -> ReleaseFile {
    ReleaseFile(
      name: name, mediaType: file.mediatype,
      content: ReleaseContent(
        // Without a digest that can be read, no bytes are the right ones.
        digest: file.digest ?? SHA256Digest(of: []), byteCount: file.bytes,
        source: .file(store.path("\(place.path)/releases/\(head.release)/\(file.path)"))))
  }

  /// The folder of the person whose file it is.
  private static func folder(of name: String) -> String? {
    guard PersonalFiles.has(name) else { return nil }
    return name.split(separator: "/").dropFirst().first.map(String.init)
  }

  // MARK: - The film

  private typealias Film = (files: [ReleaseFile], source: ShareNote.Source)

  /// The film that the report links to, where the tenant wants it shared.
  ///
  /// - Returns: `nil` without one; an inner `nil` if one was shared and has been withdrawn.
  private func film(of report: ReleasePartition, _ note: ShareNote) throws -> Film?? {
    let links = library.pipeline(report.pipeline)?.render?.links ?? []
    for name in links where library.pipeline(name)?.stitch != nil {
      let place = ReleasePartition(
        tenant: tenant.slug, pipeline: name, period: report.period)
      if try store.newest(place)?.isWithdrawn ?? false { return .some(nil) }
      guard settings.sharesFilm, let found = try shown(place),
        found.head.status != .provisional
      else { continue }
      let files = StorePages.Share.film.compactMap { name in
        found.files.first { $0.name == name }.map { file($0, as: name, of: place, found.head) }
      }
      if files.count == StorePages.Share.film.count { return (files, source(place, found.head)) }
    }
    return nil
  }
}
