import Foundation

/// Runs judges: programs that tests compare their results with.
enum Run {
  struct Outcome {
    var status: Int32
    var output: String
    var errors: String
  }

  /// Whether slow trials must run.
  static let isSoak = ProcessInfo.processInfo.environment["YEARBOOK_SOAK"] != nil

  /// Whether tests must write their recorded files again.
  static let isRecording = ProcessInfo.processInfo.environment["YEARBOOK_RECORD"] != nil

  /// Whether the program is installed.
  static func has(_ name: String) -> Bool {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/" + name)
  }

  @discardableResult
  static func tool(_ name: String, _ arguments: String...) -> Outcome { tool(name, arguments) }

  @discardableResult
  static func tool(_ name: String, _ arguments: [String], environment: [String: String] = [:])
    -> Outcome
  {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: name.contains("/") ? name : "/usr/bin/" + name)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    let errors = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: errors) }
    do {
      process.standardOutput = output
      process.standardError = try FileHandle(forWritingTo: errors)
      process.standardInput = FileHandle.nullDevice
      try process.run()
    } catch { return Outcome(status: -1, output: "", errors: "\(error)") }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: String(decoding: data, as: UTF8.self),
      errors: (try? String(contentsOf: errors, encoding: .utf8)) ?? "")
  }
}
