import Basics
package import Diagnostics

/// The files beside the pipelines that say what a source is like.
///
/// `platform.yaml` and `tenants.sql` are about the platform itself. Those of another source are in
/// `sources/NAME/`.
package enum SourceFiles {
  static let folderName = "sources"

  /// - Parameters:
  ///   - pipelines: the folder of pipelines.
  ///   - source: `nil` for the platform itself.
  static func folder(in pipelines: String, source: String?) -> String {
    source.map { "\(pipelines)/\(folderName)/\($0)" } ?? pipelines
  }

  /// What holds for a source's tables; nothing, if it has no file.
  package static func platform(
    in pipelines: String, source: String?
  ) throws(Diagnostics) -> PlatformSpec {
    guard PipelineFile.text(of: PlatformSpec.path(in: pipelines, source: source)) != nil else {
      return PlatformSpec()
    }
    return try PlatformSpec(folder: pipelines, source: source)
  }

  /// The query of a source's tenants, from the first of these files that exists.
  ///
  /// - Parameters:
  ///   - named: the file that the configuration names; no other is looked for then.
  ///   - shipped: the file that comes with the program.
  package static func tenants(
    in pipelines: String, source: String?, named: String?, shipped: String?
  ) throws(Diagnostic) -> ExtractSpec.Query {
    let beside = "\(folder(in: pipelines, source: source))/tenants.sql"
    // The shipped query is about the platform itself.
    let files = named.map { [$0] } ?? [beside] + (source == nil ? [shipped].compactMap(\.self) : [])
    for file in files {
      guard let text = PipelineFile.text(of: file) else { continue }
      let sql = PipelineFile.trimmed(text)
      if sql.isEmpty {
        throw Diagnostic(.configuration, "the file is empty", at: .init(file: file))
      }
      return ExtractSpec.Query(name: "tenants", file: file, sql: sql, order: [])
    }
    let setting = source.map { "sources.\($0).tenants" } ?? "source.tenants"
    throw Diagnostic(
      .configuration,
      "there is no query of the tenants (looked for \(files.joined(separator: ", ")))",
      hint: "write one, or name its file with \(setting): docs/how-to/sources.md")
  }
}

/// The type of a platform's ids of tenants.
package enum TenantIDType: String, Sendable, CaseIterable {
  case uuid, bigint, text

  /// The tenant's id here.
  ///
  /// A UUID means one tenant everywhere. A number or a word is an id in its source alone. There it
  /// always gives the same UUID, of version 8 (RFC 9562).
  ///
  /// - Parameters:
  ///   - key: the platform's id, as PostgreSQL prints it.
  ///   - source: the source's name; `nil` for the platform itself.
  package func identity(of key: String, source: String?) -> String {
    if self == .uuid { return key }
    var digits = Array(SHA256Digest(of: "\(source ?? "")\0\(key)".utf8).hex.prefix(32))
    digits[12] = "8"
    digits[16] = "8"
    let text = String(digits)
    var parts: [Substring] = []
    var rest = text[...]
    for length in [8, 4, 4, 4, 12] {
      parts.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return parts.joined(separator: "-")
  }
}

/// The table of a platform's people, and its key. Queries do not see people who were erased.
package struct PeopleTable: Hashable, Sendable {
  package var table: String
  package var key: String

  /// Reads `{table: NAME, key: NAME}`. The key is `id`, if nothing is said.
  package init?(_ node: SpecNode) {
    guard let map = node.mapping(keys: ["table", "key"]),
      let table = map.required("table")?.name()
    else { return nil }
    self.table = table
    key = map["key"]?.name() ?? "id"
  }
}
