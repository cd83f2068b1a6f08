import CSandbox
import Glibc

extension SandboxTrial {
  /// Tries it, inside the child.
  func attempt() -> String {
    switch self {
    case .openFile: describe(yb_try_open("/etc/passwd"))
    case .openInternetSocket: describe(yb_try_socket(AF_INET))
    case .openLocalSocket: describe(yb_try_socket(AF_UNIX))
    case .startProcess: describe(yb_try_fork())
    case .runProgram: describe(yb_try_exec("/bin/true"))
    case .mapExecutableMemory: describe(yb_try_executable_memory())
    case .readOtherDescriptor: describe(readStandardInput())
    case .exhaustMemory: takeMemory()
    case .spin: spin()
    case .hang: hang()
    case .crash: crash()
    case .kill: kill()
    case .read: "allowed"
    }
  }

  private func describe(_ code: Int32) -> String {
    code == 0 ? "allowed" : "refused: \(String(cString: strerror(code)))"
  }

  private func readStandardInput() -> Int32 {
    var byte: UInt8 = 0
    return pread(0, &byte, 1, 0) < 0 ? errno : 0
  }

  private func kill() -> String {
    yb_kill_self()
    return "allowed"
  }

  private func takeMemory() -> String {
    var blocks = 0
    while let block = malloc(1 << 24) {
      memset(block, 1, 1 << 24)
      blocks += 1
    }
    return "refused after \(blocks * 16) MiB"
  }

  private func spin() -> String {
    var value: UInt64 = 1
    while value != 0 { value = value &* 6_364_136_223_846_793_005 | 1 }
    return "allowed"
  }

  private func hang() -> String {
    // No call that sleeps is allowed, but a futex that nobody wakes is.
    var word: UInt32 = 0
    yb_wait_for_ever(&word)
    return "allowed"
  }

  private func crash() -> String {
    abort()
  }
}
