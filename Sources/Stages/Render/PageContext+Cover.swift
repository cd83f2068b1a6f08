import Basics
import Markup
import Pipelines

extension PageContext {
  /// The drawing of a chart of days for the head of a page; none if there is no such chart or
  /// nothing in it.
  func cover(_ name: String) -> String? { drawnCover(name).map { block($0.svg()) } }

  /// What the drawing is made of: “A ray for each day …”.
  func coverText(_ name: String) throws -> String? {
    guard let cover = drawnCover(name) else { return nil }
    return try messages.optional("page.cover", cover.pattern.rawValue)
  }

  private func drawnCover(_ name: String) -> Cover? { Cover(model, chart: name) }
}

extension Cover {
  /// The drawing of a report's chart of days; `nil` if there is no such chart or nothing in it.
  init?(_ model: ReportModel, chart name: String) {
    guard let chart = model.charts.first(where: { $0.name == name }), chart.labelFormat == .date,
      let values = chart.series.first?.values.map(\.approximation),
      values.contains(where: { $0 > 0 })
    else { return nil }
    let starts = chart.labels.indices.filter { $0 == 0 || chart.labels[$0].hasSuffix("-01") }
    self.init(values: values, months: Array(starts), seed: Cover.seed(of: model.tenant.id))
  }

  /// FNV-1a of a tenant's id, mixed as for its accent, so that similar ids look different.
  fileprivate static func seed(of id: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
    return hash ^ (hash >> 33)
  }
}
