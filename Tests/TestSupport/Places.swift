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

  /// The folder of built products, where the tests themselves are.
  package static let products: String = {
    let executable =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let folder = executable.split(separator: "/").dropLast().joined(separator: "/")
    let beside = "/" + folder
    return exists(beside + "/yearbook") ? beside : project + "/.build/debug"
  }()

  /// The built program. Building the tests also builds it.
  package static let yearbook = products + "/yearbook"

  /// The store's trial program (Tests/StoreTrial).
  package static let storeTrial = products + "/StoreTrial"

  /// Why a test that runs the built program is skipped.
  package static let noYearbook: String? =
    exists(yearbook) ? nil : "the program is not built"

  /// The folder with real data beside the project; `nil` if it is absent.
  package static let sharedData: String? = {
    let path = project + "/../shared/data"
    return exists(path) ? path : nil
  }()

  /// The reason for skipped tests if `sharedData` is absent.
  package static let noSharedData = "../shared/data is absent"

  /// The path of a program on the PATH or among the judges that `scripts/install-judges` installs;
  /// `nil` if it is not installed.
  package static func program(_ name: String) -> String? {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    let all = path.split(separator: ":").map(String.init) + [project + "/.build-judges/bin"]
    return all.map { $0 + "/" + name }.first { access($0, X_OK) == 0 }
  }

  /// The Python with psycopg, frictionless and the other judges of `scripts/install-judges`; `nil`
  /// if they are not installed.
  package static let judgesPython: String? = {
    let path = project + "/.build-judges/bin/python"
    return exists(path) ? path : nil
  }()

  private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
