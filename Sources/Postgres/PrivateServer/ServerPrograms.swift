import Diagnostics
import FoundationEssentials
import Glibc

/// Where PostgreSQL's server programs are. Debian does not put them on the PATH.
struct ServerPrograms {
  var folder: String

  var initdb: String { folder + "/initdb" }
  var postgres: String { folder + "/postgres" }

  /// The oldest major version whose server Yearbook works with.
  static let oldestMajor = 13

  /// The newest installed server. For an existing data directory: the one of its major version.
  static func find(dataVersion: String?) throws(Diagnostic) -> ServerPrograms {
    let root = "/usr/lib/postgresql"
    let installed = folders(in: root)
    let majors = installed.compactMap { Int($0) }.filter { $0 >= oldestMajor }.sorted(by: >)
    let wanted = dataVersion.flatMap { Int($0) }
    for major in majors where wanted == nil || wanted == major {
      let programs = ServerPrograms(folder: "\(root)/\(major)/bin")
      if programs.areThere { return programs }
    }
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    if let folder = path.split(separator: ":").map(String.init).first(where: { folder in
      ServerPrograms(folder: folder).areThere
    }) {
      return ServerPrograms(folder: folder)
    }
    let version = wanted.map { " \($0)" } ?? ""
    throw Diagnostic(
      .unavailable, "the PostgreSQL\(version) server is not installed",
      hint: "apt-get install postgresql-\(wanted ?? 15)")
  }

  private static func folders(in root: String) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: root)
    } catch {
      // Without this folder, PostgreSQL is installed in another way or not at all.
      return []
    }
  }

  private var areThere: Bool { access(initdb, X_OK) == 0 && access(postgres, X_OK) == 0 }
}
