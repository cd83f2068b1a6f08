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
    let fingerprints = try fingerprints(source, partitions) {
      try sessions.forEach($0, first: source, $1)
    }
    isTaking = false
    let erased = try record.erasedPeople()
    var states: [PartitionKey: Fingerprints.State] = [:]
    for partition in partitions {
      states[partition.key] = fingerprints.state(of: partition, erased)
    }
    let taken = try Taken(states: states, known: known(states))
    tell(taken, [fingerprints], partitions.count, taking)
    return taken
  }

  /// Fingerprints what the partitions read on each shard, in the shards' present snapshots. A
  /// partition that a shard can hold rows of which does not answer has no fingerprint.
  ///
  /// - Parameter merging: what decides the dataset that is made of the rows of all shards.
  func take(
    _ shards: Shards, _ partitions: [RunPlan.Partition], _ interruption: Interruption,
    merging: (RunPlan.Partition) throws -> [(name: String, value: String)]
  ) throws -> Taken {
    let partitions = partitions.filter { reads[$0.pipeline.name] != nil }
    if partitions.isEmpty { return Taken() }
    let taking = Stopwatch()
    let erased = try record.erasedPeople()
    var found: [Int: Fingerprints] = [:]
    for number in shards.numbers {
      let own = partitions.filter { shards.canHold(rowsOf: $0, number) }
      if own.isEmpty { continue }
      do {
        let source = try shards.source(number)
        interruption.watch(source.connection)
        found[number] = try source.connection.savepoint { try fingerprints(source, own) }
      } catch let error as Diagnostic where error.code != .interrupted {
        // Its rows are read, or it fails there.
      }
    }
    var states: [PartitionKey: Fingerprints.State] = [:]
    for partition in partitions {
      var parts: [(shard: Int, state: Fingerprints.State)] = []
      let numbers = shards.numbers.filter { shards.canHold(rowsOf: partition, $0) }
      for number in numbers {
        guard let state = found[number]?.state(of: partition, erased) else { break }
        parts.append((number, state))
      }
      guard parts.count == numbers.count else { continue }
      states[partition.key] = Fingerprints.State(parts, merging: try merging(partition))
    }
    let taken = try Taken(states: states, known: known(states))
    tell(taken, found.sorted { $0.key < $1.key }.map(\.value), partitions.count, taking)
    return taken
  }

  private func fingerprints(
    _ source: Source, _ partitions: [RunPlan.Partition],
    sideBySide: ((_ count: Int, @escaping @Sendable (Int, Source) throws -> Void) throws -> Void)? =
      nil
  ) throws -> Fingerprints {
    let people = partitions.first.flatMap { configuration.people(of: $0.pipeline) }
    return try Fingerprinter(
      source, seeds: record.seeds(), moment: moment, program: Yearbook.version,
      hidden: (people?.table ?? "", people?.key ?? "")
    ).take(demands(partitions), sideBySide: sideBySide)
  }

  /// The datasets of partitions that are in the state of their last recorded extraction.
  private func known(
    _ states: [PartitionKey: Fingerprints.State]
  ) throws -> [PartitionKey: [Dataset]] {
    if !isUsed { return [:] }
    var known: [PartitionKey: [Dataset]] = [:]
    for (key, last) in try record.extractions(of: Array(states.keys)) {
      guard let state = states[key], state.inputs.key.hex == last.key,
        state.isReached(from: last.reach)
      else { continue }
      known[key] = last.datasets
    }
    return known
  }

  private func tell(
    _ taken: Taken, _ fingerprints: [Fingerprints], _ partitions: Int, _ taking: Stopwatch
  ) {
    state.add(seconds: taking.seconds, to: "fingerprint")
    state.tell(
      .fingerprinted(
        tables: fingerprints.reduce(0) { $0 + $1.tableCount }, unchanged: taken.known.count,
        partitions: partitions, seconds: taking.seconds,
        fault: fingerprints.lazy.flatMap(\.faults).first))
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

extension Fingerprints {
  /// - Parameter erased: the ids of people whose rows are never read, by the tenant's id.
  fileprivate func state(
    of partition: RunPlan.Partition, _ erased: [String: [String]]
  ) -> State? {
    let hidden = Set(partition.tenantIDs.flatMap { erased[$0] ?? [] }).sorted()
    return state(of: partition.pipeline, partition.period, partition.extracted, hidden: hidden)
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
