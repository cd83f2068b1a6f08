import Foundation
import TestSupport

/// Filters of system calls around a program, as `Tests/Fixtures/filter.c` sets them.
struct CallFilter {
  static let missing: String? =
    Places.program("cc") == nil ? "a C compiler is not installed" : nil

  /// The program, built once and kept until the tests end.
  private static let built = Result {
    let folder = try TemporaryFolder()
    let built = try Program.run([
      Places.program("cc") ?? "cc", "-D_GNU_SOURCE", "-o", folder.path + "/filter",
      "\(Places.project)/Tests/Fixtures/filter.c", "-ldl",
    ])
    guard built.status == 0 else { throw BuildFailure(output: built.output) }
    return folder
  }

  private(set) var rules: [String] = []

  init(_ rules: [String] = []) throws {
    _ = try Self.built.get()
    self.rules = rules
  }

  struct BuildFailure: Error { var output: String }

  /// The words before a command that runs below the filters.
  func words() throws -> [String] { [try Self.built.get().path + "/filter"] + rules + ["--"] }

  /// What systemd 252 filters for this setting of a unit's `[Service]`; `nil` if it is not known here.
  mutating func add(_ setting: String, _ value: String) throws -> Bool {
    if Self.withoutFilter.contains(setting) { return true }
    switch (setting, value) {
    case ("RestrictAddressFamilies", let value):
      let allowed = value.split(separator: " ").compactMap { Self.families[String($0)] }
      rules += (0..<46).filter { !allowed.contains($0) }.map {
        "socket:0&0xffffffff=\($0)=EAFNOSUPPORT"
      }
    case ("SystemCallFilter", let value):
      var names: Set<String> = []
      for word in value.split(separator: " ") { try Self.expand(String(word), into: &names) }
      let path = try "\(Self.built.get().path)/only-\(names.count)"
      try names.sorted().joined(separator: "\n").write(
        toFile: path, atomically: false, encoding: .utf8)
      rules.append("only:\(path)")
    case (let setting, "yes"):
      guard let more = Self.filters[setting] else { return false }
      rules += more
    default: return false
    }
    return true
  }

  private static let families = ["AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16]

  /// Settings of mounts, users and capabilities, and of calls of other architectures.
  private static let withoutFilter: Set<String> = [
    "NoNewPrivileges", "ProtectSystem", "ReadWritePaths", "ProtectHome", "PrivateTmp",
    "ProtectKernelTunables", "ProtectControlGroups", "CapabilityBoundingSet",
    "AmbientCapabilities", "SystemCallArchitectures",
  ]

  private static let sets = ["0x800=0x800", "0x400=0x400"]

  /// From systemd's `seccomp-util.c`.
  private static let filters: [String: [String]] = [
    "PrivateDevices": [
      "ioperm=EPERM", "iopl=EPERM", "pciconfig_iobase=EPERM", "pciconfig_read=EPERM",
      "pciconfig_write=EPERM",
    ],
    "ProtectKernelModules": ["init_module=EPERM", "finit_module=EPERM", "delete_module=EPERM"],
    "ProtectKernelLogs": ["syslog=EPERM"],
    "ProtectClock": [
      "adjtimex=EPERM", "clock_adjtime=EPERM", "clock_settime=EPERM", "settimeofday=EPERM",
    ],
    "ProtectHostname": ["sethostname=EPERM", "setdomainname=EPERM"],
    "RestrictNamespaces": [
      "setns=EPERM", "unshare=EPERM", "clone3=ENOSYS",
    ]
      + [0x0000_0080, 0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000]
      .map { "clone:0&\($0)=\($0)=EPERM" } + ["clone:0&0x20000000=0x20000000=EPERM"],
    "RestrictRealtime": [1, 2, 6].map { "sched_setscheduler:1&0xffffffff=\($0)=EPERM" },
    "RestrictSUIDSGID": ["openat2=ENOSYS"]
      + sets.flatMap { bit in
        [
          "chmod:1&\(bit)=EPERM", "fchmod:1&\(bit)=EPERM", "fchmodat:2&\(bit)=EPERM",
          "mkdir:1&\(bit)=EPERM", "mkdirat:2&\(bit)=EPERM", "mknod:1&\(bit)=EPERM",
          "mknodat:2&\(bit)=EPERM", "creat:1&\(bit)=EPERM",
        ]
      },
    "LockPersonality": ["personality:0&0xffffffff=0x0004000=EPERM"],
    "MemoryDenyWriteExecute": [
      "mmap:2&6=6=EPERM", "mprotect:2&4=4=EPERM", "pkey_mprotect:2&4=4=EPERM",
      "shmat:2&0x8000=0x8000=EPERM",
    ],
  ]

  /// The calls of a group of systemd's, such as `@system-service`.
  private static func expand(_ word: String, into names: inout Set<String>) throws {
    guard word.hasPrefix("@") else {
      names.insert(word)
      return
    }
    let analyze = Places.program("systemd-analyze") ?? "systemd-analyze"
    let (status, output) = try Program.run([analyze, "syscall-filter", word])
    guard status == 0 else { throw BuildFailure(output: output) }
    for line in output.split(separator: "\n").dropFirst() {
      let name = line.trimmingCharacters(in: .whitespaces)
      if name.hasPrefix("#") || name.isEmpty { continue }
      try expand(name, into: &names)
    }
  }
}
