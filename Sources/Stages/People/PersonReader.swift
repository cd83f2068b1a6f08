import Basics
import Diagnostics
import Pipelines

/// Takes the datasets of a tenant apart, person by person. All of them are ordered by the person,
/// so that rows are read once and few are held at a time.
final class PersonReader {
  /// One person, with the datasets of the tenant as far as they are theirs.
  struct Person: Sendable {
    var id: String
    var name: String
    var datasets: [Dataset]
  }

  private let spec: EachSpec
  private let name: Int
  private let people: PersonCursor
  private let others: [PersonCursor]
  private let shared: [Dataset]
  private let order: [String]
  /// Ids that people would take for the same are refused: folders are told apart by them.
  private var seen: Set<String> = []

  /// - Throws: `UnreadRows` if the rows were not read.
  init(_ work: PartitionWork, _ spec: EachSpec) throws {
    self.spec = spec
    order = work.datasets.map(\.name)
    shared = work.datasets.filter { spec.shared.contains($0.name) }
    guard let dataset = work.dataset(spec.dataset) else {
      throw Diagnostic(.bug, "the people were not extracted", at: spec.place.subject)
    }
    people = try PersonCursor(dataset, key: spec.key)
    name = try people.reader.index(of: spec.name)
    others = try work.datasets.filter {
      $0.name != spec.dataset && !spec.shared.contains($0.name)
    }.map { try PersonCursor($0, key: spec.key) }
    for dataset in shared where dataset.columns.contains(where: { $0.name == spec.key }) {
      throw Diagnostic(
        .configuration,
        "the query '\(dataset.name)' is shared, but has rows of single people",
        at: spec.place.subject,
        hint: "remove it from 'shared', or its column '\(spec.key)'")
    }
  }

  /// The next person, with a dataset of each query; `nil` after the last.
  func next() throws -> Person? {
    guard let id = people.key else {
      for cursor in others where cursor.key != nil { throw cursor.stranger() }
      return nil
    }
    guard seen.insert(id).inserted, let name = people.reader.text(name), !name.isEmpty
    else {
      throw people.reader.malformed("has no name, or somebody's second row")
    }
    let own = try people.take(id)
    guard own.rows == 1 else { throw people.reader.malformed("follows a second row of a person") }
    var datasets = shared + [own]
    for cursor in others { datasets.append(try cursor.take(id)) }
    datasets.sort { place(of: $0) < place(of: $1) }
    return Person(id: id, name: name, datasets: datasets)
  }

  private func place(of dataset: Dataset) -> Int { order.firstIndex(of: dataset.name) ?? 0 }

  /// The ids of all people of a dataset, in its order.
  static func ids(_ dataset: Dataset, _ spec: EachSpec) throws -> [String] {
    let reader = try TableReader(dataset)
    let key = try reader.index(of: spec.key)
    var ids: [String] = []
    while try reader.next() {
      guard let id = reader.text(key) else { throw reader.malformed("names nobody") }
      ids.append(id)
    }
    return ids
  }
}

/// Reads a dataset that is ordered by a key, and gives the rows of one key at a time.
private final class PersonCursor {
  let reader: TableReader
  private let dataset: Dataset
  private let column: Int
  /// The key of the row that comes next; `nil` at the end.
  private(set) var key: String?

  init(_ dataset: Dataset, key name: String) throws {
    self.dataset = dataset
    reader = try TableReader(dataset)
    column = try reader.index(of: name)
    try step()
  }

  private func step() throws {
    guard try reader.next() else {
      key = nil
      return
    }
    guard let found = reader.text(column) else { throw reader.malformed("names nobody") }
    key = found
  }

  /// The rows of a key, if they come next.
  func take(_ wanted: String) throws -> Dataset {
    var bytes = Array(reader.names.joined(separator: ",").utf8) + [UInt8(ascii: "\n")]
    var rows = 0
    // Two ids are the same only byte by byte.
    while let key, key.utf8.elementsEqual(wanted.utf8) {
      reader.write(to: &bytes)
      rows += 1
      try step()
    }
    return Dataset(
      name: dataset.name, columns: dataset.columns, rows: rows, bytes: bytes.count,
      digest: SHA256Digest(of: bytes), content: .memory(HeldBytes(bytes)))
  }

  /// The fault of a row that belongs to nobody who was asked for, or comes out of order.
  func stranger() -> Diagnostic {
    reader.malformed("is of somebody who is not among the people of the report, or out of order")
  }
}

extension TableReader {
  /// Appends the row as CSV: NULL is empty, all else is quoted.
  fileprivate func write(to bytes: inout [UInt8]) {
    let quote = UInt8(ascii: "\"")
    for index in names.indices {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      guard let field = self[index] else { continue }
      bytes.append(quote)
      for byte in field {
        if byte == quote { bytes.append(quote) }
        bytes.append(byte)
      }
      bytes.append(quote)
    }
    bytes.append(UInt8(ascii: "\n"))
  }
}
