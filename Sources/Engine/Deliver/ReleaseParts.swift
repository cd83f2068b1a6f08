import Basics
import Delivery
import Diagnostics
import Pipelines
import Stages
import Store

/// What messages take from releases: pictures, files and links.
struct ReleaseParts {
  let store: ReleaseStore
  /// The address of the store's root on the web.
  let site: String?
  /// Links into the mirror's bucket, instead of the site's.
  let signed: SignedLinks?

  /// The name by which a mail's HTML shows its picture: `cid:poster`.
  static let posterID = "poster"
  /// The most bytes of all files that go with one mail together. Many servers take no mail of more
  /// than 10 MB, and a mail has 4 bytes for 3.
  static let mostAttached = 5 << 20
  /// The most bytes of a picture in a mail.
  static let mostPicture = 300 << 10

  /// A release and its folder.
  struct Release {
    var id: String
    /// The path of its partition, relative to the store.
    var place: String
    fileprivate var root: String

    /// Whose report is told of: the folder of a person; `nil`: the tenant's.
    var folder: String?

    /// The path of one of its files.
    func file(_ name: String) -> String { "\(root)/\(path(name))" }

    /// The same, relative to the store.
    func path(_ name: String) -> String {
      let own = folder.map { "\(PersonalFiles.folder)/\($0)/" } ?? ""
      return "\(place)/releases/\(id)/data/\(own)\(name)"
    }
  }

  /// The newest release of what a message tells of.
  ///
  /// - Throws: `MessageMaker.Unmade` if it was withdrawn.
  func release(of message: TakenMessage) throws -> Release {
    let place = ReleasePartition(
      tenant: message.slug, pipeline: message.pipeline, period: message.period)
    guard let head = try store.newest(place) else {
      throw MessageMaker.Unmade.moot("there is no release")
    }
    if head.isWithdrawn { throw MessageMaker.Unmade.moot("it was withdrawn") }
    return Release(
      id: head.release, place: place.path, root: store.path("."), folder: message.folder)
  }

  /// The newest release of a partition, if there is one that was not withdrawn.
  private func release(
    _ slug: String, _ pipeline: String, _ period: String
  ) throws -> Release? {
    let place = ReleasePartition(tenant: slug, pipeline: pipeline, period: period)
    guard let head = try store.newest(place), !head.isWithdrawn else { return nil }
    return Release(id: head.release, place: place.path, root: store.path("."))
  }

  // MARK: - Files

  /// A picture, or why there is none.
  enum Picture {
    case found(MailContent.File)
    case missing(String)
  }

  /// The picture of a mail. A mail can do without: a tenant without a film still gets its report.
  func picture(
    _ poster: DeliverSpec.Poster, of message: TakenMessage, _ own: Release
  ) throws -> Picture {
    var release: Release? = own
    if let pipeline = poster.pipeline, pipeline != message.pipeline {
      release = try self.release(message.slug, pipeline, message.period)
      if release == nil { return .missing("\(pipeline) has no release of the period") }
    }
    guard let release else { return .missing("there is no release") }
    let path = release.file(poster.file)
    guard let status = FileReader.status(path), status.kind == .file else {
      return .missing(
        isEncrypted(path) ? "the release is encrypted" : "the release has no \(poster.file)")
    }
    guard status.byteCount <= Self.mostPicture else {
      return .missing(
        "\(poster.file) has \(status.byteCount >> 10) kB, and the most is \(Self.mostPicture >> 10) kB"
      )
    }
    guard let bytes = try FileReader.contents(path) else {
      return .missing("the release has no \(poster.file)")
    }
    return .found(
      .init(name: Self.posterID, mediaType: Self.mediaType(of: poster.file), bytes: bytes))
  }

  /// The files that go with a mail, under names that tell them apart in a folder of downloads.
  ///
  /// - Throws: `MessageMaker.Unmade` if one is missing, encrypted or too large: the mail speaks of
  ///   them.
  func attachments(
    _ names: [String], of message: TakenMessage, _ release: Release
  ) throws -> [MailContent.File] {
    var left = Self.mostAttached
    return try names.map { name in
      let path = release.file(name)
      guard let status = FileReader.status(path), status.kind == .file else {
        throw MessageMaker.Unmade.faulty(
          isEncrypted(path)
            ? "the release is encrypted, so '\(name)' is not attached"
            : "the release has no file '\(name)' to attach")
      }
      left -= status.byteCount
      guard left >= 0 else {
        throw MessageMaker.Unmade.faulty(
          "'\(name)' is too large to attach: all files of a mail together have at most"
            + " \(Self.mostAttached >> 20) MB")
      }
      guard let bytes = try FileReader.contents(path) else {
        throw MessageMaker.Unmade.faulty("the release has no file '\(name)' to attach")
      }
      return .init(
        name: [message.slug, message.pipeline, message.period, name].joined(separator: "-"),
        mediaType: Self.mediaType(of: name), bytes: bytes)
    }
  }

  private func isEncrypted(_ path: String) -> Bool { FileReader.status(path + ".age") != nil }

  private static func mediaType(of name: String) -> String {
    switch name.split(separator: ".").last {
    case "csv": "text/csv"
    case "html": "text/html"
    case "json": "application/json"
    case "vtt": "text/vtt"
    case "jpg": "image/jpeg"
    case "png": "image/png"
    case "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    default: "application/octet-stream"
    }
  }

  // MARK: - Links

  /// A report's address, and the last day on which it works everywhere on earth; `nil`: it stays.
  struct Link {
    var address: String
    var until: CivilDate?
  }

  /// The address of a partition of what a message tells of; `nil` if people cannot reach it.
  ///
  /// - Throws: `MessageMaker.Unmade` if the bucket does not have the release yet.
  func link(to message: TakenMessage, period: String) throws -> Link? {
    if let site {
      // The stable address, which leads to the newest release.
      let place = ReleasePartition(
        tenant: message.slug, pipeline: message.pipeline, period: period)
      let own = message.folder.map { "#\($0)" } ?? ""
      return Link(address: "\(site)/\(place.path)/index.html\(own)")
    }
    guard let signed, var release = try release(message.slug, message.pipeline, period) else {
      return nil
    }
    release.folder = message.folder
    // A signature is for one object: the release's own page, which holds all that it shows.
    guard FileReader.status(release.file("index.html"))?.kind == .file else { return nil }
    return try signed.link(to: release.path("index.html"))
  }
}
