import Foundation
import Pipelines

/// A Frictionless Table Schema.
struct TableSchema: Encodable {
  struct Field: Encodable {
    var name: String
    var type: String
    var format: String?
    var decimalChar: String?
    var trueValues: [String]?
    var falseValues: [String]?
  }

  var fields: [Field]
  /// An empty cell is NULL, or an empty text in a form without quotes.
  var missingValues = [""]

  /// - Parameters:
  ///   - decimalChar: the decimal separator of the spreadsheet form.
  ///   - answers: how the spreadsheet form writes `true` and `false`.
  init(
    _ columns: [(name: String, column: ReportModel.Table.Column)], forPeople: Bool = false,
    decimalChar: String = ".", answers: (yes: String, no: String)? = nil
  ) {
    fields = columns.map { name, column in
      let isWord = forPeople && [.term, .weekday].contains(column.format)
      let type = isWord ? "string" : TableSchema.type(of: column)
      return Field(
        name: name, type: type,
        format: type == "datetime" && forPeople ? "%Y-%m-%d %H:%M:%S" : nil,
        decimalChar: type == "number" && decimalChar != "." ? decimalChar : nil,
        trueValues: type == "boolean" ? answers.map { [$0.yes] } : nil,
        falseValues: type == "boolean" ? answers.map { [$0.no] } : nil)
    }
  }

  var json: String { TableSchema.json(self) }

  static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      preconditionFailure("texts and flags can always be encoded")
    }
  }

  private static func type(of column: ReportModel.Table.Column) -> String {
    switch column.type {
    case "smallint", "integer", "bigint": "integer"
    case "numeric": "number"
    case "date": "date"
    case "timestamptz", "timestamp with time zone": "datetime"
    case "boolean": "boolean"
    default: "string"
    }
  }
}

/// A Frictionless CSV dialect.
struct TableDialect: Encodable {
  var delimiter: String
  var lineTerminator = "\r\n"
  var quoteChar = "\""
  var doubleQuote = true
  var header = true

  var json: String { TableSchema.json(self) }
}
