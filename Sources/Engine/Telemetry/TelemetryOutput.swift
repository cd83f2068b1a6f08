package import Diagnostics
import Foundation
package import Pipelines
import Telemetry

/// What leaves after a run, as `telemetry:` says: metrics as a file, to a Pushgateway and to a
/// collector, and the run's trace. All is read from the record, so it is the same whoever sends it.
package struct TelemetryOutput {
  private let configuration: Configuration
  private let schedules: [Schedule]
  private let environment: [String: String]

  /// - Parameter environment: of the process, with secrets and perhaps `TRACEPARENT`.
  package init(
    _ configuration: Configuration, schedules: [Schedule],
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.configuration = configuration
    self.schedules = schedules
    self.environment = environment
  }

  /// Writes and sends. Whatever fails is a warning.
  ///
  /// - Parameter run: the run whose trace is sent; `nil` sends metrics only.
  package func send(run: String?) -> [Warning] {
    guard configuration.telemetry.isOn else { return [] }
    do {
      return try sendAll(run)
    } catch let error as Diagnostic {
      return [Self.warning("record", error.message)]
    } catch let errors as Diagnostics {
      return [Self.warning("record", errors.all.first?.message ?? "")]
    } catch {
      return [Self.warning("record", "\(type(of: error))")]
    }
  }

  private func sendAll(_ run: String?) throws -> [Warning] {
    let record = try RunRecord(configuration.required(.record))
    let settings = configuration.telemetry
    let families = try RecordMetrics.read(record, configuration, schedules: schedules)
    let text = MetricText.text(families, .prometheus)
    var warnings: [Warning] = []
    if let file = settings.file {
      do throws(Diagnostic) {
        try MetricFile.write(text, to: file)
      } catch {
        warnings.append(Self.warning("file", error.message))
      }
    }
    var parcels: [TelemetrySender.Parcel] = []
    func add(
      _ name: String, _ endpoint: TelemetrySettings.Endpoint?,
      _ requests: () throws -> [TelemetrySender.Parcel.Request]
    ) {
      guard let endpoint else { return }
      do {
        let requests = try requests()
        if requests.isEmpty { return }
        parcels.append(.init(name, to: try endpoint.opened(environment), requests))
      } catch {
        warnings.append(
          Self.warning(name, (error as? Diagnostic)?.message ?? "\(type(of: error))"))
      }
    }
    add("push", settings.push) {
      [
        .init(
          "PUT", "/metrics/job/yearbook", mediaType: MetricText.Format.prometheus.mediaType,
          body: Array(text.utf8))
      ]
    }
    add("otlp", settings.otlp) {
      let encoding = settings.otlp?.encoding ?? .json
      let times = try record.counterTimes()
      var requests = [
        MetricMessage.request(
          families, version: Yearbook.version, since: times.since, now: times.now, encoding)
      ]
      if let run, var trace = try record.trace(of: run, namesTenants: settings.namesTenants) {
        trace.parent = environment["TRACEPARENT"]
        requests += trace.requests(encoding)
      }
      return requests
    }
    add("lineage", settings.lineage) {
      try run.flatMap { try record.lineage(of: $0) }?.requests() ?? []
    }
    return warnings + TelemetrySender().send(parcels)
  }

  private static func warning(_ subject: String, _ problem: String) -> Warning {
    Warning(
      code: "telemetry-not-sent", subject: subject,
      message: "telemetry.\(subject) was not sent: \(problem)")
  }
}
