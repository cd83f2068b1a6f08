package import Diagnostics
package import Pipelines
package import Postgres

/// Checks what a pipeline's query must not contain, by reading its text and its columns.
///
/// This does not prove that tenants stay apart; the isolation trial does. It refuses what would
/// make a result depend on anything except the rows, or let a query reach outside of the schema of
/// its trial.
package enum QueryRules {
  /// Functions and keywords whose value does not come from the rows.
  private static let impure: Set<String> = [
    "now", "random", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday",
    "current_timestamp", "current_date", "current_time", "localtime", "localtimestamp",
    "gen_random_uuid", "uuid_generate_v4", "setseed", "txid_current", "pg_current_xact_id",
    "pg_backend_pid", "inet_server_addr", "current_user", "session_user", "current_setting",
    "version", "current_database", "random_normal", "pg_sleep", "dblink", "pg_read_file",
    "lo_import",
  ]

  private static let types: Set<String> = [
    "text", "varchar", "char", "smallint", "integer", "bigint", "numeric", "boolean", "date",
    "timestamptz", "uuid",
  ]

  /// Schemas that every database has.
  package static let systemSchemas: Set<String> = [
    "pg_catalog", "information_schema", "pg_toast", "pg_temp", "public", "yearbook",
  ]

  /// The faults in the text of an SQL file, in the order of its lines.
  ///
  /// - Parameter schemas: the names that are schemas in `schema.table`.
  package static func faults(
    inText sql: String, file: String, schemas: Set<String> = systemSchemas
  ) -> [Diagnostic] {
    var faults: [Diagnostic] = []
    let tokens = SQLTokens(sql).all
    for (index, token) in tokens.enumerated() {
      let place = Diagnostic.Subject(file: file, line: token.line, column: token.column)
      let word = token.text.lowercased()
      let previous = index > 0 ? tokens[index - 1].text.lowercased() : ""
      let next = index + 1 < tokens.count ? tokens[index + 1].text : ""
      if token.isWord, previous != ".", next != ".", impure.contains(word) {
        // A column can have such a name. Only a call or a bare keyword is refused.
        if next == "(" || word.hasPrefix("current_") || word.hasPrefix("local")
          || word == "session_user"
        {
          faults.append(
            Diagnostic(
              .configuration, "'\(word)' is refused: the result would not depend on the rows alone",
              at: place, hint: "use the columns of 'partition', such as cutoff_at and as_of"))
        }
      }
      if token.isWord, next == ".", previous != ".", schemas.contains(word) {
        faults.append(
          Diagnostic(
            .configuration, "a table name with its schema '\(word)' is refused", at: place,
            hint: "write the table name alone: search_path is set from source.schema"))
      }
      if token.text == ";" {
        faults.append(
          Diagnostic(
            .configuration, "';' is refused: write one statement, without ';' at its end", at: place
          ))
      }
    }
    return faults
  }

  /// The faults in a query's columns.
  package static func faults(in columns: [Column], of query: ExtractSpec.Query) -> [Diagnostic] {
    let place = Diagnostic.Subject(file: query.file)
    var faults: [Diagnostic] = []
    if columns.first?.name != "tenant_id" || columns.first?.typeName != "uuid" {
      faults.append(
        Diagnostic(
          .configuration, "the first column must be 'tenant_id', a uuid", at: place,
          hint: "rows are routed to their tenant by it"))
    }
    if columns.count == 1 {
      faults.append(
        Diagnostic(.configuration, "the query has no column except tenant_id", at: place))
    }
    for column in columns where !types.contains(column.typeName) {
      faults.append(
        Diagnostic(
          .configuration,
          "the column '\(column.name)' has the type \(column.typeName), which is not supported",
          at: place,
          hint: "cast it to one of \(types.sorted().joined(separator: ", ")); money is numeric"))
    }
    for column in columns where !SpecNode.isName(column.name) {
      faults.append(
        Diagnostic(
          .configuration, "the column '\(column.name)' is not named [a-z][a-z0-9_]*", at: place))
    }
    let names = columns.map(\.name)
    for name in Set(names.filter { name in names.count { $0 == name } > 1 }).sorted() {
      faults.append(
        Diagnostic(.configuration, "two columns are named '\(name)'", at: place))
    }
    for term in query.order where !names.contains(term.column) {
      faults.append(
        Diagnostic(
          .configuration, "the order names '\(term.column)', which is not a column", at: place,
          hint: NearestWords.hint(for: term.column, in: names)))
    }
    return faults
  }
}

