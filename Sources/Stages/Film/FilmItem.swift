import Basics
import Diagnostics
import Pipelines

/// A row of the storyboard: something that can have its own scene.
struct FilmItem: Hashable, Sendable {
  var kind: StitchSpec.Kind
  var id: String
  var day: CivilDate
  var title: String
  var subtitle: String
  var description: String
  var people: String
  /// How many people took part but are not named: `hidden` by their privacy setting, `guests` of
  /// other tenants.
  var hidden: Int
  var guests: Int
  var mediaKey: String?
  var isEmphasised: Bool

  /// Reads all rows of the storyboard's dataset, in its order.
  ///
  /// Optional columns: `subtitle`, `description`, `people`, `hidden`, `guests`, `media_key`.
  static func read(_ dataset: Dataset, spec: StitchSpec) throws -> [FilmItem] {
    let reader = try TableReader(dataset)
    let kind = try reader.index(of: "kind")
    let id = try reader.index(of: "id")
    let day = try reader.index(of: "day")
    let title = try reader.index(of: "title")
    let emphasis = try spec.emphasis.map { try reader.index(of: $0) }
    func optional(_ name: String) -> Int? { reader.names.firstIndex(of: name) }
    let texts = ["subtitle", "description", "people"].map(optional)
    let counts = ["hidden", "guests"].map(optional)
    let media = optional("media_key")
    var items: [FilmItem] = []
    while try reader.next() {
      let word = reader.text(kind) ?? ""
      guard let kind = spec.kinds.first(where: { $0.name == word }) else {
        throw Diagnostic(
          .configuration, "the storyboard has an item of a kind that has no scene",
          hint: "add the kind under stitch.scenes"
            + (NearestWords.choice("; it has", spec.kinds.map(\.name)) ?? "")
        )
      }
      guard let date = reader.text(day).flatMap({ CivilDate($0) }) else {
        throw reader.malformed("has no valid date in 'day'")
      }
      let text = texts.map { $0.flatMap { reader.text($0) } ?? "" }
      let count = counts.map { $0.flatMap { reader.text($0) }.flatMap { Int($0) } ?? 0 }
      let key = media.flatMap { reader.text($0) } ?? ""
      items.append(
        FilmItem(
          kind: kind, id: reader.text(id) ?? "", day: date, title: reader.text(title) ?? "",
          subtitle: text[0], description: text[1], people: text[2], hidden: count[0],
          guests: count[1], mediaKey: key.isEmpty ? nil : key,
          isEmphasised: emphasis.map { reader.text($0) == "t" } ?? false))
    }
    return items
  }
}

/// A figure on a card: a value and the column that it comes from.
struct FilmFigure: Hashable, Sendable {
  var column: String
  var format: StitchSpec.Figures.Format
  var value: Int

  /// Reads the figures of each row, by the column `by`; by `""` without it.
  static func read(
    _ dataset: Dataset, _ figures: StitchSpec.Figures
  ) throws -> [String: [FilmFigure]] {
    let reader = try TableReader(dataset)
    let by = try figures.by.map { try reader.index(of: $0) }
    let columns = try figures.columns.map { (try reader.index(of: $0.name), $0) }
    var rows: [String: [FilmFigure]] = [:]
    while try reader.next() {
      let key = by.flatMap { reader.text($0) } ?? ""
      rows[key] = try columns.map { index, column in
        guard let value = Int(reader.text(index) ?? "0") else {
          throw reader.malformed("has a value that is not a whole number in '\(column.name)'")
        }
        return FilmFigure(column: column.name, format: column.format, value: value)
      }
    }
    return rows
  }
}
