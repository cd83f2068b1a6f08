import Postgres
import TestSupport
import Testing

@testable import Engine

/// Rows of earlier programs, which recorded connection strings with a run's arguments.
@Suite struct RecordedSecretsTests {
  @Test func `A password that was recorded with a run's arguments is gone after the migration`()
    throws
  {
    let scene = try RecordScene()
    let connection = try scene.database.connect()
    try connection.execute("DELETE FROM yearbook.migration WHERE version >= 7")
    let rows = [
      ("run nightly --config 'my file.yaml'", "run nightly --config 'my file.yaml'"),
      (
        "run rows --source postgresql://u:SECRET@h/d --tenant acme", "run rows --tenant acme"
      ),
      ("--record=postgresql://u:SECRET@h/d run rows", "run rows"),
      ("run rows '--source=host=h password=SECRET' --force", "run rows --force"),
      ("run rows --record 'host=h password='\\''SEC RET'\\'''", "run rows"),
      ("run rows --source='host=h password=SECRET'", "run rows"),
      ("--source 'postgresql://u:SE'\\''CRET@h/d?x' retry 2026", "retry 2026"),
      // Not quoted: nobody can tell where the string ends.
      ("run rows --source host=h password=SECRET --force", "run nightly"),
      ("run rows --sourcery", "run nightly"),
    ]
    for (number, row) in rows.enumerated() {
      try connection.query(
        """
        INSERT INTO yearbook.run (id, name, as_of, arguments, state, host, pid, lock, version)
        VALUES ($1, 'nightly', '2026-11-20', $2, 'done', 'h', 1, 1, '0')
        """, ["run-\(number)", row.0])
    }
    let record = try RunRecord(scene.database.conninfo)
    for (number, row) in rows.enumerated() {
      #expect(try record.run("run-\(number)")?.arguments == row.1)
    }
  }
}
