import Basics
package import Pipelines
import Postgres
package import Telemetry

/// All metrics, read from the record: whatever was killed, on whichever host, they are what the
/// record says now.
package enum RecordMetrics {
  /// Reads the metrics.
  ///
  /// - Parameter schedules: those that run; `nil` if the pipelines cannot be read here.
  package static func read(
    _ record: RunRecord, _ configuration: Configuration, schedules: [Schedule]
  ) throws -> [MetricFamily] {
    var families = try record.connection.transaction {
      try record.runMetrics()
        + record.scheduleMetrics(
          schedules.map {
            (name: $0.name, due: $0.due, zone: $0.zone ?? configuration.operatorZone)
          })
        + record.partitionMetrics(byTenant: configuration.telemetry.namesTenants)
        + record.counterMetrics() + record.queueMetrics() + record.serviceMetrics()
        + record.upkeepMetrics()
    }
    var build = MetricFamily(MetricCatalog.build)
    build.add(1, Yearbook.version)
    var free = MetricFamily(MetricCatalog.volumeFree)
    for (name, path) in [("store", configuration.store), ("workspace", configuration.workspace)] {
      // Some network file systems do not say.
      if let bytes = path.flatMap(FreeSpace.bytes(at:)) { free.add(Double(bytes), name) }
    }
    families += [build, free]
    var series = MetricFamily(MetricCatalog.series)
    series.add(Double(families.reduce(0) { $0 + $1.series }))
    families.append(series)
    let places = MetricCatalog.all.map(\.name)
    return families.sorted {
      (places.firstIndex(of: $0.metric.name) ?? 0) < (places.firstIndex(of: $1.metric.name) ?? 0)
    }
  }
}
