/// A run as a trace: a span of the run, and one of each try at a stage.
package struct RunTrace: Sendable {
  /// One try at a stage of a partition.
  package struct Attempt: Sendable {
    package var pipeline: String
    package var period: String
    /// Only where `telemetry.tenants: slug` is set.
    package var tenant: String?
    /// What tells partitions apart, whether the tenant is named or not. It is not sent.
    package var partition: String
    package var stage: String
    package var number: Int
    /// Microseconds since 1970.
    package var began: Int64
    package var seconds: Double
    /// The code of the failure; `nil` where it succeeded.
    package var code: String?

    package init(
      pipeline: String, period: String, tenant: String?, partition: String, stage: String,
      number: Int, began: Int64, seconds: Double, code: String?
    ) {
      self.pipeline = pipeline
      self.period = period
      self.tenant = tenant
      self.partition = partition
      self.stage = stage
      self.number = number
      self.began = began
      self.seconds = seconds
      self.code = code
    }
  }

  package var run: String
  package var name: String
  /// `done`, `failed` or `interrupted`.
  package var state: String
  package var version: String
  /// Microseconds since 1970.
  package var began: Int64
  package var ended: Int64
  /// Counts of the run, by their names: `published`, `failed`.
  package var counts: [(name: String, count: Int)] = []
  package var attempts: [Attempt] = []
  /// How many tries are left out.
  package var dropped = 0
  /// The `traceparent` of what started the run.
  package var parent: String?

  /// A run without attempts.
  package init(
    run: String, name: String, state: String, version: String, began: Int64, ended: Int64
  ) {
    self.run = run
    self.name = name
    self.state = state
    self.version = version
    self.began = began
    self.ended = ended
  }

  /// The most tries that are sent of a run. The failed and the longest ones are.
  package static let mostAttempts = 10_000
  /// How many spans one request has at most.
  static let batch = 1_000

  /// The trace as requests to an endpoint of OpenTelemetry's protocol.
  package func requests(_ encoding: OTLPEncoding) -> [TelemetrySender.Parcel.Request] {
    let spans = [root] + attempts.map(span)
    return stride(from: 0, to: spans.count, by: Self.batch).map { start in
      let part = Array(spans[start..<min(start + Self.batch, spans.count)])
      let scoped = OTLPNode.message([
        .init("scope", 1, .scope(version: version)), .init("spans", 2, .list(part)),
      ])
      let resource = OTLPNode.message([
        .init("resource", 1, .resource(version: version)),
        .init("scopeSpans", 2, .list([scoped])),
      ])
      let message = OTLPNode.message([.init("resourceSpans", 1, .list([resource]))])
      return .init(
        "POST", "/v1/traces", mediaType: encoding.mediaType, body: message.body(encoding))
    }
  }

  private var root: OTLPNode {
    var attributes: [(String, OTLPNode)] = [
      ("yearbook.run", .string(run)), ("yearbook.name", .string(name)),
      ("yearbook.state", .string(state)),
    ]
    attributes += counts.map {
      ("yearbook.partitions." + $0.name, .integer(Int64(clamping: $0.count)))
    }
    if dropped > 0 {
      attributes.append(("yearbook.attempts.dropped", .integer(Int64(clamping: dropped))))
    }
    return Self.span(
      run, TraceIdentity.root(run: run), parent: nil, name: "run \(name)", (began, ended),
      attributes, link: parent.flatMap(TraceIdentity.parent),
      failure: state == "done" ? nil : state)
  }

  private func span(_ attempt: Attempt) -> OTLPNode {
    var attributes: [(String, OTLPNode)] = [
      ("yearbook.run", .string(run)), ("yearbook.pipeline", .string(attempt.pipeline)),
      ("yearbook.period", .string(attempt.period)), ("yearbook.stage", .string(attempt.stage)),
      ("yearbook.attempt", .integer(Int64(clamping: attempt.number))),
    ]
    if let tenant = attempt.tenant { attributes.append(("yearbook.tenant", .string(tenant))) }
    if let code = attempt.code { attributes.append(("error.type", .string(code))) }
    let id = TraceIdentity.attempt([
      run, attempt.partition, attempt.pipeline, attempt.period, attempt.stage,
      String(attempt.number), String(attempt.began),
    ])
    let seconds = attempt.seconds.isFinite ? min(max(attempt.seconds, 0), 1e9) : 0
    return Self.span(
      run, id, parent: TraceIdentity.root(run: run), name: "\(attempt.pipeline) \(attempt.stage)",
      (attempt.began, attempt.began + Int64(seconds * 1_000_000)), attributes, link: nil,
      failure: attempt.code)
  }

  private static func span(
    _ run: String, _ id: [UInt8], parent: [UInt8]?, name: String,
    _ times: (began: Int64, ended: Int64), _ attributes: [(String, OTLPNode)],
    link: (trace: [UInt8], span: [UInt8])?, failure: String?
  ) -> OTLPNode {
    var fields: [OTLPNode.Field] = [
      .init("traceId", 1, .identifier(TraceIdentity.trace(run: run))),
      .init("spanId", 2, .identifier(id)),
    ]
    if let parent { fields.append(.init("parentSpanId", 4, .identifier(parent))) }
    fields.append(.init("name", 5, .string(name)))
    // 1: internal.
    fields.append(.init("kind", 6, .word(1)))
    fields.append(.init("startTimeUnixNano", 7, .fixed(nanoseconds(times.began))))
    fields.append(
      .init("endTimeUnixNano", 8, .fixed(nanoseconds(max(times.began, times.ended)))))
    fields.append(.init("attributes", 9, .attributes(attributes)))
    if let link {
      let other = OTLPNode.message([
        .init("traceId", 1, .identifier(link.trace)), .init("spanId", 2, .identifier(link.span)),
      ])
      fields.append(.init("links", 13, .list([other])))
    }
    // 1: ok, 2: error. The message is a word of a closed list.
    var status: [OTLPNode.Field] = []
    if let failure { status.append(.init("message", 2, .string(failure))) }
    status.append(.init("code", 3, .word(failure == nil ? 1 : 2)))
    fields.append(.init("status", 15, .message(status)))
    return .message(fields)
  }

  private static func nanoseconds(_ microseconds: Int64) -> UInt64 {
    UInt64(clamping: microseconds).multipliedReportingOverflow(by: 1000).partialValue
  }
}
