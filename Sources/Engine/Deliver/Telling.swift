import Basics
import Diagnostics
import Foundation
import Pipelines
import Stages

/// A row of a query of `deliver`: a recipient, or a message with its recipient.
struct AddressedRow: Sendable {
  var address: String
  var name: String?
  var locale: String?
  /// The person's id, so that an erasure finds what is to be sent to them.
  var user: String?
  /// The name of the person's time zone; `nil`: the tenant's holds.
  var zone: String?
  /// The digest of the columns that tell rows apart.
  var digest: SHA256Digest
  /// The further columns as a JSON object; `nil` without any.
  var content: String?
}

/// Reads who is to be told of what.
enum Telling {
  /// The rows of each message of `deliver`, by its name. A message whose rows were not read is not
  /// among them.
  typealias Rows = [String: [AddressedRow]]

  /// - Parameter isUpToDate: whether the files are those that were published last, so that nobody
  ///   is told of them.
  /// - Throws: `UnreadRows` if recipients are needed that were not read.
  static func rows(
    of partition: RunPlan.Partition, _ datasets: [Dataset], isUpToDate: Bool
  ) throws -> (rows: Rows, warnings: [Warning]) {
    var rows: Rows = [:]
    var warnings: [Warning] = []
    for message in partition.pipeline.deliver?.messages ?? [] {
      let dataset = datasets.first { $0.name == message.query }
      guard let dataset, dataset.content != .unread else {
        if !message.isOfRows, !isUpToDate { throw UnreadRows() }
        continue
      }
      if !message.isOfRows, isUpToDate { continue }
      let read = try self.rows(of: dataset, message)
      rows[message.name] = read.rows
      if read.unusable > 0 {
        warnings.append(
          Warning(
            code: "no-address", subject: message.query,
            message:
              "\(Counted.text(read.unusable, "row")) of '\(message.query)' without one usable"
              + " address: nobody is told"))
      }
    }
    return (rows, warnings)
  }

  static func rows(
    of dataset: Dataset, _ message: DeliverSpec.Message
  ) throws -> (rows: [AddressedRow], unusable: Int) {
    let reader = try TableReader(dataset)
    let names = reader.names
    func place(_ name: String) -> Int? { names.firstIndex(of: name) }
    guard let address = place("address") else {
      throw Diagnostic(.configuration, "the query '\(message.query)' has no column 'address'")
    }
    let (name, locale, user) = (place("name"), place("locale"), place("user"))
    let zone = place("time_zone")
    let key = message.key.isEmpty ? Array(names.indices) : message.key.compactMap(place)
    let further = names.indices.filter { !DeliverSpec.columns.contains(names[$0]) }
    var rows: [AddressedRow] = []
    var unusable = 0
    while try reader.next() {
      guard let found = reader.text(address).flatMap(usable) else {
        unusable += 1
        continue
      }
      var hasher = SHA256Hasher()
      for place in key {
        let text = reader.text(place)
        hasher.update(Array("\(names[place]) \(text?.utf8.count ?? -1) \(text ?? "")\n".utf8))
      }
      var content: String?
      if !further.isEmpty {
        let values = Dictionary(
          uniqueKeysWithValues: further.compactMap { place in
            reader.text(place).map { (names[place], $0) }
          })
        content = String(decoding: try JSONEncoder().encode(values), as: UTF8.self)
      }
      func text(_ place: Int?) -> String? {
        place.flatMap { reader.text($0) }.flatMap { $0.isEmpty ? nil : $0 }
      }
      rows.append(
        AddressedRow(
          address: found, name: text(name), locale: text(locale), user: text(user),
          zone: text(zone), digest: hasher.digest(), content: content))
    }
    return (rows, unusable)
  }

  /// The address without blanks around it; `nil` if it is empty, or more than one.
  static func usable(_ text: String) -> String? {
    let scalars = text.unicodeScalars.drop { $0.properties.isWhitespace }
    let trimmed = scalars.reversed().drop { $0.properties.isWhitespace }.reversed()
    guard !trimmed.isEmpty, trimmed.count <= 320, trimmed.filter({ $0 == "@" }).count <= 1 else {
      return nil
    }
    for scalar in trimmed {
      if scalar.properties.isWhitespace || scalar == "," || scalar == ";" { return nil }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned: return nil
      default: continue
      }
    }
    return String(String.UnicodeScalarView(trimmed))
  }

  /// The address in the form in which it is compared: with small letters of ASCII. The record's
  /// own `yearbook.suppress` makes the same.
  static func compared(_ address: String) -> String {
    String(
      decoding: address.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }
}

extension RunPlan.Partition {
  /// Whether people are told of its releases.
  var tellsOfReleases: Bool { pipeline.deliver?.messages.contains { !$0.isOfRows } ?? false }

  /// The datasets that stages can see: none with addresses.
  func forStages(_ datasets: [Dataset]) -> [Dataset] {
    guard let hidden = pipeline.deliver?.queries else { return datasets }
    return datasets.filter { !hidden.contains($0.name) }
  }

  /// The digest of what is published, and of whether it is final; `nil` if nobody is told of it.
  func content(of files: [Artifact]) -> SHA256Digest? {
    guard tellsOfReleases else { return nil }
    return SHA256Digest(of: (Self.text(of: files) + (isFinal ? "final\n" : "")).utf8)
  }

  /// The digest of the files alone.
  static func payload(of files: [Artifact]) -> SHA256Digest {
    SHA256Digest(of: text(of: files).utf8)
  }

  private static func text(of files: [Artifact]) -> String {
    files.map { "\($0.name) \($0.digest.hex)\n" }.sorted().joined()
  }
}
