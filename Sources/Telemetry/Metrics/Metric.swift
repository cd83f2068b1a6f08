/// One metric: its name, what kind of number it is, and what it says.
///
/// Names follow OpenMetrics and Prometheus: the unit stands at the end of the name, in base units,
/// and times are seconds since 1970 in `…_timestamp_seconds`. A counter's name has no `_total`: the
/// text adds it.
package struct Metric: Hashable, Sendable {
  /// What kind of number it is.
  package enum Kind: String, Sendable { case gauge, counter, histogram }

  package var name: String
  package var kind: Kind
  /// `seconds` or `bytes`; `nil` for a plain count.
  package var unit: String?
  /// One sentence without a full stop.
  package var help: String
  /// The names of its labels, in the order in which they are written.
  package var labels: [String]

  init(_ kind: Kind, _ name: String, _ labels: [String] = [], unit: String? = nil, _ help: String) {
    self.name = "yearbook_" + name
    self.kind = kind
    self.unit = unit
    self.help = help
    self.labels = labels
  }
}

/// The samples of one metric.
package struct MetricFamily: Sendable {
  /// One number, or the numbers of one histogram.
  package struct Sample: Sendable {
    /// As many as the metric has labels.
    package var values: [String]
    package var number: Double
    /// For a histogram: how many were at most as large as each of `MetricCatalog.durations`.
    /// `number` is then their sum, and `count` how many there were.
    package var buckets: [Double] = []
    package var count: Double = 0
  }

  package let metric: Metric
  package private(set) var samples: [Sample] = []

  /// A family without samples.
  package init(_ metric: Metric) { self.metric = metric }

  /// Adds a number.
  ///
  /// - Parameter values: of the labels, in the metric's order.
  package mutating func add(_ number: Double, _ values: String...) {
    add(number, labels: values)
  }

  /// Adds a number. A number with other than the metric's labels is a fault of the program: it is
  /// left out, so that the others are read.
  package mutating func add(_ number: Double, labels values: [String]) {
    guard values.count == metric.labels.count, metric.kind != .histogram else { return }
    samples.append(Sample(values: values, number: number))
  }

  /// Adds a histogram.
  package mutating func add(
    sum: Double, count: Double, buckets: [Double], labels values: [String]
  ) {
    guard values.count == metric.labels.count, metric.kind == .histogram,
      buckets.count == MetricCatalog.durations.count
    else { return }
    samples.append(Sample(values: values, number: sum, buckets: buckets, count: count))
  }

  /// How many time series it is.
  package var series: Int {
    metric.kind == .histogram
      ? samples.count * (MetricCatalog.durations.count + 3) : samples.count
  }
}
