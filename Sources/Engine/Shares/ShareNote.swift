import Basics
import Diagnostics
import Foundation
import Store

/// `share.json` in a share: what it was made from. So the store can be read alone, and no other
/// list has to agree with it.
///
/// Whoever has the share's address can read it: it names nobody.
struct ShareNote: Codable, Hashable {
  static let fileName = "share.json"

  /// A release whose files it shows.
  struct Source: Codable, Hashable {
    var pipeline, period, release: String
  }

  /// The pipeline and the period that are shared.
  var report, period: String
  /// For a person's own report, the SHA-256 of the name of the person's folder. The name itself
  /// would lead to the report.
  var person: String?
  /// The last day on which it is shown, `2026-12-31`, in UTC.
  var until: String?
  /// Where it is on the web.
  var address: String
  /// The releases that its files are from: the report's first.
  var sources: [Source] = []

  /// The note in a share's release. Throws `.io` if it is missing or damaged.
  init(of share: ReleasePartition, _ head: Head, in store: ReleaseStore) throws(Diagnostic) {
    let path = store.path("\(share.path)/releases/\(head.release)/data/\(Self.fileName)")
    guard let bytes = try FileReader.contents(path) else { throw Self.damaged(path) }
    do {
      self = try JSONDecoder().decode(ShareNote.self, from: Data(bytes))
    } catch {
      throw Self.damaged(path)
    }
  }

  init(report: String, period: String, person: String?, until: String?, address: String) {
    self.report = report
    self.period = period
    self.person = person
    self.until = until
    self.address = address
  }

  private static func damaged(_ path: String) -> Diagnostic {
    Diagnostic(
      .io, "\(path) is missing or damaged",
      hint: "to see what else is damaged: `yearbook verify`; to take the page back:"
        + " `yearbook unshare`")
  }

  var bytes: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self)) + [0x0A]
    }
  }

  /// What marks a person's folder in a note.
  static func mark(ofFolder name: String) -> String { SHA256Digest(of: Array(name.utf8)).hex }
}
