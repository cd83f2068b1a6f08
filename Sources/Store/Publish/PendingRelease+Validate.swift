import Basics
import Diagnostics

extension PendingRelease {
  /// Throws for names that a tool, a shell or a file system would not take as they are.
  func validate() throws(Diagnostic) {
    func check(_ isRight: Bool, _ message: @autoclosure () -> String) throws(Diagnostic) {
      if !isRight { throw Diagnostic(.configuration, message()) }
    }
    try check(
      Name.isOwner(tenant.slug), "a tenant's slug does not have 1 to 63 characters of [a-z0-9-]")
    try check(Name.isSlug(tenant.id), "a tenant's id is not a UUID in lower case")
    try check(Name.isSlug(pipeline), "a pipeline's name has characters outside [a-z0-9-]")
    try check(
      Name.isPeriod(period),
      "a period is not like 2026, 2026-11, 2026-Q4, 2026-W48 or 2026-03-01..2026-05-15")
    try check(!files.isEmpty, "a release has no files")
    var taken: Set<String> = []
    for file in files {
      try check(
        Name.isPath(file.name), "a file's name has characters outside [a-z0-9._/-]: \(file.name)")
      try check(taken.insert(file.name).inserted, "two files have the name \(file.name)")
    }
    for file in files {
      var parts = file.name.split(separator: "/").dropLast()
      while !parts.isEmpty {
        let folder = parts.joined(separator: "/")
        try check(!taken.contains(folder), "\(folder) is the name of a file and of a folder")
        parts = parts.dropLast()
      }
    }
  }
}
