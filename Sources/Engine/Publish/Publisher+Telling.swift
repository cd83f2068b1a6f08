import Basics
import Diagnostics
import Pipelines
import Postgres
import Store

extension Publisher {
  /// Queues what is to be told of these publications, in the transaction that records them.
  ///
  /// A run can die between `latest.json` and the record. So what happened to a partition is what
  /// the record does not know yet, whichever run did it. A release of a run that the record does
  /// not know either is no news: the record was lost, or comes from a backup.
  ///
  /// - Returns: Partitions whose recipients would have to be told, but were not read.
  func queue(
    _ publications: [Publication], _ outcomes: [Result<PublishOutcome, any Error>],
    _ record: RunRecord
  ) throws -> Set<PartitionKey> {
    guard let messages else { return [] }
    let telling = zip(publications, outcomes).compactMap {
      publication, outcome -> (publication: Publication, outcome: PublishOutcome)? in
      guard publication.partition.pipeline.deliver != nil, case .success(let outcome) = outcome,
        !outcome.head.isWithdrawn
      else { return nil }
      return (publication, outcome)
    }
    if telling.isEmpty { return [] }
    let known = try record.knownReleases(of: telling.map(\.publication.partition.key))
    let runs = try record.known(
      runs: Set(
        telling.compactMap { one in
          if case .unchanged(let head) = one.outcome { head.run } else { nil }
        }))
    var untold: Set<PartitionKey> = []
    var announcements: [Announcement] = []
    for (publication, outcome) in telling {
      let old = known[publication.partition.key]
      var events = Announcement.events(
        from: old.map { ($0.release, $0.status) }, to: outcome.head)
      if case .unchanged(let head) = outcome, !runs.contains(head.run) { events = [] }
      let isMissing = publication.partition.pipeline.deliver?.messages.contains {
        !$0.isOfRows && !$0.events.isDisjoint(with: events) && publication.told[$0.name] == nil
      }
      if isMissing == true {
        untold.insert(publication.partition.key)
        continue
      }
      announcements += try Announcement.all(
        publication, events: events, release: outcome.head.release, templates: messages.digest)
    }
    try record.queue(announcements)
    try record.forgetExtractions(of: Array(untold))
    return untold
  }

  /// Ends partitions that make no release: their rows are messages.
  func tell(_ publications: [Publication]) {
    let outcome = Result { () throws in
      try claims.check()
      try record.withLock { record in
        try record.connection.transaction {
          if let messages {
            try record.queue(
              publications.flatMap {
                try Announcement.all($0, events: [], release: nil, templates: messages.digest)
              })
          }
          try record.add(
            publications.map { publication in
              var noted = self.outcome(of: publication.partition, isPublished: true)
              noted.warnings = publication.warnings
              noted.snapshot = publication.snapshot
              return noted
            }, run: run)
          try record.add(publications.compactMap(\.extraction))
          try record.letGo(publications.map(\.partition.key))
        }
      }
    }
    do { try claims.giveBack(publications.compactMap(\.claim)) } catch {
      // The claims are freed with the session, at the latest when the process ends.
    }
    for publication in publications {
      switch outcome {
      case .success: state.ended(publication.partition, .unchanged, warnings: publication.warnings)
      case .failure(let error): finish(publication, .failure(error))
      }
    }
  }
}
