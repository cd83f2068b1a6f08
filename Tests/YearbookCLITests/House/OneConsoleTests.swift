import Foundation
import TestSupport
import Testing

/// All text to terminals goes through one place.
@Suite struct OneConsoleTests {
  @Test func `Only the console writes to the standard output and the standard error`() throws {
    let root = Places.project + "/Sources"
    // `print` of a value, and every name of the two streams.
    let ways =
      /(^|[^.\w`])(print|debugPrint|dump|puts|printf|fputs|vprintf)\(|FileHandle\.standard|STD(OUT|ERR)_FILENO|\bstd(out|err)\b|StreamLogHandler|LoggingSystem/
    var seen = 0
    for case let path as String in FileManager.default.enumerator(atPath: root) ?? .init()
    where path.hasSuffix(".swift") {
      seen += 1
      let text = try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
      for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
        .enumerated()
      {
        let code = line.trimmingCharacters(in: .whitespaces)
        // The console, the log of the service's own program, and the one line that says why a
        // library ends the process.
        let writers = [
          "YearbookCLI/Output/Console.swift", "Service/HTTP/ServiceLog.swift",
          "Media/Raster/RasterFaults.swift",
        ]
        if code.hasPrefix("//") || writers.contains(path) { continue }
        // PostgreSQL's setting of that name, and commands' own functions that print through it.
        if code.contains("log_destination=stderr") || code.contains("func print") { continue }
        if code.contains("print(found") || code.contains("print(difference)") { continue }
        #expect(code.firstMatch(of: ways) == nil, "\(path):\(number + 1): \(code)")
      }
    }
    #expect(seen > 250)
  }
}
