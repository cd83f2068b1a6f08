import Diagnostics

/// Writes metrics as text.
package enum MetricText {
  /// How the text is written.
  package enum Format: String, Sendable, CaseIterable {
    /// OpenMetrics 1.0, as servers of metrics are scraped.
    case openmetrics
    /// Prometheus's text format 0.0.4, as node_exporter's text files and the Pushgateway take it.
    case prometheus

    /// The `Content-Type` of the text.
    package var mediaType: String {
      switch self {
      case .openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
      case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
      }
    }
  }

  /// The families' text. Families without samples are left out. No sample has a time: the numbers
  /// are those of the moment at which they are read.
  package static func text(_ families: [MetricFamily], _ format: Format) -> String {
    var text = ""
    for family in families where !family.samples.isEmpty { write(family, format, to: &text) }
    if format == .openmetrics { text += "# EOF\n" }
    return text
  }

  private static func write(_ family: MetricFamily, _ format: Format, to text: inout String) {
    let metric = family.metric
    let total = metric.name + (metric.kind == .counter ? "_total" : "")
    // In Prometheus's format the family has the name of its samples.
    let name = format == .prometheus ? total : metric.name
    text += "# HELP \(name) \(escaped(metric.help, quotes: false))\n"
    text += "# TYPE \(name) \(metric.kind.rawValue)\n"
    if format == .openmetrics, let unit = metric.unit { text += "# UNIT \(name) \(unit)\n" }
    for sample in family.samples {
      let labels = zip(metric.labels, sample.values).map { "\($0)=\"\(escaped($1))\"" }
      guard metric.kind == .histogram else {
        text += line(total, labels, sample.number)
        continue
      }
      let bounds = MetricCatalog.durations.map(number) + ["+Inf"]
      for (bound, count) in zip(bounds, sample.buckets + [sample.count]) {
        text += line(metric.name + "_bucket", labels + ["le=\"\(bound)\""], count)
      }
      text += line(metric.name + "_sum", labels, sample.number)
      text += line(metric.name + "_count", labels, sample.count)
    }
  }

  private static func line(_ name: String, _ labels: [String], _ value: Double) -> String {
    let block = labels.isEmpty ? "" : "{" + labels.joined(separator: ",") + "}"
    return "\(name)\(block) \(number(value))\n"
  }

  /// Whole numbers without a point; others with all digits that they need.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int64(exactly: value).map(String.init) ?? "\(value)"
  }

  /// A label's value or a help text, as both formats escape them.
  private static func escaped(_ text: String, quotes: Bool = true) -> String {
    var escaped = ""
    for scalar in PlainText.line(text, limit: 200).unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
