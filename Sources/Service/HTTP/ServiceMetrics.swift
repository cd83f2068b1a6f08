import Basics

/// What the service counts, as OpenMetrics. Labels are addresses without ids, and words of a closed
/// list: nothing of a tenant.
final class ServiceMetrics: Sendable {
  private struct Counts {
    var answers: [Answer: Int] = [:]
    var buckets: [String: [Int]] = [:]
    var seconds: [String: Double] = [:]
    var refused: [TokenFault: Int] = [:]
    var sent = 0
    var asked = 0
  }

  private struct Answer: Hashable {
    var route: String
    var method: String
    var status: Int
  }

  private let counts = Locked(Counts())
  /// The upper ends of the buckets, in seconds.
  private static let bounds = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30]

  /// Counts an answer.
  func count(route: String, method: String, status: Int, seconds: Double) {
    counts.withLock { counts in
      counts.answers[Answer(route: route, method: method, status: status), default: 0] += 1
      counts.seconds[route, default: 0] += seconds
      let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
      counts.buckets[route, default: Array(repeating: 0, count: Self.bounds.count + 1)][bucket] += 1
    }
  }

  /// Counts a token that was not believed.
  func count(_ fault: TokenFault) { counts.withLock { $0.refused[fault, default: 0] += 1 } }

  /// Counts bytes of files that were sent.
  func count(sent bytes: Int) { counts.withLock { $0.sent += bytes } }

  /// Counts a request that was written.
  func countAsked() { counts.withLock { $0.asked += 1 } }

  /// All of it.
  var text: String {
    let counts = counts.withLock { $0 }
    var lines = [
      "# TYPE yearbook_service_answers counter",
      "# HELP yearbook_service_answers Answers of the service.",
    ]
    for (answer, count) in counts.answers.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      lines.append(
        "yearbook_service_answers_total{method=\"\(answer.method)\",route=\"\(answer.route)\","
          + "status=\"\(answer.status)\"} \(count)")
    }
    lines += [
      "# TYPE yearbook_service_answer_seconds histogram",
      "# UNIT yearbook_service_answer_seconds seconds",
      "# HELP yearbook_service_answer_seconds Time from a request to the head of its answer.",
    ]
    for (route, buckets) in counts.buckets.sorted(by: { $0.key < $1.key }) {
      var sum = 0
      for (index, count) in buckets.enumerated() {
        sum += count
        let end = index < Self.bounds.count ? "\(Self.bounds[index])" : "+Inf"
        lines.append(
          "yearbook_service_answer_seconds_bucket{route=\"\(route)\",le=\"\(end)\"} \(sum)")
      }
      lines.append("yearbook_service_answer_seconds_count{route=\"\(route)\"} \(sum)")
      lines.append(
        "yearbook_service_answer_seconds_sum{route=\"\(route)\"} \(counts.seconds[route] ?? 0)")
    }
    lines += [
      "# TYPE yearbook_service_tokens_refused counter",
      "# HELP yearbook_service_tokens_refused Tokens that were not believed, by the reason.",
    ]
    for fault in TokenFault.allCases {
      lines.append(
        "yearbook_service_tokens_refused_total{reason=\"\(fault.rawValue)\"}"
          + " \(counts.refused[fault] ?? 0)")
    }
    lines += [
      "# TYPE yearbook_service_requests counter",
      "# HELP yearbook_service_requests Reports that were asked for.",
      "yearbook_service_requests_total \(counts.asked)",
      "# TYPE yearbook_service_sent_bytes counter",
      "# UNIT yearbook_service_sent_bytes bytes",
      "# HELP yearbook_service_sent_bytes Bytes of files that were sent.",
      "yearbook_service_sent_bytes_total \(counts.sent)", "# EOF", "",
    ]
    return lines.joined(separator: "\n")
  }
}
