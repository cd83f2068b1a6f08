import Diagnostics
import Foundation

/// What holds for a platform's tables in all pipelines of a folder: `platform.yaml` beside them, or
/// `sources/NAME/platform.yaml` for the source of that name.
///
/// Without the file, no column is withheld or personal, and a table belongs to its tenant by its
/// tenant column or by its only foreign key.
package struct PlatformSpec: Sendable, Equatable {
  static let fileName = "platform.yaml"

  /// Columns that name people.
  package struct Personal: Sendable, Equatable {
    package var columns: [String]
    /// The only SQL file that can read them, from the folder of pipelines. It applies the privacy
    /// settings.
    package var file: String
    /// Its path.
    package var reader: String
  }

  /// A column with the place in the file that names it.
  package struct NamedColumn: Sendable, Equatable {
    package var table: String
    package var column: String
    package var place: SpecPlace
  }

  /// Table to the column that leads to the tenant: by its foreign key, or as it holds the tenant's
  /// id. With several columns, a row belongs to the tenants of all of them.
  package var owners: [String: [String]] = [:]
  /// Whether the platform has one tenant alone, so that all rows are its.
  package var hasOneTenant = false
  /// The table of people and its key, if the file says so.
  package var people: PeopleTable?
  /// Table to the columns that no report can read.
  package var withheld: [String: [String]] = [:]
  /// Table to the columns that name people.
  package var personal: [String: Personal] = [:]
  /// Table to the columns by which people are reached. Only queries of `deliver` can read them.
  package var addresses: [String: [String]] = [:]
  /// Table to the columns of types that are refused otherwise, such as `timestamp`: the platform
  /// means them so.
  package var unsafeTypes: [String: [String]] = [:]
  /// All columns that the file names, to check them against the source's catalog.
  package var named: [NamedColumn] = []

  /// Nothing is withheld, and nothing is personal.
  package init() {}

  /// Where the file of a source is.
  ///
  /// - Parameters:
  ///   - folder: the folder of pipelines.
  ///   - source: `nil` for the platform itself.
  static func path(in folder: String, source: String?) -> String {
    "\(SourceFiles.folder(in: folder, source: source))/\(fileName)"
  }

  /// Reads the file of a source. Throws all its faults at once.
  init(folder: String, source: String? = nil) throws(Diagnostics) {
    let path = Self.path(in: folder, source: source)
    let reader = SpecReader(file: path)
    if let text = PipelineFile.text(of: path) {
      read(reader.parse(text), folder: folder)
    } else {
      reader.report("not a readable UTF-8 file", line: nil, column: nil)
    }
    try reader.finish()
  }

  private mutating func read(_ root: SpecNode?, folder: String) {
    guard
      let map = root?.mapping(keys: [
        "owners", "withheld", "personal", "addresses", "unsafe_types", "one_tenant", "people",
      ])
    else { return }
    hasOneTenant = map["one_tenant"]?.boolean() ?? false
    if let node = map["people"], let people = PeopleTable(node) {
      self.people = people
      named.append(NamedColumn(table: people.table, column: people.key, place: node.place))
    }
    for entry in map["owners"]?.mapping()?.entries ?? [] {
      owners[entry.key] = names(of: entry.value, in: entry.key)
    }
    for entry in map["withheld"]?.mapping()?.entries ?? [] {
      withheld[entry.key] = names(of: entry.value, in: entry.key)
    }
    for entry in map["addresses"]?.mapping()?.entries ?? [] {
      addresses[entry.key] = names(of: entry.value, in: entry.key)
    }
    for entry in map["unsafe_types"]?.mapping()?.entries ?? [] {
      unsafeTypes[entry.key] = names(of: entry.value, in: entry.key)
    }
    for entry in map["personal"]?.mapping()?.entries ?? [] {
      guard let settings = entry.value.mapping(keys: ["columns", "read_by"]),
        let columns = settings.required("columns"), let node = settings.required("read_by"),
        let file = node.string()
      else { continue }
      let path = "\(folder)/\(file)"
      if !FileManager.default.fileExists(atPath: path) {
        node.report("the file '\(path)' does not exist")
      }
      personal[entry.key] = Personal(
        columns: names(of: columns, in: entry.key), file: file, reader: Self.standardized(path))
    }
  }

  private mutating func names(of node: SpecNode, in table: String) -> [String] {
    node.list().compactMap { element in
      guard let column = element.string() else { return nil }
      named.append(NamedColumn(table: table, column: column, place: element.place))
      return column
    }
  }

  /// Whether `file`, a path as a pipeline has it, can read these columns.
  package func canName(peopleOf personal: Personal, file: String) -> Bool {
    personal.reader == Self.standardized(file)
  }

  /// Whether `file`, a path as a pipeline has it, can read the personal columns of `table`.
  package func canName(peopleOf table: String, file: String) -> Bool {
    personal[table].map { $0.reader == Self.standardized(file) } ?? true
  }

  private static func standardized(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }
}
