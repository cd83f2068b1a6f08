/// Writes metrics as a message of OpenTelemetry's protocol.
///
/// Names have dots and no unit, as its conventions ask: what Prometheus makes of them again are the
/// names that the program's own text has.
package enum MetricMessage {
  /// The metrics as one request.
  ///
  /// - Parameters:
  ///   - since: when the counters began, in microseconds since 1970.
  ///   - now: when the numbers were read.
  package static func request(
    _ families: [MetricFamily], version: String, since: Int64, now: Int64,
    _ encoding: OTLPEncoding
  ) -> TelemetrySender.Parcel.Request {
    let times = (since: UInt64(clamping: since) * 1000, now: UInt64(clamping: now) * 1000)
    let metrics = families.filter { !$0.samples.isEmpty }.map { metric($0, times) }
    let scoped = OTLPNode.message([
      .init("scope", 1, .scope(version: version)), .init("metrics", 2, .list(metrics)),
    ])
    let resource = OTLPNode.message([
      .init("resource", 1, .resource(version: version)), .init("scopeMetrics", 2, .list([scoped])),
    ])
    let message = OTLPNode.message([.init("resourceMetrics", 1, .list([resource]))])
    return .init("POST", "/v1/metrics", mediaType: encoding.mediaType, body: message.body(encoding))
  }

  static func name(of metric: Metric) -> String {
    var name = "yearbook." + metric.name.dropFirst("yearbook_".count)
    if let unit = metric.unit, name.hasSuffix("_" + unit) { name.removeLast(unit.utf8.count + 1) }
    return name
  }

  private static func metric(
    _ family: MetricFamily, _ times: (since: UInt64, now: UInt64)
  ) -> OTLPNode {
    let metric = family.metric
    // Units by UCUM.
    let unit = metric.unit.map { $0 == "seconds" ? "s" : "By" } ?? "1"
    let points = OTLPNode.Field(
      "dataPoints", 1, .list(family.samples.map { point(metric, $0, times) }))
    // 2: cumulative.
    let cumulative = OTLPNode.Field("aggregationTemporality", 2, .word(2))
    let data: OTLPNode.Field
    switch metric.kind {
    case .gauge: data = .init("gauge", 5, .message([points]))
    case .counter:
      data = .init(
        "sum", 7, .message([points, cumulative, .init("isMonotonic", 3, .boolean(true))]))
    case .histogram: data = .init("histogram", 9, .message([points, cumulative]))
    }
    return .message([
      .init("name", 1, .string(name(of: metric))), .init("description", 2, .string(metric.help)),
      .init("unit", 3, .string(unit)), data,
    ])
  }

  private static func point(
    _ metric: Metric, _ sample: MetricFamily.Sample, _ times: (since: UInt64, now: UInt64)
  ) -> OTLPNode {
    let attributes = OTLPNode.attributes(
      zip(metric.labels, sample.values).map { ($0, .string($1)) })
    var fields: [OTLPNode.Field] = []
    if metric.kind != .gauge { fields.append(.init("startTimeUnixNano", 2, .fixed(times.since))) }
    fields.append(.init("timeUnixNano", 3, .fixed(times.now)))
    guard metric.kind == .histogram else {
      fields.append(.init("asDouble", 4, .double(sample.number)))
      fields.append(.init("attributes", 7, attributes))
      return .message(fields)
    }
    // Each bucket alone, where the text has sums.
    let sums = sample.buckets + [sample.count]
    let alone = sums.indices.map { $0 == 0 ? sums[0] : sums[$0] - sums[$0 - 1] }
    fields.append(.init("count", 4, .fixed(UInt64(max(sample.count, 0)))))
    fields.append(.init("sum", 5, .double(sample.number)))
    fields.append(.init("bucketCounts", 6, .list(alone.map { .fixed(UInt64(max($0, 0))) })))
    fields.append(.init("explicitBounds", 7, .list(MetricCatalog.durations.map { .double($0) })))
    fields.append(.init("attributes", 9, attributes))
    return .message(fields)
  }
}
