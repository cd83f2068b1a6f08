import Foundation
import Glibc
import TestSupport
import Testing

/// A real Prometheus with Alertmanager, node_exporter and the Pushgateway, which scrapes and
/// evaluates each second. They have the project's own rules.
struct Monitors {
  /// Why tests that need them are skipped; `nil` if they are not.
  static let missing: String? =
    FaultyServer.missing
    ?? ([
      "prometheus", "prometheus-alertmanager", "prometheus-node-exporter",
      "prometheus-pushgateway", "promtool",
    ].allSatisfy { Places.program($0) != nil }
      ? nil : "Prometheus is not installed: scripts/install-judges")

  static let rules = Places.project + "/cron/prometheus/yearbook.rules.yaml"

  private let server: FaultyServer

  init() throws { server = try FaultyServer("monitor_server.py", [Self.rules]) }

  /// The file that node_exporter reads.
  var file: String { server.path + "/textfile/yearbook.prom" }

  /// The answers to some paths, in their order.
  private func ask(_ paths: [String]) throws -> [Any] {
    let script = """
      import json, sys, urllib.parse, urllib.request
      def ask(path):
          with urllib.request.urlopen("http://127.0.0.1:" + sys.argv[1] + path) as reply:
              return json.load(reply)
      print(json.dumps([ask(urllib.parse.quote(path, "/?")) for path in sys.argv[2:]]))
      """
    let (status, output) = try Program.run(
      [try #require(Places.judgesPython), "-c", script, String(server.port)] + paths)
    #expect(status == 0, "\(output)")
    return try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [Any])
  }

  /// Waits until `condition` is true. Each question to Prometheus takes a while itself.
  ///
  /// - Returns: `false` after so many seconds.
  func eventually(within seconds: Double = 60, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = Date().addingTimeInterval(seconds)
    while Date() < end {
      if try condition() { return true }
      usleep(200_000)
    }
    return false
  }

  /// How many samples each expression has.
  func counts(_ expressions: [String]) throws -> [Int] {
    try ask(expressions.map { "/query?" + $0 }).map { ($0 as? [Any])?.count ?? 0 }
  }

  /// The one number of an expression; `nil` if it has none.
  func value(_ expression: String) throws -> Double? {
    let samples = try ask(["/query?" + expression])[0] as? [[String: Any]]
    return (samples?.first?["value"] as? [Any])?.last.flatMap { Double("\($0)") }
  }

  /// The names of the alerts that Alertmanager has now.
  func alerts() throws -> [String] { try ask(["/alerts"])[0] as? [String] ?? [] }

  /// The address of the Pushgateway.
  func pushgateway() throws -> String {
    let port = try ask(["/push"])[0]
    return "http://127.0.0.1:\(port)"
  }
}
