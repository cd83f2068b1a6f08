import Pipelines

/// What `report.json` holds: everything a page shows of one partition, exact and typed.
///
/// Decimals are texts, so that no reader makes binary fractions of them; days are ISO 8601; a value
/// that is not known is left out.
struct ReportModel: Codable, Equatable {
  struct Owner: Codable, Equatable {
    var id: String
    var slug: String
    var name: String
    var timeZone: String
    var locale: String
    var currency: String

    enum CodingKeys: String, CodingKey {
      case id, slug, name, locale, currency
      case timeZone = "time_zone"
    }
  }

  struct Span: Codable, Equatable {
    /// `2026-Q4`
    var name: String
    var start: String
    /// The first day after.
    var end: String
  }

  /// A value, its currency where it is money, and what it was in the period before.
  struct Amount: Codable, Equatable {
    var currency: String?
    var value: DecimalNumber?
    /// The value where it is no number: a day, a word, a text.
    var text: String?
    var previous: DecimalNumber?
    /// (value − previous) ÷ previous to six decimals; absent without a base.
    var change: DecimalNumber?
  }

  struct Figure: Codable, Equatable {
    var name: String
    var format: ValueFormat
    /// One, or one a currency: the tenant's first, then by code.
    var amounts: [Amount]
    /// The column it came from: a term's list.
    var column: String?
  }

  struct Sentence: Codable, Equatable {
    var name: String
    var message: String
    var text: String
  }

  struct Chart: Codable, Equatable {
    struct Series: Codable, Equatable {
      var name: String
      var values: [DecimalNumber]
    }
    /// The names that are not shown for themselves.
    struct Others: Codable, Equatable {
      var count: Int
      var values: [DecimalNumber]
    }

    var name: String
    var kind: ChartSpec.Kind
    /// How `labels` are shown.
    var labelFormat: ValueFormat
    var column: String
    var format: ValueFormat
    var currency: String?
    var labels: [String]
    var series: [Series]
    var others: Others?

    enum CodingKeys: String, CodingKey {
      case name, kind, column, format, currency, labels, series, others
      case labelFormat = "label_format"
    }
  }

  struct Table: Codable, Equatable {
    struct Column: Codable, Equatable {
      var name: String
      /// PostgreSQL's name of the type.
      var type: String
      var format: ValueFormat
      /// The column that holds the currency of the amounts.
      var currency: String?
      var isHidden: Bool
      /// One a currency, by code; absent where nothing is summed.
      var sums: [Amount]?
      /// The most decimals that one of the values needs.
      var decimals: Int
      /// The currencies that occur, by code, at most four.
      var currencies: [String]?
      /// Columns of counts that belong to this one's text.
      var plus: [String]?

      enum CodingKeys: String, CodingKey {
        case name, type, format, currency, sums, decimals, currencies, plus
        case isHidden = "hidden"
      }
    }

    var name: String
    var rows: Int
    /// How many rows a page shows.
    var show: Int
    var layout: TableSpec.Layout
    /// The file with all rows, for machines and for the page.
    var file: String
    /// The file for spreadsheets, where the table is published.
    var spreadsheet: String?
    var columns: [Column]
    /// See `TableSpec`.
    var by: String?
    var count: String?
    var picture: String?
    var body: String?
    var search: [String]?
    var pages: Int?

    /// Whether its rows stand on pages of their own.
    var hasPages: Bool { pages != nil && rows > show }
  }

  /// Rows that a rule left out or marked.
  struct Finding: Codable, Equatable {
    var dataset: String
    var rule: String
    var rows: Int
  }

  struct Reading: Codable, Equatable {
    var dataset: String
    var rows: Int
  }

  /// The version of this shape.
  var version = 1
  var pipeline: String
  var tenant: Owner
  var period: Span
  var asOf: String?
  var isEmpty: Bool
  var privacy: Privacy
  var figures: [Figure]
  var sentences: [Sentence]
  var charts: [Chart]
  var tables: [Table]
  /// What data quality rules found, those that found nothing left out.
  var findings: [Finding]
  /// Rows read, a dataset.
  var readings: [Reading]
  /// Totals that were found equal to the sums of what they total.
  var ties: [[String]]

  enum CodingKeys: String, CodingKey {
    case version, pipeline, tenant, period, privacy, figures, sentences, charts, tables, findings
    case readings, ties
    case asOf = "as_of"
    case isEmpty = "empty"
  }

  func figure(_ name: String) -> Figure? { figures.first { $0.name == name } }
}
