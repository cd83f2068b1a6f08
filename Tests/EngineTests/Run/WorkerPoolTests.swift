import Basics
import Synchronization
import Testing

@testable import Engine

@Suite struct WorkerPoolTests {
  @Test(arguments: [1, 2, 4, 16]) func `Every index runs once, on any number of threads`(size: Int)
    throws
  {
    let pool = try WorkerPool(size: size)
    defer { pool.stop() }
    let seen = Locked([Int](repeating: 0, count: 1000))
    try pool.parallel(1000) { index in seen.withLock { $0[index] += 1 } }
    #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
  }

  @Test(arguments: [1, 2, 8]) func `The failure thrown is the one with the lowest index`(size: Int)
    throws
  {
    struct Failed: Error, Equatable { var index: Int }
    let pool = try WorkerPool(size: size)
    defer { pool.stop() }
    for _ in 0..<50 {
      #expect(throws: Failed(index: 7)) {
        try pool.parallel(100) { index in
          if index >= 7 { throw Failed(index: index) }
        }
      }
    }
  }

  @Test func `Work that forks inside work does not wait for itself`() throws {
    let pool = try WorkerPool(size: 2)
    defer { pool.stop() }
    let total = Locked(0)
    try pool.parallel(8) { _ in
      try pool.parallel(8) { _ in
        try pool.parallel(4) { _ in total.withLock { $0 += 1 } }
      }
    }
    #expect(total.withLock { $0 } == 256)
  }

  @Test func `Jobs run in their order, and jobs of equal order as they were added`() throws {
    let pool = try WorkerPool(size: 1)
    defer { pool.stop() }
    let order = Locked<[Int]>([])
    // The first job holds the only thread until all are queued.
    let gate = Locked(())
    gate.withLock { _ in
      pool.submit(order: 0) { gate.withLock { _ in } }
      for number in [5, 1, 3, 1, 4] {
        pool.submit(order: number) { order.withLock { $0.append(number) } }
      }
    }
    pool.drain(every: 0.01) {}
    #expect(order.withLock { $0 } == [1, 1, 3, 4, 5])
  }
}
