import Diagnostics
import Postgres
import TestSupport
import Testing

@Suite struct CopyTests {
  @Test func `Rows arrive as the bytes that the server sent`() throws {
    let connection = try TestDatabase().connect()
    var rows: [[UInt8]] = []
    let count = try connection.copyOut(
      """
      COPY (VALUES (1, 'a,b', NULL), (2, E'line\\nbreak "q"', ''), (3, 'ação', 'x')) TO STDOUT
      WITH (FORMAT csv)
      """
    ) { rows.append(Array($0)) }
    #expect(count == 3)
    #expect(
      rows.map { String(decoding: $0, as: UTF8.self) } == [
        "1,\"a,b\",\n", "2,\"line\nbreak \"\"q\"\"\",\"\"\n", "3,ação,x\n",
      ])
    #expect(try connection.copyOut("COPY (SELECT 1 WHERE false) TO STDOUT") { _ in } == 0)
  }

  @Test func `A reader's error stops the copy and leaves the session usable`() throws {
    struct Enough: Error, Equatable {}
    let connection = try TestDatabase().connect()
    var seen = 0
    #expect(throws: Enough()) {
      try connection.copyOut("COPY (SELECT generate_series(1, 100000000)) TO STDOUT") { _ in
        seen += 1
        if seen == 1000 { throw Enough() }
      }
    }
    #expect(seen == 1000)
    #expect(try connection.query("SELECT 1 AS one").only().int("one") == 1)
    try connection.transaction {
      try connection.savepoint {
        #expect(throws: Enough()) {
          try connection.savepoint {
            try connection.copyOut("COPY (SELECT generate_series(1, 9999999)) TO STDOUT") { _ in
              throw Enough()
            }
          }
        }
      }
      #expect(try connection.query("SELECT 1 AS one").only().int("one") == 1)
    }
  }

  @Test func `An error in the middle of a copy is not the end of the data`() throws {
    let connection = try TestDatabase().connect()
    var seen = 0
    #expect(
      throws: Diagnostic(.data, "PostgreSQL: division by zero (SQLSTATE 22012)")
    ) {
      try connection.copyOut(
        "COPY (SELECT 1 / (5000 - n) FROM generate_series(1, 10000) n) TO STDOUT"
      ) { _ in seen += 1 }
    }
    #expect(seen > 0 && seen < 5000)
    #expect(try connection.query("SELECT 1 AS one").only().int("one") == 1)
  }

  @Test func `A session lost in the middle of a copy is not the end of the data`() throws {
    let database = try TestDatabase()
    let connection = try database.connect()
    let pid = try connection.query("SELECT pg_backend_pid() AS pid").only().int("pid")
    let killer = try database.connect()
    var seen = 0
    let error = #expect(throws: Diagnostic.self) {
      try connection.copyOut(
        "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 1000000)) TO STDOUT"
      ) { _ in
        seen += 1
        if seen == 10 { try killer.query("SELECT pg_terminate_backend($1)", [String(pid)]) }
      }
    }
    #expect(error?.code == .unavailable)
    #expect(error?.isTransient == true)
    #expect(seen < 1_000_000)
    #expect(!connection.isOpen)
  }

  @Test func `A copy is interrupted from another thread`() throws {
    let connection = try TestDatabase().connect()
    let token = connection.cancelToken
    var seen = 0
    #expect(throws: Diagnostic(.interrupted, "the statement was cancelled")) {
      try connection.copyOut("COPY (SELECT generate_series(1, 100000000)) TO STDOUT") { _ in
        seen += 1
        if seen == 100 {
          let thread = Background { token.cancel() }
          thread.join()
        }
      }
    }
    #expect(try connection.query("SELECT 1 AS one").only().int("one") == 1)
  }

  @Test func `A statement that is not a copy in the requested direction is refused`() throws {
    let connection = try TestDatabase().connect()
    #expect(
      throws: Diagnostic(.bug, "the statement is not a COPY in the requested direction")
    ) { try connection.copyOut("SELECT 1") { _ in } }
    #expect(
      throws: Diagnostic(
        .configuration, "PostgreSQL: relation \"nowhere\" does not exist (SQLSTATE 42P01)",
        hint: "check the name; without a schema it is looked up in the configured one")
    ) { try connection.copyOut("COPY nowhere TO STDOUT") { _ in } }
    try connection.execute("CREATE TABLE t (id int)")
    for copy in ["COPY (SELECT 1) TO STDOUT", "COPY t FROM STDIN"] {
      #expect(throws: Diagnostic(.bug, "a COPY statement was run without the COPY functions")) {
        try connection.execute(copy)
      }
      #expect(try connection.query("SHOW timezone").only().values == ["UTC"])
    }
    for two in ["COPY (SELECT 2) TO STDOUT", "COPY t FROM STDIN", "SELECT 2"] {
      var rows = 0
      let first = "COPY (SELECT 1) TO STDOUT; "
      #expect(throws: Never.self) { try connection.copyOut(first + two) { _ in rows += 1 } }
      #expect(rows == 1)
      #expect(try connection.query("SHOW timezone").only().values == ["UTC"])
    }
  }

  @Test func `Written rows are read back unchanged`() throws {
    let connection = try TestDatabase().connect()
    try connection.execute("CREATE TABLE t (id int, a text, b text)")
    let texts = [
      "plain", "", "\\N", "\\", "tab\there", "line\nfeed", "return\r\n", "çã🙂", "\\.", "'\"",
      "\u{1}",
    ]
    let count = try connection.copyIn("COPY t (id, a, b) FROM STDIN") { writer in
      for (index, text) in texts.enumerated() { try writer.row([String(index), text, nil]) }
      for index in texts.count..<20_000 {
        writer.field(String(index))
        writer.field(utf8: Array("bytes\t\(index)".utf8))
        writer.field("")
        try writer.endRow()
      }
      #expect(writer.rowCount == 20_000)
    }
    #expect(count == 20_000)
    let rows = try connection.query("SELECT a, b FROM t ORDER BY id")
    let read = try rows.prefix(texts.count).map { row in try row.string("a") }
    #expect(read == texts)
    #expect(try rows[0].optionalString("b") == nil)
    #expect(try rows[19_999].string("a") == "bytes\t19999")
    #expect(try rows[19_999].string("b") == "")
  }

  @Test func `If the writer of a copy fails, nothing is kept`() throws {
    struct Broken: Error, Equatable {}
    let connection = try TestDatabase().connect()
    try connection.execute("CREATE TABLE t (id int)")
    #expect(throws: Broken()) {
      try connection.copyIn("COPY t FROM STDIN") { writer in
        for number in 0..<100_000 { try writer.row([String(number)]) }
        throw Broken()
      }
    }
    #expect(
      throws: Diagnostic(
        .data, "PostgreSQL: invalid input syntax for type integer: \"…\" (SQLSTATE 22P02)")
    ) {
      try connection.copyIn("COPY t FROM STDIN") { writer in
        for _ in 0..<500_000 { try writer.row(["Ana"]) }
      }
    }
    #expect(try connection.query("SELECT count(*) AS n FROM t").only().int("n") == 0)
  }
}
