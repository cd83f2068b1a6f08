import Diagnostics
import Foundation

/// The SQL files that come with the program: in `docs/` of a clone, or in `share/yearbook` of an
/// installation.
enum Resources {
  static func platformSchema() throws -> String { try text("platform-schema.sql") }
  static func platformRole() throws -> String { try text("platform-role.sql") }
  /// The schema of another platform than the first one.
  static func schema(of platform: String) throws -> String {
    let name = "platforms/\(platform).sql"
    return try text(name, installed: "docs/\(name)")
  }

  /// The installed program's data: PREFIX/share/yearbook of PREFIX/bin/yearbook.
  static var share: String {
    URL(fileURLWithPath: program).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("share/yearbook").path
  }

  /// The running program's own file.
  private static var program: String {
    do {
      return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    } catch {
      return CommandLine.arguments[0]
    }
  }

  /// - Parameter installed: its path below `share/yearbook`, if it is not the name.
  private static func text(_ name: String, installed: String? = nil) throws -> String {
    let candidates = ["docs/\(name)", "\(share)/\(installed ?? name)"]
    for candidate in candidates {
      if let data = FileManager.default.contents(atPath: candidate),
        let text = String(validating: data, as: UTF8.self)
      {
        return text
      }
    }
    throw Diagnostic(
      .configuration, "cannot find \(name) (looked for \(candidates.joined(separator: ", ")))",
      hint: "work in a clone of Yearbook, or install it with make install")
  }
}
