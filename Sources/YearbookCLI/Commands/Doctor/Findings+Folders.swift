import Basics
import Diagnostics
import Engine
import Foundation
import Media
import Store

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
    let isThere = existing == URL(fileURLWithPath: path).standardizedFileURL.path
    let made = isThere ? "" : "; the first run makes it"
    do {
      let trial =
        switch setting {
        case _ where !isThere: try FileSystemTrial(in: existing)
        case .store: try configuration.releaseStore(path).tryFileSystem()
        default: try BlobStore(workspace: path).tryFileSystem()
        }
      if let missing = trial.fault {
        return fault(
          subject, "\(path): \(missing)",
          whatToDo: "put it on a local disk, or mount it with what is missing")
      }
      if let free = trial.freeBytes, free < Self.leastFree {
        return fault(
          subject, "\(path): only \(Counted.bytes(free)) free",
          whatToDo: "free some space: films need at least \(Counted.bytes(Self.leastFree))")
      }
      let free = trial.freeBytes.map { ", \(Counted.bytes($0)) free" } ?? ""
      note(subject, "\(path)\(free)\(made)")
      for note in trial.notes { warn(subject, note, whatToDo: nil) }
    } catch {
      add(error, to: subject)
    }
  }

  /// Bytes that a film of the usual length can need on its way.
  private static let leastFree = 1_000_000_000
}
