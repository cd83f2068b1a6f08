import Basics
import Diagnostics
import Media
import Pipelines
import Store

// What can be told before anything is made.
extension Run {
  /// Fails the partitions whose folder in the store cannot be written, before anything is made.
  func refuseUnwritable() {
    let (places, faults) = (plan.partitions.map(\.place), Locked<[Int: Diagnostic]>([:]))
    pool.sideBySide(places.count) { [publisher] index in
      do throws(Diagnostic) {
        try publisher.store.tryWriting(places[index])
      } catch {
        faults.withLock { $0[index] = error.filling(.init(stage: "publish")) }
      }
    }
    for (index, fault) in faults.withLock({ $0 }) where plan.partitions[index].fault == nil {
      plan.partitions[index].fault = fault
    }
  }

  /// Fails the partitions that draw films if fonts are missing, before anything is made. If all
  /// partitions do, the run fails.
  func refuseWithoutFonts() throws {
    let drawing = plan.partitions.indices.filter { plan.partitions[$0].pipeline.stitch != nil }
    if drawing.isEmpty { return }
    do throws(Diagnostic) {
      try RasterFonts.require()
    } catch {
      if drawing.count == plan.partitions.count { throw error }
      for index in drawing where plan.partitions[index].fault == nil {
        plan.partitions[index].fault = error
      }
    }
  }
}
