import Basics
import Diagnostics
import Extraction
import Pipelines
import Postgres

/// Finds the partitions of a run whose rows need not be read, because everything that decides their
/// datasets is as it was when they were last read.
///
/// Confined to the thread of the first session that reads the source.
final class Fingerprinting {
  /// What a pipeline's queries read, and the digest of its SQL.
  struct Reads: Sendable {
    var reads: PipelineReads
    var statement: String
  }

  private let record: RunRecord
  private let configuration: Configuration
  private let moment: RunMoment
  private let isUsed: Bool
  private let state: RunState
  /// By the pipeline's name. Partitions of other pipelines are read.
  private let reads: [String: Reads]
  /// Whether the session was lost while fingerprints were taken: the next one goes without.
  private var isTaking = false

  /// - Parameter isUsed: whether recorded extractions stand for reading the rows. New ones are
  ///   recorded in any case.
  init(
    _ record: RunRecord, _ configuration: Configuration, moment: RunMoment, isUsed: Bool,
    state: RunState, reads: [String: Reads]
  ) {
    self.record = record
    self.configuration = configuration
    self.moment = moment
    self.isUsed = isUsed
    self.state = state
    self.reads = reads
  }

  /// What one snapshot shows.
  struct Taken {
    /// What decides the datasets, of partitions whose pipelines could be fingerprinted.
    var states: [PartitionKey: Fingerprints.State] = [:]
    /// The datasets, without rows, of partitions whose rows need not be read.
    var known: [PartitionKey: [Dataset]] = [:]
  }

  /// Fingerprints what the partitions read, in the source's present snapshot.
  ///
  /// - Parameter sessions: scan the tables, `source` among them.
  func take(
    _ source: Source, _ sessions: SourceSessions, _ partitions: [RunPlan.Partition]
  ) throws -> Taken {
    let partitions = partitions.filter { reads[$0.pipeline.name] != nil }
    if isTaking || partitions.isEmpty { return Taken() }
    isTaking = true
    let taking = Stopwatch()
    let people = partitions.first.flatMap { configuration.people(of: $0.pipeline) }
    let fingerprints = try Fingerprinter(
      source, seeds: record.seeds(), moment: moment, program: Yearbook.version,
      hidden: (people?.table ?? "", people?.key ?? "")
    ).take(demands(partitions)) { try sessions.forEach($0, first: source, $1) }
    isTaking = false
    let erased = try record.erasedPeople()
    var taken = Taken()
    for partition in partitions {
      let hidden = Set(partition.tenantIDs.flatMap { erased[$0] ?? [] }).sorted()
      taken.states[partition.key] = fingerprints.state(
        of: partition.pipeline, partition.period, partition.extracted, hidden: hidden)
    }
    if isUsed {
      for (key, last) in try record.extractions(of: Array(taken.states.keys)) {
        guard let state = taken.states[key], state.inputs.key.hex == last.key,
          state.isReached(from: last.reach)
        else { continue }
        taken.known[key] = last.datasets
      }
    }
    state.add(seconds: taking.seconds, to: "fingerprint")
    state.tell(
      .fingerprinted(
        tables: fingerprints.tableCount, unchanged: taken.known.count,
        partitions: partitions.count, seconds: taking.seconds,
        fault: fingerprints.faults.first))
    return taken
  }

  private func demands(_ partitions: [RunPlan.Partition]) -> [Fingerprinter.Demand] {
    Dictionary(grouping: partitions, by: \.pipeline.name).sorted { $0.key < $1.key }
      .compactMap { name, partitions in
        guard let known = reads[name] else { return nil }
        var tenants: [String: Tenant] = [:]
        for partition in partitions {
          for member in partition.extracted { tenants[member.tenant.id] = member.tenant }
        }
        return Fingerprinter.Demand(
          partitions[0].pipeline, reads: known.reads, statement: known.statement,
          periods: Set(partitions.map(\.period)),
          tenants: tenants.sorted { $0.key < $1.key }.map(\.value))
      }
  }
}

extension RunPlan.Partition {
  /// The tenants whose rows it is made of, as the extraction takes them.
  var extracted: [Extractor.Member] {
    guard pipeline.scope == .platform else {
      return [Extractor.Member(tenant: tenant, settings: settings, asOf: asOf)]
    }
    return members.map { member in
      let asOf = asOf.map { _ in min(member.today, period.lastDay) }
      return Extractor.Member(tenant: member.tenant, settings: member.settings, asOf: asOf)
    }
  }
}
