import Glibc
import TestSupport
import Testing

@testable import Basics

/// What file systems tell of their room, true or not.
@Suite struct FreeSpaceTests {
  private static func status(blocks: UInt, free: UInt, size: UInt) -> statvfs {
    var status = statvfs()
    status.f_blocks = blocks
    status.f_bavail = free
    status.f_frsize = size
    return status
  }

  @Test(
    arguments: [
      (0, 0, 4096), (UInt.max, UInt.max, 4096), (0, UInt.max, 4096), (100, UInt.max, 4096),
      (100, 101, 4096), (100, 50, 0),
    ] as [(UInt, UInt, UInt)])
  func `A file system that tells zero of zero, or all bits set, does not tell its room`(
    blocks: UInt, free: UInt, size: UInt
  ) {
    #expect(FreeSpace.bytes(Self.status(blocks: blocks, free: free, size: size)) == nil)
  }

  @Test func `More room than a number can hold is no trap`() {
    let huge = Self.status(blocks: UInt.max - 1, free: UInt.max - 1, size: UInt.max)
    #expect(FreeSpace.bytes(huge) == Int.max)
    #expect(FreeSpace.bytes(Self.status(blocks: 10, free: 0, size: 4096)) == 0)
    #expect(FreeSpace.bytes(Self.status(blocks: 10, free: 7, size: 512)) == 3584)
    var old = Self.status(blocks: 10, free: 7, size: 0)
    old.f_bsize = 1024
    #expect(FreeSpace.bytes(old) == 7168)
    #expect(Int.max.saturatingAdd(1) == Int.max && Int.min.saturatingAdd(-1) == Int.min)
    #expect(2.saturatingAdd(3) == 5)
  }

  @Test func `The room of a real folder is known, and of none it is not`() throws {
    try withTemporaryFolder { folder in
      #expect(FreeSpace.bytes(at: folder) ?? 0 > 0)
      #expect(FreeSpace.bytes(at: folder + "/none") == nil)
    }
  }

  @Test func `A trial of a file system finds what it can do, and leaves nothing behind`() throws {
    try withTemporaryFolder { folder in
      let trial = try FileSystemTrial(in: folder)
      #expect(trial.hasLinks && trial.movesFolders && trial.hasLocks && trial.syncs)
      #expect(trial.keepsModes && trial.fault == nil)
      #expect(try FileReader.names(in: folder) == [])
      let disk = Disk()
      var before = stat()
      #expect(stat(folder, &before) == 0)
      try disk.tryWriting(in: folder)
      var after = stat()
      #expect(stat(folder, &after) == 0)
      // Nothing was made, so the folder did not change either.
      #expect(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec)
      #expect(throws: (any Error).self) { try disk.tryWriting(in: folder + "/none") }
      #expect(throws: (any Error).self) { try disk.askForWriting(in: folder + "/none") }
    }
  }
}
