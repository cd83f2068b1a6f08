import Foundation
import Postgres
import TestSupport
import Testing

/// What `doctor` says of a machine that is well, and of one that is not.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct DoctorTests {
  private struct Report: Decodable {
    struct Finding: Decodable {
      var subject: String
      var state: String
      var text: String
      var whatToDo: String?
    }

    var faults: Int
    var findings: [Finding]
  }

  /// An installation with a media folder, in which nothing is wrong.
  private func withHealthy(_ body: (Installation) throws -> Void) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try FileManager.default.createDirectory(
        atPath: "\(here.folder)/media", withIntermediateDirectories: true)
      try body(here)
    }
  }

  @Test func `A program reads the findings, one for each trial`() throws {
    try withHealthy { here in
      let (status, output) = try here.yearbook(["doctor", "--json"])
      let report = try JSONDecoder().decode(Report.self, from: Data(output.utf8))
      #expect(report.faults == report.findings.count { $0.state == "fault" })
      #expect(report.faults == 0 && status == 0, "\(output)")
      let subjects = Set(report.findings.map(\.subject))
      for subject in ["fonts", "sandbox", "store", "workspace", "media", "source", "record"] {
        #expect(subjects.contains(subject), "\(subject) was not tried: \(output)")
      }
    }
  }

  @Test func `A fault is told with what to do, to people and to programs alike`() throws {
    try withHealthy { here in
      try here.write("store", "a file where the store should be\n")
      let (status, output) = try here.yearbook(["doctor", "--json"])
      #expect(status == 78, "\(output)")
      let report = try JSONDecoder().decode(Report.self, from: Data(output.utf8))
      #expect(report.faults >= 1)
      for finding in report.findings where finding.state == "fault" {
        #expect(!(finding.whatToDo ?? "").isEmpty, "\(finding)")
      }
      let quiet = try here.yearbook(["doctor", "--quiet"])
      #expect(quiet.status == 78)
      #expect(!quiet.output.contains("ok  "), "\(quiet.output)")
      #expect(quiet.output.contains("what to do: "), "\(quiet.output)")
    }
  }

  @Test func `A healthy evening sends no mail`() throws {
    try withHealthy { here in
      let (status, output) = try here.yearbook(["doctor", "--quiet"])
      #expect(status == 0)
      #expect(output.isEmpty, "\(output)")
    }
  }
}
