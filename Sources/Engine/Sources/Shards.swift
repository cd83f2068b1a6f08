import Basics
package import Diagnostics
package import Extraction
import Postgres

/// The shards of a source, as far as they answer. A source that is one database has one.
///
/// Confined to one thread at a time.
package final class Shards {
  /// One database.
  private struct Shard {
    var source: Source?
    /// Why it does not answer.
    var fault: Diagnostic?
    var isInSnapshot = false
  }

  /// The source's name; `nil` for the platform itself.
  package let name: String?
  private var shards: [Shard]
  private let open: (Int) throws -> Source
  let spread: ShardSpread
  /// The shards that hold rows of a tenant, by its id; `nil` if any shard can.
  var places: [String: Set<Int>]?
  private var whenBegun: (Int, Source) throws -> Void = { _, _ in }
  /// How often a shard's session was opened again.
  private var reopened = 0
  private static let mostReopened = 20

  /// - Parameters:
  ///   - count: how many there are.
  ///   - open: opens a session of a shard, by its number from 1.
  ///
  /// Opens a session of each shard. Throws the failure of the only shard, or of all; and
  /// `configuration`, if the shards' tables are not the same.
  package init(
    _ name: String?, count: Int, spread: ShardSpread, open: @escaping (Int) throws -> Source
  ) throws {
    self.name = name
    self.spread = spread
    self.open = open
    shards = []
    for number in 1...max(1, count) {
      do {
        shards.append(Shard(source: try open(number)))
      } catch let error as Diagnostic where count > 1 && error.code == .unavailable {
        shards.append(Shard(fault: Self.named(error, number, name)))
      }
    }
    if let fault = shards[0].fault, !shards.contains(where: { $0.source != nil }) { throw fault }
    try refuseOtherTables()
  }

  /// A query that is tried on the tables of one shard is tried on those of all.
  private func refuseOtherTables() throws {
    guard isSharded else { return }
    var first: (number: Int, catalog: SourceCatalog)?
    var databases: [String: Int] = [:]
    for (index, shard) in shards.enumerated() {
      // Two strings can name one database.
      if let database = try shard.source?.database() {
        if let known = databases[database] {
          throw Diagnostic(
            .configuration,
            "the shards \(known) and \(index + 1) of "
              + (name.map { "the source '\($0)'" } ?? "the source") + " are one database",
            hint: "its rows would count twice: name each database once")
        }
        databases[database] = index + 1
      }
      guard let catalog = try shard.source?.catalog() else { continue }
      guard let known = first else {
        first = (index + 1, catalog)
        continue
      }
      guard let place = known.catalog.difference(to: catalog) else { continue }
      throw Diagnostic(
        .configuration,
        "\(Self.title(index + 1, of: name)) has other tables than the shard \(known.number): \(place)",
        hint: "the tables, columns, keys and rights of all shards must be the same")
    }
  }

  /// The first shard that answers.
  package func first() throws(Diagnostic) -> Source {
    if let source = shards.lazy.compactMap(\.source).first { return source }
    throw shards.first?.fault ?? Diagnostic(.bug, "a source has no shard")
  }

  /// Why shards do not answer.
  package var faults: [(number: Int, fault: Diagnostic)] {
    shards.enumerated().compactMap { index, shard in shard.fault.map { (index + 1, $0) } }
  }

  /// The sessions of the shards that answer.
  package var sources: [(number: Int, source: Source)] {
    shards.enumerated().compactMap { index, shard in shard.source.map { (index + 1, $0) } }
  }

  /// Asks a shard; `nil` if it does not answer.
  func ask<T>(
    _ number: Int, _ question: (Source) throws(Diagnostic) -> T
  ) throws(Diagnostic) -> T? {
    guard shards[number - 1].fault == nil, let source = shards[number - 1].source else {
      return nil
    }
    do throws(Diagnostic) {
      return try question(source)
    } catch {
      let error = Self.named(error, number, name)
      guard error.code == .unavailable else { throw error }
      shards[number - 1].fault = error
      shards[number - 1].source = nil
      return nil
    }
  }

  /// Asks nothing of a shard any more.
  func giveUp(_ number: Int, _ fault: Diagnostic) {
    shards[number - 1].fault = fault
    shards[number - 1].source = nil
  }

  /// Opens a session of a shard, beside the one that it has.
  func opened(_ number: Int) throws -> Source { try open(number) }

  /// The rules of a time zone, by the first shard that answers.
  func zone(named zone: String) throws(Diagnostic) -> ZoneRules? {
    try first().zones(named: [zone])[zone]
  }

  /// From 1.
  package var numbers: ClosedRange<Int> { 1...max(1, shards.count) }
  package var isSharded: Bool { shards.count > 1 }

  /// Whether a shard can hold rows of a tenant.
  func canHold(_ tenant: String, _ number: Int) -> Bool {
    places.map { $0[tenant]?.contains(number) ?? false } ?? true
  }

  /// Whether a shard can hold rows of a partition.
  func canHold(rowsOf partition: RunPlan.Partition, _ number: Int) -> Bool {
    partition.tenantIDs.contains { canHold($0, number) }
  }

  /// Runs `body` while a snapshot of each shard that answers is open.
  ///
  /// - Parameter whenBegun: called when a snapshot has begun, also that of a session that had to be
  ///   opened again.
  func inSnapshots(
    _ whenBegun: @escaping (Int, Source) throws -> Void, body: () throws -> Void
  ) throws {
    self.whenBegun = whenBegun
    defer {
      for index in shards.indices where shards[index].isInSnapshot {
        shards[index].isInSnapshot = false
        // The session only read: if it is lost, nothing else is.
        do { try shards[index].source?.connection.execute("ROLLBACK") } catch {
          shards[index].source = nil
        }
      }
      self.whenBegun = { _, _ in }
    }
    for number in numbers where shards[number - 1].fault == nil {
      do { _ = try source(number) } catch let error as Diagnostic
        where isSharded && error.code == .unavailable
      {
        shards[number - 1].fault = error
      }
    }
    try body()
  }

  /// A session of a shard, in its snapshot. A session that was lost is opened again, in a new one.
  ///
  /// - Throws: why the shard does not answer.
  func source(_ number: Int) throws -> Source {
    let index = number - 1
    if let fault = shards[index].fault { throw fault }
    if let source = shards[index].source, source.connection.isUsable, shards[index].isInSnapshot {
      return source
    }
    do {
      var source = shards[index].source
      if source?.connection.isUsable != true {
        if source != nil { reopened += 1 }
        shards[index].isInSnapshot = false
        source = try open(number)
        shards[index].source = source
      }
      guard let source else { throw Diagnostic(.bug, "a shard has no session") }
      try source.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
      shards[index].isInSnapshot = true
      try whenBegun(number, source)
      return source
    } catch let error as Diagnostic {
      let error = named(error, number)
      guard let found = error as? Diagnostic else { throw error }
      if reopened > Self.mostReopened { shards[index].fault = found }
      throw found
    }
  }

  /// An error with the shard that it came from.
  func named(_ error: any Error, _ number: Int) -> any Error {
    guard isSharded, let error = error as? Diagnostic else { return error }
    return Self.named(error, number, name)
  }

  private static func named(_ error: Diagnostic, _ number: Int, _ name: String?) -> Diagnostic {
    let shard = title(number, of: name)
    if error.message.hasPrefix(shard) { return error }
    var error = error
    // The source's own name comes once.
    let own = name.map { "the source '\($0)': " } ?? ""
    let rest =
      error.message.hasPrefix(own) ? String(error.message.dropFirst(own.count)) : error.message
    error.message = "\(shard): \(rest)"
    return error
  }

  /// `the shard 3 of the source 'chat'`
  static func title(_ number: Int, of name: String?) -> String {
    "the shard \(number) of " + (name.map { "the source '\($0)'" } ?? "the source")
  }
}
