import FoundationEssentials

/// Makes system calls fail in a program, as file systems and filters do; see
/// Tests/Fixtures/refusals.c.
package enum Refusals {
  /// Why tests that need it are skipped; `nil` if they are not.
  package static let missing: String? =
    Places.program("cc") == nil ? "a C compiler is not installed" : nil

  /// The library, built once and kept until the tests end.
  private static let library = Result {
    let folder = try TemporaryFolder()
    let path = folder.path + "/refusals.so"
    let built = try Program.run([
      Places.program("cc") ?? "cc", "-shared", "-fPIC", "-O1", "-o", path,
      Places.project + "/Tests/Fixtures/refusals.c",
    ])
    guard built.status == 0 else { throw BuildFailure(output: built.output) }
    return (folder: folder, path: path)
  }

  private struct BuildFailure: Error { var output: String }

  /// The environment of a program whose calls are refused below a folder.
  ///
  /// - Parameters:
  ///   - words: Such as `link=1 flock=37`.
  ///   - log: A file that gets a line for each refused call.
  package static func environment(
    _ words: String, below root: String, log: String? = nil
  ) throws -> [String] {
    ["LD_PRELOAD=\(try library.get().path)", "REFUSE_ROOT=\(root)", "REFUSE=\(words)"]
      + (log.map { ["REFUSE_LOG=\($0)"] } ?? [])
  }
}
