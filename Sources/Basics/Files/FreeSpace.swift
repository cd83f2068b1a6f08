package import Glibc

/// The free space of a file system.
///
/// Network file systems tell what they like: nothing at all, zero of zero blocks, or all bits set.
package enum FreeSpace {
  /// How many bytes this user can still write to the file system of a path; `nil` if it does not
  /// say so.
  package static func bytes(at path: String) -> Int? {
    var status = statvfs()
    guard retryingInterrupts({ statvfs(path, &status) }) == 0 else { return nil }
    return bytes(status)
  }

  /// The same, from what the file system said. Numbers that cannot be true mean that it is unknown.
  package static func bytes(_ status: statvfs) -> Int? {
    let blocks = UInt64(status.f_blocks)
    let free = UInt64(status.f_bavail)
    guard blocks > 0, blocks < UInt64.max, free <= blocks else { return nil }
    let size = UInt64(status.f_frsize > 0 ? status.f_frsize : status.f_bsize)
    guard size > 0 else { return nil }
    let (bytes, isHuge) = free.multipliedReportingOverflow(by: size)
    return isHuge || bytes > UInt64(Int.max) ? Int.max : Int(bytes)
  }
}
