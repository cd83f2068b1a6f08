import Basics

/// The files that make a release a BagIt 1.0 bag (RFC 8493) with a Frictionless Data Package.
///
/// Its tag files hold all metadata of the release; its payload holds none.
struct Bag {
  static let declaration = Array("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n".utf8)
  static let tagFiles = ["bag-info.txt", "bagit.txt", "datapackage.json", "manifest-sha256.txt"]
  static let manifestName = "manifest-sha256.txt"
  static let tagManifestName = "tagmanifest-sha256.txt"
  /// A signature can lie beside the tag manifest; no manifest names it.
  static let signatureName = "tagmanifest-sha256.txt.sig"

  var pending: PendingRelease
  var id: String
  var status: ReleaseStatus

  /// The tag files by name, the tag manifest last.
  var files: [(name: String, bytes: [UInt8])] {
    var files = [
      (name: "bagit.txt", bytes: Self.declaration),
      (name: "bag-info.txt", bytes: info),
      (name: Self.manifestName, bytes: manifest.bytes),
      (name: "datapackage.json", bytes: dataPackage.bytes),
    ]
    let tags = Manifest(files.map { ($0.name, SHA256Digest(of: $0.bytes)) })
    files.append((name: Self.tagManifestName, bytes: tags.bytes))
    return files
  }

  private var manifest: Manifest {
    Manifest(pending.files.map { ("data/" + $0.name, $0.digest) })
  }

  private var identifier: String { "\(pending.partition)/\(id)" }

  private var info: [UInt8] {
    let metadata = pending.metadata
    let size = pending.files.reduce(0) { $0 + $1.byteCount }
    let agent = metadata.versions["yearbook"].map { " \($0)" } ?? ""
    let lines: [(String, String?)] = [
      ("Bag-Software-Agent", "yearbook" + agent),
      ("Bagging-Date", Timestamp.day(metadata.created)),
      ("External-Identifier", identifier),
      ("Payload-Oxum", "\(size).\(pending.files.count)"),
      ("Yearbook-As-Of", metadata.asOf),
      ("Yearbook-Run", metadata.run),
      ("Yearbook-Snapshot", metadata.snapshot),
      ("Yearbook-Status", status.rawValue),
      ("Yearbook-Tenant", pending.tenant.id),
    ]
    var out: [UInt8] = []
    for case (let label, let value?) in lines {
      out.append(contentsOf: "\(label): ".utf8)
      // A line break would start another label.
      out.append(contentsOf: value.utf8.map { $0 < 0x20 ? 0x20 : $0 })
      out.append(UInt8(ascii: "\n"))
    }
    return out
  }

  private var dataPackage: JSONText {
    let metadata = pending.metadata
    let versions = metadata.versions.sorted { $0.key < $1.key }
    return .object([
      ("name", .string(pending.partition.description.lowercased())),
      ("id", .string(identifier)),
      ("title", .string(pending.title)),
      ("created", .string(Timestamp.rfc3339(metadata.created))),
      (
        "yearbook",
        .object([
          (
            "tenant",
            .object([
              ("id", .string(pending.tenant.id)), ("slug", .string(pending.tenant.slug)),
              ("name", .string(pending.tenant.name)),
            ])
          ),
          ("pipeline", .string(pending.pipeline)),
          ("period", .string(pending.period)),
          ("status", .string(status.rawValue)),
          ("as_of", metadata.asOf.map { .string($0) }),
          ("run", .string(metadata.run)),
          ("snapshot", metadata.snapshot.map { .string($0) }),
          ("versions", .object(versions.map { ($0.key, .string($0.value)) })),
        ])
      ),
      ("resources", .array(sortedFiles.map(resource))),
    ])
  }

  private var sortedFiles: [ReleaseFile] {
    pending.files.sorted { Array($0.name.utf8).lexicographicallyPrecedes($1.name.utf8) }
  }

  private func resource(_ file: ReleaseFile) -> JSONText {
    let name = file.name.split(separator: "/").last ?? ""
    let format = name.contains(".") ? name.split(separator: ".").last.map(String.init) : nil
    let isText = file.mediaType.hasPrefix("text/") || file.mediaType == "application/json"
    return .object([
      ("name", .string(file.name)),
      ("type", file.table == nil ? .string("file") : .string("table")),
      ("path", .string("data/" + file.name)),
      ("format", format.map { .string($0) }),
      ("mediatype", .string(file.mediaType)),
      ("encoding", file.table.map { .string($0.encoding) } ?? (isText ? .string("utf-8") : nil)),
      ("bytes", .integer(file.byteCount)),
      ("hash", .string("sha256:" + file.digest.hex)),
      ("rows", file.table?.rows.map { .integer($0) }),
      ("dialect", file.table?.dialectJSON.map { .raw(Array($0.utf8)) }),
      ("schema", file.table.map { .raw(Array($0.schemaJSON.utf8)) }),
    ])
  }
}
