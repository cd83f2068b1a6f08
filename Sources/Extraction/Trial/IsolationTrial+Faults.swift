import Diagnostics
import Pipelines

extension IsolationTrial {
  /// A constant that the server made of a word such as 'now' or 'today' depends on when it read the
  /// statement. Such a constant moves otherwise than one that the file spells out when it is read
  /// at another moment and in another time zone.
  static func movingTimes(
    _ west: QueryReading.Constants, _ east: QueryReading.Constants
  ) -> [Diagnostic] {
    let hours26: Int64 = 26 * 3_600_000_000
    return zip(west.times, east.times).filter { west, east in
      // A time without an offset is 26 hours later in the west. All else stands still.
      let moved = west.value &- east.value
      return moved != 0 && !(west.type == 1184 && moved == hours26)
    }.map { west, _ in
      Diagnostic(
        .configuration,
        "a text such as 'now' or 'today' is refused: it depends on the day of the run",
        at: .init(file: west.file),
        hint: "use the columns of 'partition', such as cutoff_at and as_of")
    }
  }

  static let foreignData = "a row of one tenant holds another tenant's data"

  static func difference(
    _ alone: [[UInt8]], _ beside: [[UInt8]], _ shadowedAlone: [[UInt8]],
    _ shadowedBeside: [[UInt8]], _ query: ExtractSpec.Query, _ kind: Period.Kind
  ) -> Diagnostic? {
    if shadowedAlone != shadowedBeside || alone != shadowedAlone {
      return Diagnostic(
        alone == beside ? .bug : .configuration,
        "the query '\(query.name)' has other rows when it sees one tenant alone",
        at: .init(file: query.file),
        hint: "a join, a subquery or a window forgets the tenant: join and partition by tenant_id")
    }
    guard alone != beside else { return nil }
    let mark = Array(TrialWorld.foreignMark.utf8)
    if beside.contains(where: { $0.containsRun(mark) }) {
      return Diagnostic(
        .configuration, foreignData,
        at: .init(file: query.file),
        hint: "a join forgets the tenant: join on tenant_id as well as on the key")
    }
    return Diagnostic(
      .configuration,
      "a tenant's rows change when another tenant's data is there (tried for a \(kind.rawValue))",
      at: .init(file: query.file),
      hint: "a join, a subquery or a window forgets the tenant: join and partition by tenant_id")
  }
}
