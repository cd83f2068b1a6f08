import Basics
import Foundation
import Media
import Store
import TestSupport
import Testing

@testable import Engine

struct MediaDigestsTests {
  /// Ten thousand objects with `make soak`.
  private static let count =
    ProcessInfo.processInfo.environment["YEARBOOK_SOAK"] == nil ? 200 : 10_000

  /// Writes all objects. On every call each has the same size and time, but different bytes.
  private func write(_ letter: String, _ folder: String) throws {
    for index in 0..<Self.count {
      let path = "\(folder)/\(index).webm"
      try Data("\(letter) \(index)".utf8).write(to: URL(filePath: path))
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1_790_000_000)], ofItemAtPath: path)
    }
  }

  @Test func `Unchanged objects are not read again, unless the run is told to`() throws {
    let tenant = "00000000-0000-4000-8000-000000000001"
    try withDatabase { conninfo in
      try withTemporaryFolder { folder in
        let record = Locked(try RunRecord(conninfo))
        let root = MediaRoot(folder)
        func digests(isRehashing: Bool = false) throws -> [SHA256Digest] {
          let digests = MediaDigests(record: record, isRehashing: isRehashing)
          return try (0..<Self.count).map {
            try digests.digest(of: root.open("\($0).webm"), tenant: tenant) {}
          }
        }
        func expected(_ letter: String) -> [SHA256Digest] {
          (0..<Self.count).map { index in
            var hasher = SHA256Hasher()
            Data("\(letter) \(index)".utf8).withUnsafeBytes { hasher.update($0) }
            return hasher.digest()
          }
        }
        try write("a", folder)
        #expect(try digests() == expected("a"))
        // An object with the same size and time counts as unchanged: its bytes are not read.
        try write("b", folder)
        let start = Date()
        #expect(try digests() == expected("a"))
        print("\(Self.count) unchanged objects took", Date().timeIntervalSince(start), "s")
        #expect(try digests(isRehashing: true) == expected("b"))
        #expect(try digests() == expected("b"))
        // A run that reads all objects again reads each only once.
        let again = MediaDigests(record: record, isRehashing: true)
        let first = try again.digest(of: root.open("0.webm"), tenant: tenant) {}
        try write("c", folder)
        #expect(try again.digest(of: root.open("0.webm"), tenant: tenant, check: {}) == first)
      }
    }
  }
}
