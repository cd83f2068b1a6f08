import FoundationEssentials
import Glibc

/// Where the project, its products and the optional test data are.
package enum Places {
  /// The project's root folder.
  package static let project: String = {
    // Tests/TestSupport/Places.swift
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/")
  }()

  /// The folder of built products: the one the tests themselves lie in.
  package static let products: String = {
    let executable =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let folder = executable.split(separator: "/").dropLast().joined(separator: "/")
    let beside = "/" + folder
    return exists(beside + "/yearbook") ? beside : project + "/.build/debug"
  }()

  /// The built program; the build of the tests makes it too.
  package static let yearbook = products + "/yearbook"

  /// The store's trial program (Tests/StoreTrial).
  package static let storeTrial = products + "/StoreTrial"

  /// Why a test that runs the built program is skipped.
  package static let noYearbook: String? =
    exists(yearbook) ? nil : "the program is not built"

  /// The folder of real data beside the project; `nil` where it is absent.
  package static let sharedData: String? = {
    let path = project + "/../shared/data"
    return exists(path) ? path : nil
  }()

  /// What a skipped test says when `sharedData` is absent.
  package static let noSharedData = "../shared/data is absent"

  /// Where a program is on the PATH or among the judges that `scripts/install-judges` installs; `nil` if
  /// nowhere.
  package static func program(_ name: String) -> String? {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    let all = path.split(separator: ":").map(String.init) + [project + "/.build-judges/bin"]
    return all.map { $0 + "/" + name }.first { access($0, X_OK) == 0 }
  }

  /// The Python that has psycopg, frictionless and the other judges of `scripts/install-judges`; `nil` where they
  /// are not installed.
  package static let judgesPython: String? = {
    let path = project + "/.build-judges/bin/python"
    return exists(path) ? path : nil
  }()

  private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
