import Basics
import CSandbox
import Glibc

extension SandboxTrial {
  /// The limits that this process inherits and that are lower than films can need. With them, a
  /// large recording or a long film can fail.
  package static func lowerLimits(_ wanted: SandboxLimits = SandboxLimits()) -> [String] {
    var found: [String] = []
    func compare(_ name: String, _ limit: UInt, _ wanted: UInt, _ unit: UInt, _ how: String) {
      guard limit < wanted else { return }
      found.append("\(name): \(limit / unit) of \(wanted / unit) (\(how))")
    }
    let pages = FileSource.firstNumber(of: "/proc/self/statm") ?? 0
    let memory = UInt(pages) * UInt(getpagesize()) + UInt(wanted.memory)
    compare(
      "address space in MB", yb_hard_limit(yb_rlimit_as()), memory, 1_000_000,
      "ulimit -v, LimitAS=")
    compare(
      "data in MB", yb_soft_limit(yb_rlimit_data()), memory, 1_000_000, "ulimit -d, LimitDATA=")
    compare(
      "processor time in s", yb_hard_limit(yb_rlimit_cpu()), UInt(wanted.processorSeconds) + 1, 1,
      "ulimit -t, LimitCPU=")
    compare(
      "size of a file in MB", yb_soft_limit(yb_rlimit_fsize()), 4_000_000_000, 1_000_000,
      "ulimit -f, LimitFSIZE=")
    compare("open files", yb_soft_limit(yb_rlimit_nofile()), 256, 1, "ulimit -n, LimitNOFILE=")
    return found
  }
}
