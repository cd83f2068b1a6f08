import Engine
import Foundation

// OutboxBench CONNINFO: what queueing 100,000 messages costs in one transaction.
let conninfo = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : ""
let count = 100_000
let times = try QueueBench.run(messages: count, tenants: 1_000, record: conninfo)
func microseconds(_ seconds: Double) -> String {
  String(format: "%.1f", seconds / Double(count) * 1e6)
}
print(
  "queue \(count) messages of 1000 tenants, on a new server: \(microseconds(times.first)) us each")
print("as many more: \(microseconds(times.new)) us each")
print("the same again, all known: \(microseconds(times.known)) us each")
