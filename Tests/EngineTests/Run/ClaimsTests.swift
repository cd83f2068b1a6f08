import Basics
import Diagnostics
import Foundation
import Glibc
import Pipelines
import Postgres
import TestSupport
import Testing

@testable import Engine

@Suite struct ClaimsTests {
  private let database: TestDatabase
  private let partition: PartitionKey

  init() throws {
    database = try TestDatabase()
    partition = try Plans.partition().key
  }

  @Test func `A partition that one run holds is no other's until it is given back`() throws {
    let (first, second) = (try Claims(database.conninfo), try Claims(database.conninfo))
    let claim = try #require(try first.take(partition))
    #expect(try second.take(partition) == nil)
    let others = [
      try Plans.partition(tenant: Plans.tenant(2)).key, try Plans.partition(year: 2025).key,
      try Plans.partition("video").key,
    ]
    for other in others { #expect(try second.take(other) != nil) }
    try claim.giveBack()
    #expect(try second.take(partition) != nil)
  }

  @Test func `Several claims are given back at once, and only by whom they are held`() throws {
    let (first, second) = (try Claims(database.conninfo), try Claims(database.conninfo))
    let partitions = try (2020..<2026).map { try Plans.partition(year: $0).key }
    let claims = try partitions.map { try #require(try first.take($0)) }
    try first.giveBack(claims)
    for partition in partitions { #expect(try second.take(partition) != nil) }
    let error = #expect(throws: Diagnostic.self) { try first.giveBack(claims) }
    #expect(error?.code == .bug)
  }

  @Test func `Of many claims, those that are free are taken with one question`() throws {
    let (first, second) = (try Claims(database.conninfo), try Claims(database.conninfo))
    let partitions = try (2020..<2026).map { try Plans.partition(year: $0).key }
    let held = try [partitions[1], partitions[4]].map { try #require(try first.take($0)) }
    let taken = try second.take(partitions)
    #expect(Set(taken.keys) == Set(partitions).subtracting([partitions[1], partitions[4]]))
    try first.giveBack(held)
    for partition in taken.keys { #expect(try first.take(partition) == nil) }
    try second.giveBack(Array(taken.values))
    #expect(try first.take(partitions).count == partitions.count)
    #expect(try second.take([]).isEmpty)
  }

  @Test func `The end of a session frees what it held, and its owner is told`() throws {
    let lost = try Claims(database.conninfo)
    #expect(try lost.take(partition) != nil)
    try lost.check()
    let ended = try database.connect().query(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        + " WHERE application_name = 'yearbook claims' AND datname = current_database()")
    #expect(ended.count == 1)
    #expect(try Claims(database.conninfo).take(partition) != nil)
    let error = #expect(throws: Diagnostic.self) { try lost.check() }
    #expect(error?.code == .unavailable && error?.isTransient == true)
  }

  @Test(.enabled(if: Places.program("psql") != nil, "psql is not installed"))
  func `The death of the process that holds a partition frees it`() throws {
    try withTemporaryFolder { folder in
      let pipe = "\(folder)/sql"
      #expect(mkfifo(pipe, 0o600) == 0)
      let holder = try RunningProgram([
        try #require(Places.program("psql")), "-qAt", "-f", pipe, database.conninfo,
      ])
      // Held open, so that the program waits for more.
      let descriptor = open(pipe, O_RDWR | O_CLOEXEC)
      defer { close(descriptor) }
      let key = AdvisoryKey([
        "yearbook", "partition", partition.tenantID, partition.pipeline,
        partition.period.description,
      ])
      let sql = "SELECT 'held', pg_advisory_lock(\(key.value));\n"
      #expect(write(descriptor, sql, sql.utf8.count) == sql.utf8.count)
      #expect(eventually { holder.output.contains("held") }, "\(holder.output)")
      let claims = try Claims(database.conninfo)
      #expect(try claims.take(partition) == nil)
      holder.send(SIGKILL)
      try holder.wait()
      #expect(try eventually { try claims.take(partition) != nil })
    }
  }

  @Test func `Who waits for a claim gets it once it is free, or stops when told to`() throws {
    let (first, second) = (try Claims(database.conninfo), try Claims(database.conninfo))
    let claim = try #require(try first.take(partition))
    let stopped = Cancellation()
    let error = Locked<Diagnostic?>(nil)
    let waiting = Background { [partition] in
      do {
        _ = try second.await(partition, stopped)
      } catch let thrown as Diagnostic {
        error.withLock { $0 = thrown }
      } catch {}
    }
    stopped.request()
    waiting.join()
    #expect(error.withLock { $0?.code } == .interrupted)
    let isHeld = Locked(false)
    let patient = Background { [partition] in
      do {
        _ = try second.await(partition, Cancellation())
        isHeld.withLock { $0 = true }
      } catch {}
    }
    #expect(!isHeld.withLock { $0 })
    try claim.giveBack()
    patient.join()
    #expect(isHeld.withLock { $0 })
  }

  @Test func `A schedule is one run's for as long as its session lives`() throws {
    let second = try Claims(database.conninfo)
    do {
      let first = try Claims(database.conninfo)
      #expect(try first.takeSchedule("nightly", waiting: 0, Cancellation()))
      #expect(try !second.takeSchedule("nightly", waiting: 0, Cancellation()))
      #expect(try second.takeSchedule("weekly", waiting: 0, Cancellation()))
      withExtendedLifetime(first) {}
    }
    #expect(try second.takeSchedule("nightly", waiting: 5, Cancellation()))
  }

  @Test func `Runs go together, a standstill goes with none of them`() throws {
    _ = try RunRecord(database.conninfo)
    do {
      let runs = try (0..<2).map { _ in try Claims(database.conninfo) }
      for run in runs { try run.refuseStandstill(waiting: 0, Cancellation()) }
      let error = #expect(throws: Diagnostic.self) {
        _ = try Standstill(record: database.conninfo)
      }
      #expect(error?.code == .busy)
    }
    let standstill = try Standstill(record: database.conninfo)
    let error = #expect(throws: Diagnostic.self) {
      try Claims(database.conninfo).refuseStandstill(waiting: 0, Cancellation())
    }
    #expect(error?.code == .busy)
    withExtendedLifetime(standstill) {}
  }
}
