import Basics
import Diagnostics
import Engine
import Foundation
import Store

extension Findings {
  /// Who can read what: secrets, the store, the workspace, and what the umask decides.
  mutating func permissions(of configuration: Configuration) {
    let files = configuration.secretFiles(environment: ProcessInfo.processInfo.environment)
    check("secrets") {
      let faults = files.compactMap(\.fault)
      if !faults.isEmpty { throw Diagnostics(faults) }
      let secret = files.filter(\.isSecret).map(\.what)
      return secret.isEmpty
        ? "no file of this configuration holds one"
        : "no other user can read \(secret.joined(separator: ", "))"
    }
    let mode = configuration.storeMode ?? .public
    check("store mode") {
      let told =
        "\(mode.rawValue): folders \(Self.octal(0o755 & ~mode.mask)), files"
        + " \(Self.octal(0o644 & ~mode.mask)) and \(Self.octal(0o444 & ~mode.mask))"
      guard let root = configuration.store, let closed = Self.closed(root, to: mode) else {
        return told
      }
      // Without a word about the mode, a closed folder can be what its owner wants.
      if configuration.storeMode == nil { return "\(told); but only its owner can enter \(closed)" }
      throw Diagnostic(
        .configuration, "the store is \(mode.rawValue), but its readers cannot enter \(closed)",
        hint: CommandText.line(["chmod", mode == .group ? "g+rx" : "go+rx", closed]))
    }
    if let workspace = configuration.workspace, let now = Disk.mode(workspace), now & 0o077 != 0 {
      note(
        "workspace mode",
        "\(Self.octal(now)): the next run closes it, or what is in it, to other users")
    }
    note(
      "umask",
      "\(Self.octal(Self.umask)): it decides who can read what `restore` and `film render` write;"
        + " not the store and the workspace")
  }

  /// The first folder on the way to the store that its readers cannot enter.
  private static func closed(_ root: String, to mode: StoreMode) -> String? {
    let needed: mode_t = mode == .public ? 0o001 : 0o010
    if mode == .private { return nil }
    var path = URL(fileURLWithPath: root).standardizedFileURL
    var closed: String?
    while path.path != "/" {
      if let now = Disk.mode(path.path), now & needed == 0 { closed = path.path }
      path.deleteLastPathComponent()
    }
    return closed
  }

  private static func octal(_ mode: mode_t) -> String { String(mode & 0o777, radix: 8) }

  /// The process's umask. To read it, one must set it: no other thread makes files meanwhile.
  private static var umask: mode_t {
    let now = Foundation.umask(0o077)
    _ = Foundation.umask(now)
    return now
  }
}
