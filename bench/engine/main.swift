import Engine
import Foundation

// Measures what stages cost apart from their work; started by bench/engine/run.
//
//   EngineBench CONNINFO WORKSPACE

let arguments = CommandLine.arguments
do {
  for (bytes, what) in [(0, "no file"), (1000, "a file of 1 kB")] {
    let times = try StageBench.run(
      stages: 10_000, bytes: bytes, threads: ProcessInfo.processInfo.activeProcessorCount,
      record: arguments[1], workspace: "\(arguments[2])/\(bytes)")
    for (pass, seconds) in [("made and recorded durably", times.cold), ("found done", times.found)]
    {
      print(
        "10,000 stages of \(what), \(pass): \(String(format: "%.2f s, %.3f ms each", seconds, seconds / 10))"
      )
    }
  }
} catch {
  print(error)
  exit(1)
}
