import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Basics

@Suite struct FileReaderTests {
  /// A pruner removes releases while a publisher looks for links among them.
  @Test func `A folder that goes while it is searched for links is no fault`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let failures = Mutex<[String]>([])
      let isDone = Atomic(false)
      let remover = Thread {
        for turn in 0..<3000 {
          let outer = "\(folder)/\(turn % 3)"
          mkdir(outer, 0o755)
          mkdir(outer + "/inner", 0o755)
          mkdir(outer + "/inner/most", 0o755)
          rmdir(outer + "/inner/most")
          rmdir(outer + "/inner")
          rmdir(outer)
        }
        isDone.store(true, ordering: .releasing)
      }
      remover.start()
      var searches = 0
      while !isDone.load(ordering: .acquiring) {
        do {
          if let link = try FileReader.anyLink(folder) {
            failures.withLock { $0.append("a link: \(link)") }
          }
          _ = try FileReader.names(in: folder + "/1/inner")
        } catch {
          failures.withLock { $0.append("\(error)") }
        }
        searches += 1
      }
      #expect(failures.withLock { Set($0) } == [])
      #expect(searches > 100)
    }
  }
}
