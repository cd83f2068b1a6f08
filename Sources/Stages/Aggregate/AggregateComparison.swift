import Basics
import Pipelines

/// What the figures of a report are compared with.
///
/// The queries have cut the days of the period before to those that correspond to the days of this
/// one so far. Here the comparison is left out if the tenant did not exist on all of these days:
/// its first weeks would be compared with a whole month.
struct AggregateComparison {
  let spec: AggregateSpec
  let work: PartitionWork

  /// The figures without previous amounts that nothing can be compared with.
  func fair(_ figures: [String: ReportModel.Figure]) -> [String: ReportModel.Figure] {
    if work.progress.isCompared { return figures }
    return figures.mapValues { figure in
      guard figure.against == nil else { return figure }
      var figure = figure
      for index in figure.amounts.indices { figure.amounts[index].previous = nil }
      return figure
    }
  }

  /// The charts without what nothing can be compared with.
  func fair(_ charts: [ReportModel.Chart]) -> [ReportModel.Chart] {
    if work.progress.isCompared { return charts }
    return charts.map { chart in
      var chart = chart
      for index in chart.series.indices { chart.series[index].previous = nil }
      return chart
    }
  }

  /// `nil` if no figure is compared with the period before.
  var comparison: ReportModel.Comparison? {
    let progress = work.progress
    guard spec.figures.contains(where: { $0.previous != nil && $0.against == .period }) else {
      return nil
    }
    if let since = progress.since { return .init(days: .none, since: since.description) }
    var comparison = ReportModel.Comparison(days: progress.isProvisional ? .same : .all)
    // Without the day in the stage's key, no day can be named.
    if !progress.isProvisional || work.asOf != nil {
      comparison.start = progress.period.start.description
      comparison.last = progress.lastDay.description
      comparison.previousStart = progress.period.previous.start.description
      comparison.previousLast = progress.previousLastDay.description
    }
    return comparison
  }
}
