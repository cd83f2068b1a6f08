import Foundation
import Postgres
import TestSupport
import Testing

/// The commands of docs/how-to/restore.md, as they stand there.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct RestoreDrillTests {
  @Test func `The restore drill of the guide goes through`() throws {
    let guide = try String(
      contentsOfFile: "\(Places.project)/docs/how-to/restore.md", encoding: .utf8)
    let commands = guide.components(separatedBy: "```sh\n").dropFirst().map { block in
      block.components(separatedBy: "```")[0]
    }
    #expect(commands.count == 6)
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("other", timeZone: "Asia/Tokyo")
      let first = try here.yearbook(["run", "nightly", "--as-of", "2026-01-05"])
      #expect(first.status == 0, "\(first.output)")
      let payload = try here.payload()
      let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
      for (number, command) in commands.enumerated() {
        if number == 3 {
          try here.record.connect().execute(
            "DROP SCHEMA yearbook CASCADE; CREATE SCHEMA yearbook AUTHORIZATION yearbook")
        }
        let outcome = try Program.run(
          ["/bin/bash", "-euc", command], in: here.folder,
          environment: here.environment + [
            "PATH=\(Places.products):\(path)", "STORE=\(here.folder)/store",
            "BACKUP=\(here.folder)/backup", "DAY=2026-01-05", "TENANT=acme", "PIPELINE=rows",
            "PERIOD=2025",
          ])
        #expect(outcome.status == 0, "step \(number + 1): \(outcome.output)")
        if number == 4 {
          #expect(outcome.output.contains("0 published, 4 unchanged"), "\(outcome.output)")
        }
      }
      #expect(try here.payload() == payload)
    }
  }
}
