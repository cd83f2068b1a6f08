import Basics
import Diagnostics
import Engine
import Foundation
import Media

extension Findings {
  /// The media root is the platform's: it must be there.
  mutating func media(of configuration: Configuration) {
    check(Configuration.Setting.media.name) {
      let path = try configuration.required(.media)
      try MediaRoot(path).check()
      let layout = configuration.mediaLayout == .tenants ? "a folder for each tenant" : "shared"
      let way =
        MediaRoot.hasKernelWay ? "" : "; openat2 is not allowed here: opened folder by folder"
      return "\(path), \(layout)\(way)"
    }
  }

  /// The store or the workspace, as far as it exists.
  mutating func folder(_ setting: Configuration.Setting, of configuration: Configuration) {
    let subject = setting.name
    guard let path = configuration[setting] else {
      return fault(
        subject, "not configured",
        whatToDo: "set \(subject): in yearbook.yaml or \(setting.variable)")
    }
    // If the folder does not exist yet, check the nearest parent that does.
    var existing = URL(fileURLWithPath: path).standardizedFileURL.path
    while !FileManager.default.fileExists(atPath: existing), existing != "/" {
      existing = URL(fileURLWithPath: existing).deletingLastPathComponent().path
    }
    guard FileReader.status(existing + "/.")?.kind == .folder else {
      return fault(
        subject, "\(path): \(existing) is not a folder",
        whatToDo: "configure a folder, or move the file away")
    }
    guard access(existing, W_OK) == 0 else {
      return fault(
        subject, "\(path): no permission to write",
        whatToDo: "give this user the permission, or configure another folder")
    }
    var status = statvfs()
    guard statvfs(existing, &status) == 0 else {
      return fault(subject, "\(path): its file system does not answer", whatToDo: nil)
    }
    let free = Int(status.f_bavail) * Int(status.f_frsize)
    if free < 1_000_000_000 {
      return fault(
        subject, "\(path): only \(Counted.bytes(free)) free",
        whatToDo: "free some space: films need at least 1 GB")
    }
    let isThere = existing == URL(fileURLWithPath: path).standardizedFileURL.path
    note(
      subject, "\(path), \(Counted.bytes(free)) free\(isThere ? "" : "; the first run makes it")")
  }
}