/// The words and signs of an SQL text, without its comments and the contents of its strings.
struct SQLTokens {
  struct Token {
    var text: String
    var isWord: Bool
    /// Line and column, from 1.
    var line: Int
    var column: Int
  }

  private(set) var all: [Token] = []
  private var rest: Substring.UnicodeScalarView
  private var line = 1
  private var column = 1
  /// Whether backslashes escape in the string that was read last.
  private var isEscaped = false
  /// Whether an E stands right before the quote that comes next.
  private var isAfterE = false

  init(_ sql: String) {
    rest = Substring(sql).unicodeScalars
    while let next = rest.first { read(next) }
  }

  private mutating func read(_ next: Unicode.Scalar) {
    switch next {
    case "-" where rest.starts(with: "--".unicodeScalars): skip { $0 != "\n" && $0 != "\r" }
    case "/" where rest.starts(with: "/*".unicodeScalars): skipBlockComment()
    case "'":
      // A backslash escapes only in E'…', also where the literal continues on the next line.
      let isContinued = all.last.map { $0.text == "''" && !$0.isWord } ?? false
      if !isContinued { isEscaped = isAfterE }
      let token = Token(text: "''", isWord: false, line: line, column: column)
      isAfterE = false
      skipQuoted("'", escapes: isEscaped)
      all.append(token)
    case "\"": readQuotedIdentifier()
    case "$" where skipDollarQuoted(): break
    case _ where Self.isLetter(next): readWord()
    case " ", "\t", "\n", "\r", "\u{B}", "\u{C}": advance()
    default:
      all.append(Token(text: String(next), isWord: false, line: line, column: column))
      advance()
    }
  }

  private mutating func advance() {
    guard let first = rest.popFirst() else { return }
    if first == "\n" {
      line += 1
      column = 1
    } else {
      column += 1
    }
  }

  private mutating func skip(while condition: (Unicode.Scalar) -> Bool) {
    while let next = rest.first, condition(next) { advance() }
  }

  private mutating func skipBlockComment() {
    var depth = 0
    repeat {
      if rest.starts(with: "/*".unicodeScalars) {
        depth += 1
        advance()
      } else if rest.starts(with: "*/".unicodeScalars) {
        depth -= 1
        advance()
      }
      advance()
    } while depth > 0 && !rest.isEmpty
  }

  private mutating func skipQuoted(_ quote: Unicode.Scalar, escapes: Bool) {
    advance()
    while let next = rest.first {
      advance()
      if escapes, next == "\\" {
        advance()
      } else if next == quote {
        guard rest.first == quote else { return }
        advance()
      }
    }
  }

  private mutating func readQuotedIdentifier() {
    let (line, column) = (self.line, self.column)
    let before = rest
    skipQuoted("\"", escapes: false)
    let name = before.prefix(before.count - rest.count).dropFirst().dropLast()
    all.append(Token(text: String(name), isWord: true, line: line, column: column))
  }

  /// Skips a dollar-quoted string. Returns whether there was one.
  private mutating func skipDollarQuoted() -> Bool {
    let tag = rest.dropFirst().prefix { Self.isLetter($0) || Self.isDigit($0) }
    guard rest.dropFirst(tag.count + 1).first == "$", !(tag.first.map(Self.isDigit) ?? false)
    else { return false }
    let quote = Array(rest.prefix(tag.count + 2))
    for _ in quote { advance() }
    while !rest.isEmpty, !rest.starts(with: quote) { advance() }
    for _ in quote { advance() }
    return true
  }

  private mutating func readWord() {
    let (line, column) = (self.line, self.column)
    var word = String.UnicodeScalarView()
    while let next = rest.first, Self.isLetter(next) || Self.isDigit(next) || next == "$" {
      word.append(next)
      advance()
    }
    all.append(Token(text: String(word), isWord: true, line: line, column: column))
    isAfterE = ["e", "E"].contains(all[all.count - 1].text) && rest.first == "'"
  }

  /// What begins an identifier: to PostgreSQL, all that is not ASCII does.
  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "_": true
    default: !scalar.isASCII
    }
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
}
