import Pipelines

/// The report model, `report.json`: everything that a page shows of one partition, exact and typed.
///
/// Decimals are texts, so that no reader turns them into binary fractions. Days are in ISO 8601.
/// Unknown values are left out.
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
    /// The first day after the period.
    var end: String
  }

  /// A value, its currency if it is money, and the value of the previous period.
  struct Amount: Codable, Equatable {
    var currency: String?
    var value: DecimalNumber?
    /// The value if it is not a number: a day, a word or a text.
    var text: String?
    var previous: DecimalNumber?
    /// (value − previous) ÷ previous to six decimals; absent without a base.
    var change: DecimalNumber?
  }

  struct Figure: Codable, Equatable {
    var name: String
    var format: ValueFormat
    /// One amount, or one per currency: the tenant's currency first, then by code.
    var amounts: [Amount]
    /// The column that it comes from; it names the list of a term.
    var column: String?
    /// `start` if the previous amounts are those of the period's first moment.
    var against: String?
    /// Who has the greatest value, of a figure that is made of it.
    var lead: Lead?
  }

  /// The rows that share the greatest value.
  struct Lead: Codable, Equatable {
    /// The greatest value.
    var value: DecimalNumber
    /// The sum of the values of all rows.
    var total: DecimalNumber
    /// How many rows have it.
    var count: Int
    /// The first of them.
    var names: [String]
  }

  /// What the figures are compared with.
  struct Comparison: Codable, Equatable {
    enum Days: String, Codable {
      /// All days of the period before.
      case all
      /// The days of the period before that correspond to those of this one so far.
      case same
      /// None: the tenant did not exist on all of them.
      case none
    }

    var days: Days
    /// The first and the last day that is compared, if the report depends on the day.
    var start: String?
    var last: String?
    var previousStart: String?
    var previousLast: String?
    /// Since when the tenant has existed, if it did not exist on all of the days.
    var since: String?

    enum CodingKeys: String, CodingKey {
      case days, start, last, since
      case previousStart = "previous_start"
      case previousLast = "previous_last"
    }
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
      /// The same of the period before, one per label.
      var previous: [DecimalNumber]?
    }
    /// The sum of the names that are not shown one by one.
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
    /// Days, words or texts, one per value; the ranges `0..600` and `600..` of a histogram.
    var labels: [String]
    var series: [Series]
    var others: Others?
    /// The column of the values, if the series are the values of another column.
    var valueColumn: String?
    /// The column whose values are the names of the series, and how they are shown.
    var seriesColumn: String?
    var seriesFormat: ValueFormat?
    /// The sum of the series that are not shown one by one, one value per label.
    var seriesOthers: Others?
    /// How the values of the first of a scatter chart's two series are shown.
    var acrossFormat: ValueFormat?
    /// Whether the labels of a scatter chart are names of its dots.
    var isNamed: Bool?
    /// The sentence that is its title.
    var says: String?

    enum CodingKeys: String, CodingKey {
      case name, kind, column, format, currency, labels, series, others, says
      case labelFormat = "label_format"
      case valueColumn = "value_column"
      case seriesColumn = "series_column"
      case seriesFormat = "series_format"
      case seriesOthers = "series_others"
      case acrossFormat = "x_format"
      case isNamed = "named"
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
      /// One per currency, the tenant's first; absent if the column is not summed.
      var sums: [Amount]?
      /// The greatest number of decimals among the values.
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
    /// The file with all rows, for machines and for making the page.
    var file: String
    /// The file for spreadsheets, if the table is published.
    var spreadsheet: String?
    var columns: [Column]
    /// See `TableSpec`.
    var by: String?
    var count: String?
    var picture: String?
    var body: String?
    var search: [String]?
    var pages: Int?

    /// Whether its rows are on pages of their own.
    var hasPages: Bool { pages != nil && rows > show }
  }

  /// Rows that a rule left out or marked.
  struct Finding: Codable, Equatable {
    var dataset: String
    var rule: String
    var rows: Int
    /// One of the rows, if the query names one.
    var example: Example?

    /// A row's key and the value that does not fit.
    struct Example: Codable, Equatable {
      var key: String?
      var value: String?
    }
  }

  struct Reading: Codable, Equatable {
    var dataset: String
    var rows: Int
  }

  /// The version of this shape.
  var version = 1
  var pipeline: String
  var tenant: Owner
  /// The name of the person whose report it is; absent if it is the tenant's.
  var person: String?
  var period: Span
  var asOf: String?
  var isEmpty: Bool
  /// Whether some of the period's days were still to come.
  var isProvisional = false
  /// Absent if no figure is compared with the period before.
  var comparison: Comparison?
  var privacy: Privacy
  var figures: [Figure]
  var sentences: [Sentence]
  var charts: [Chart]
  var tables: [Table]
  /// The file that has all published tables as sheets of one workbook.
  var workbook: String?
  /// What data quality rules found, without rules that found nothing.
  var findings: [Finding]
  /// Rows read, per dataset.
  var readings: [Reading]
  /// Figures that were checked to be equal.
  var ties: [[String]]

  enum CodingKeys: String, CodingKey {
    case version, pipeline, tenant, person, period, comparison, privacy, figures, sentences, charts,
      tables, workbook, findings
    case readings, ties
    case asOf = "as_of"
    case isEmpty = "empty"
    case isProvisional = "provisional"
  }

  func figure(_ name: String) -> Figure? { figures.first { $0.name == name } }
}
