import Diagnostics
import Foundation
import Pipelines
import Store

extension Publisher {
  /// Of reports of single people, only the newest release stays: who took back their consent, or
  /// was erased, is in the older ones.
  ///
  /// Also where nothing changed: a run can have died between the release and this.
  func removeTakenBack(
    _ publications: [Publication], _ outcomes: inout [Result<PublishOutcome, any Error>]
  ) {
    let places = publications.indices.filter { index in
      guard case .success(let outcome) = outcomes[index], !outcome.head.isWithdrawn else {
        return false
      }
      return publications[index].partition.pipeline.each != nil
    }
    if places.isEmpty { return }
    let now = Int(Date().timeIntervalSince1970) + 1
    let pruned = store.prune(
      places.map { publications[$0].partition.place }, by: PruneRule(last: 1, grace: 0), now: now)
    for (place, result) in zip(places, pruned) {
      if case .failure(let fault) = result { outcomes[place] = .failure(fault) }
    }
  }
}
