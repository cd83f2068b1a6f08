/// The `stitch:` part of a pipeline file: a film's storyboard, preset, lengths and scenes.
package struct StitchSpec: Sendable {
  /// The kind of object that an item's `media_key` names.
  package enum Medium: String, Sendable, CaseIterable {
    case picture, recording
  }

  /// How items of one kind are shown.
  package struct Kind: Sendable, Hashable {
    /// The word in the storyboard's column `kind`.
    package var name: String
    /// A file in the folder `video` of the templates.
    package var template: String
    package var medium: Medium
  }

  /// Figures that a card shows: columns of a query with their formats.
  package struct Figures: Sendable, Hashable {
    /// How a figure is written on a card.
    package enum Format: String, Sendable, CaseIterable {
      case integer, duration
    }

    package var query: String
    /// The column of dates that chooses the row; `nil` if there is only one row.
    package var by: String?
    package var columns: [(name: String, format: Format)]

    package static func == (left: Figures, right: Figures) -> Bool {
      left.query == right.query && left.by == right.by
        && left.columns.elementsEqual(right.columns, by: ==)
    }

    package func hash(into hasher: inout Hasher) {
      hasher.combine(query)
      for column in columns { hasher.combine(column.name) }
    }
  }

  /// The queries whose rows decide what is shown.
  package var planned: Set<String> {
    Set([storyboard, totals?.query, months?.query].compactMap { $0 })
  }

  /// The part without comments and the order of keys, for the stage key.
  package var canonicalText: String
  /// The query whose rows are the items, ordered by time.
  package var storyboard: String
  /// `360p30`, `720p30`, `1080p30`
  package var preset: String
  /// Whether the film is also published for HTTP Live Streaming.
  package var streams: Bool
  /// The style of the film's music: `none`, `calm`, `bright` or `pulse`.
  package var music: String
  /// Whether the film's vertical cut is published beside it.
  package var hasVertical: Bool
  /// The intended length in seconds.
  package var target: Int
  /// The greatest length in seconds.
  package var maximum: Int
  /// A boolean column of the storyboard. Items with `true` are shown longer, and come first if not
  /// all have room.
  package var emphasis: String?
  /// The figures of the title card and the end card.
  package var totals: Figures?
  /// The figures of each month.
  package var months: Figures?
  /// The templates of the title card, of month cards and of the end card.
  package var intro: String
  package var month: String
  package var outro: String
  /// The template of the mosaic of items without a scene of their own.
  package var mosaic: String
  /// In the file's order.
  package var kinds: [Kind]

  package static let presets = ["360p30", "720p30", "1080p30"]
  package static let styles = ["none", "calm", "bright", "pulse"]
  /// Words of `scenes` that are not kinds of items.
  static let cards = ["intro", "month", "mosaic", "outro"]

  /// Reads the part. Faults are reported to the node's reader.
  package init?(_ node: SpecNode, queries: [String]) {
    canonicalText = node.canonicalText
    guard
      let map = node.mapping(keys: [
        "storyboard", "preset", "hls", "music", "vertical", "lengths",
        "emphasis", "totals", "months", "scenes",
      ])
    else { return nil }
    let storyboard = map.required("storyboard")?.word(of: queries)
    preset = map["preset"].map { $0.word(of: StitchSpec.presets) ?? "" } ?? "720p30"
    streams = map["hls"]?.boolean() ?? false
    hasVertical = map["vertical"]?.boolean() ?? false
    music = map["music"].map { $0.word(of: StitchSpec.styles) ?? "" } ?? "none"
    let lengths = map["lengths"]?.mapping(keys: ["target", "max"])
    target = lengths?["target"]?.duration() ?? 240
    maximum = lengths?["max"]?.duration() ?? max(480, target)
    if maximum < target { map["lengths"]?.report("'max' is shorter than 'target'") }
    if target < 20 { map["lengths"]?.report("a film must be at least 20s long") }
    emphasis = map["emphasis"]?.name()
    totals = map["totals"].flatMap { StitchSpec.figures($0, queries, hasKey: false) }
    months = map["months"].flatMap { StitchSpec.figures($0, queries, hasKey: true) }
    var kinds: [Kind] = []
    var cards: [String: String] = [:]
    for entry in map.required("scenes")?.mapping()?.entries ?? [] {
      if StitchSpec.cards.contains(entry.key) {
        cards[entry.key] = entry.value.string()
      } else if let kind = StitchSpec.kind(entry.keyNode, entry.value) {
        kinds.append(kind)
      }
    }
    self.kinds = kinds
    intro = cards["intro"] ?? "title.svg"
    month = cards["month"] ?? "month.svg"
    mosaic = cards["mosaic"] ?? "mosaic.svg"
    outro = cards["outro"] ?? "outro.svg"
    guard let storyboard else { return nil }
    self.storyboard = storyboard
  }

  /// The templates that the film uses, files in the folder `video`, in alphabetical order.
  package var templates: [String] {
    Set([intro, month, mosaic, outro] + kinds.map(\.template)).sorted()
  }

  /// The templates of the vertical cut, files in the folder `video/vertical`, in alphabetical
  /// order; empty if there is none.
  package var verticalTemplates: [String] {
    hasVertical ? Set([intro, outro] + kinds.map(\.template)).sorted() : []
  }

  private static func figures(
    _ node: SpecNode, _ queries: [String], hasKey: Bool
  ) -> Figures? {
    guard let map = node.mapping(keys: hasKey ? ["from", "by", "show"] : ["from", "show"])
    else { return nil }
    var columns: [(name: String, format: Figures.Format)] = []
    for entry in map.required("show")?.mapping()?.entries ?? [] {
      let word = entry.value.word(of: Figures.Format.allCases.map(\.rawValue))
      if let name = entry.keyNode.name(), let format = word.flatMap(Figures.Format.init) {
        columns.append((name, format))
      }
    }
    guard let query = map.required("from")?.word(of: queries) else { return nil }
    let by = hasKey ? map.required("by")?.name() : nil
    return Figures(query: query, by: by, columns: columns)
  }

  /// `NAME: FILE`, or `NAME: {template: FILE, media: recording}`.
  private static func kind(_ name: SpecNode, _ node: SpecNode) -> Kind? {
    guard let name = name.name() else { return nil }
    guard node.isMapping else {
      return node.string().map { Kind(name: name, template: $0, medium: .picture) }
    }
    guard let map = node.mapping(keys: ["template", "media"]),
      let template = map.required("template")?.string()
    else { return nil }
    let word = map["media"]?.word(of: Medium.allCases.map(\.rawValue))
    return Kind(
      name: name, template: template, medium: word.flatMap(Medium.init) ?? .picture)
  }
}
