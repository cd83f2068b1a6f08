import Diagnostics

extension ChartSpec {
  package static let keys = [
    "kind", "from", "x", "y", "before", "says", "series", "bins", "label", "fill", "top", "other",
    "names", "format",
    "currency",
  ]
  private static let formats = ValueFormat.allCases.map(\.rawValue)
  private static let numbers = ValueFormat.allCases.filter(\.isNumber).map(\.rawValue)

  /// - Parameter sentences: the names of the report's sentences.
  init?(name: String, _ node: SpecNode, queries: [String], sentences: [String] = []) {
    guard let map = node.mapping(keys: ChartSpec.keys) else { return nil }
    let kind = map.required("kind")?
      .word(of: Kind.allCases.map(\.rawValue), meant: Kind.meant).flatMap(Kind.init(rawValue:))
    let dataset = map.required("from")?.query(of: queries)
    let x = map.required("x")?.name()
    let format = map["format"]?.word(of: ChartSpec.numbers, meant: ValueFormat.meant)
    guard let kind else { return nil }
    ChartSpec.reportForeignKeys(map, kind)
    let y = ChartSpec.numbers(map, kind)
    let series = map["series"].flatMap { ChartSpec.series($0, kind) }
    if kind == .heat { _ = map.required("series") }
    if map["series"] != nil, y.count > 1 {
      map["y"]?.report("with 'series', a chart has one y, found \(y.count)")
    }
    if map["series"] != nil, let top = map["top"] {
      top.report(
        "with 'series', the largest are chosen among its values",
        hint: "write series: {column: \(series?.column ?? "COLUMN"), top: N}")
    }
    // A number can be shown as any number, a name in any way.
    let names = map["names"]?.word(
      of: [.histogram, .scatter].contains(kind) ? ChartSpec.numbers : ChartSpec.formats,
      meant: ValueFormat.meant)
    let before = ChartSpec.before(map, y: y)
    let bins = kind == .histogram ? map.required("bins").map(ChartSpec.bins) ?? [] : []
    guard let dataset, let x, !y.isEmpty || kind == .histogram else { return nil }
    self.name = name
    self.kind = kind
    self.dataset = dataset
    self.x = x
    self.y = y
    self.before = before
    says = map["says"]?.word(of: sentences)
    self.series = series
    self.bins = bins
    label = map["label"]?.name()
    fill = ChartSpec.fill(map["fill"])
    top = ChartSpec.top(map["top"])
    other = map["other"]?.boolean() ?? false
    self.names = names.flatMap(ValueFormat.init(rawValue:))
    self.format = format.flatMap(ValueFormat.init(rawValue:)) ?? .integer
    currency = map["currency"]?.name()
    place = node.place
  }

  private static func reportForeignKeys(_ map: SpecMapping, _ kind: Kind) {
    let own = ["kind", "from", "x", "format", "says"]
    for entry in map.entries where !own.contains(entry.key) && !kind.keys.contains(entry.key) {
      let others = Kind.allCases.filter { $0.keys.contains(entry.key) }.map(\.rawValue)
      entry.keyNode.report(
        "a chart of kind '\(kind.rawValue)' has no '\(entry.key)'",
        hint: NearestWords.choice("kinds with '\(entry.key)':", others))
    }
  }

  private static func numbers(_ map: SpecMapping, _ kind: Kind) -> [String] {
    let allowed = kind.columnsOfNumbers
    let node = allowed.lowerBound == 0 ? map["y"] : map.required("y")
    let y = node?.names() ?? []
    if !allowed.contains(y.count), !y.isEmpty || node?.isList == true {
      let wanted =
        allowed.lowerBound == allowed.upperBound
        ? "\(allowed.upperBound)" : "\(allowed.lowerBound) to \(allowed.upperBound)"
      node?.report(
        "a chart of kind '\(kind.rawValue)' has \(wanted) y, found \(y.count)",
        hint: kind == .change ? "write y: [NOW, BEFORE]" : nil)
    }
    return y
  }

  private static func before(_ map: SpecMapping, y: [String]) -> [String] {
    guard let node = map["before"] else { return [] }
    let before = node.names()
    if map["series"] != nil {
      node.report("a chart with 'series' has no 'before'")
    } else if before.count != y.count {
      node.report(
        "expected one column for each y, found \(before.count)",
        hint: "write before: [\(y.map { $0 + "_previous" }.joined(separator: ", "))]")
    }
    return before.count == y.count ? before : []
  }

  /// `series: room` is short for `series: {column: room}`.
  private static func series(_ node: SpecNode, _ kind: Kind) -> Series? {
    guard node.isMapping else {
      return node.name().map { Series(column: $0, other: false) }
    }
    guard let map = node.mapping(keys: ["column", "names", "fill", "top", "other"]),
      let column = map.required("column")?.name()
    else { return nil }
    let top = top(map["top"], most: kind.maximumSeries)
    if map["other"] != nil, map["top"] == nil {
      map["other"]?.report("'other' needs 'top': it sums what 'top' leaves out")
    }
    return Series(
      column: column,
      names: map["names"]?.word(of: formats, meant: ValueFormat.meant)
        .flatMap(ValueFormat.init(rawValue:)),
      fill: fill(map["fill"], of: [.weekdays, .hours]), top: top,
      other: map["other"]?.boolean() ?? false)
  }

  private static func fill(_ node: SpecNode?, of allowed: [Fill] = Fill.allCases) -> Fill? {
    node?.word(of: allowed.map(\.rawValue), meant: Fill.meant).flatMap(Fill.init(rawValue:))
  }

  private static func top(_ node: SpecNode?, most: Int = maximumPoints) -> Int? {
    guard let node, let top = node.integer() else { return nil }
    guard (1...most).contains(top) else {
      node.report("expected a number from 1 to \(most), found \(top)")
      return nil
    }
    return top
  }

  private static func bins(_ node: SpecNode) -> [DecimalNumber] {
    var bins: [DecimalNumber] = []
    let nodes = node.list()
    guard node.isList, (2...maximumBins + 1).contains(nodes.count) else {
      node.report(
        "expected 2 to \(maximumBins + 1) numbers in a list",
        hint: "write the edges of the columns, for example bins: [0, 60, 300, 3600]")
      return []
    }
    for edge in nodes {
      guard let text = edge.string() else { continue }
      guard let number = DecimalNumber(text) else {
        edge.report("expected a number, found '\(text)'")
        continue
      }
      if let last = bins.last, !(last < number) {
        edge.report("the numbers of 'bins' must rise: \(number) is not more than \(last)")
        continue
      }
      bins.append(number)
    }
    return bins
  }
}
