import Basics
package import Diagnostics
import Foundation

/// The text file that node_exporter reads (`--collector.textfile.directory`).
package enum MetricFile {
  /// Replaces the file: whoever reads it sees the old text or the new one, never a part.
  ///
  /// - Throws: `io`.
  package static func write(_ text: String, to path: String) throws(Diagnostic) {
    let url = URL(fileURLWithPath: path)
    let (folder, name) = (url.deletingLastPathComponent().path, url.lastPathComponent)
    // node_exporter reads only what ends in .prom.
    let beside = ".\(name)."
    removeAbandoned(folder, beside)
    let temporary = "\(folder)/\(beside)\(ProcessInfo.processInfo.processIdentifier)"
    // Whatever the umask: node_exporter is another user.
    let disk = Disk(mask: 0o022)
    unlink(temporary)
    do throws(Diagnostic) {
      let file = try disk.create(temporary)
      var failure: Diagnostic?
      Array(text.utf8).withUnsafeBytes { bytes in
        do throws(Diagnostic) { try disk.write(bytes, to: file, at: temporary) } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      try disk.rename(temporary, to: path)
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Removes what a writer left that was killed.
  private static func removeAbandoned(_ folder: String, _ beside: String) {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      // Writing says what is wrong with the folder.
      return
    }
    for name in names where name.hasPrefix(beside) {
      guard let owner = pid_t(name.dropFirst(beside.count)), kill(owner, 0) != 0, errno == ESRCH
      else { continue }
      unlink("\(folder)/\(name)")
    }
  }
}
