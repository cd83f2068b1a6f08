import Foundation
import Postgres
import TestSupport
import Testing

/// Rows that the source hides from its role: an error, and never an empty report.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct RowSecurityTests {
  private static let run = ["run", "rows", "--period", "2025"]

  /// An installation with a tenant that is published, and then changed.
  private func published(_ body: (Installation, Connection) throws -> Void) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let first = try here.yearbook(Self.run)
      #expect(first.status == 0, "\(first.output)")
      let platform = try here.platform.connect()
      try platform.execute("UPDATE app.\"user\" SET username = username || 'x'")
      try body(here, platform)
    }
  }

  @Test(arguments: [
    "ALTER TABLE app.\"user\" ENABLE ROW LEVEL SECURITY",
    """
    ALTER TABLE app."user" ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON app."user" USING (tenantid::text = current_setting('app.tenant', true))
    """,
    """
    ALTER TABLE app."user" ENABLE ROW LEVEL SECURITY;
    CREATE POLICY every ON app."user" USING (true)
    """,
  ])
  func `A table whose policies hide rows is refused, and the good release stays`(
    sql: String
  ) throws {
    try published { here, platform in
      let before = try here.payload()
      try platform.execute(sql)
      // The setting of a role or database that asks for silence does not count.
      try platform.execute("ALTER DATABASE \(here.platform.name) SET row_security = on")
      let (status, output) = try here.yearbook(Self.run)
      #expect(status == 1, "\(output)")
      #expect(output.contains("row-level security hides rows of app.\"user\""), "\(output)")
      #expect(output.contains("ALTER ROLE \"yearbook_reader\" BYPASSRLS"), "\(output)")
      #expect(output.contains("0 published, 0 unchanged, 1 failed"), "\(output)")
      #expect(try here.payload() == before)
      try platform.execute("ALTER TABLE app.\"user\" DISABLE ROW LEVEL SECURITY")
      let again = try here.yearbook(Self.run)
      #expect(again.status == 0 && again.output.contains("1 published"), "\(again.output)")
    }
  }

  @Test func `Policies on the table of tenants do not make an empty platform`() throws {
    try published { here, platform in
      try platform.execute("ALTER TABLE app.tenant ENABLE ROW LEVEL SECURITY")
      let (status, output) = try here.yearbook(["run", "nightly"])
      #expect(status == 78, "\(output)")
      #expect(output.contains("row-level security hides rows of app.tenant"), "\(output)")
      #expect(try here.yearbook(["status"]).output.contains("done"))
    }
  }

  @Test func `Policies on a table that no report reads are nobody's trouble`() throws {
    try published { here, platform in
      // Its name is a word of the query: in a comment.
      try here.write(
        "pipelines/rows/people.sql",
        Installation.text("pipelines/rows/people.sql", in: here.folder) + "-- no message here\n")
      try platform.execute("ALTER TABLE app.message ENABLE ROW LEVEL SECURITY")
      let (status, output) = try here.yearbook(Self.run)
      #expect(status == 0 && output.contains("1 published"), "\(output)")
    }
  }

  @Test(arguments: ["VIEW", "MATERIALIZED VIEW"])
  func `A view whose owner does not see all rows is refused`(kind: String) throws {
    try published { here, platform in
      let before = try here.payload()
      let owner = "owner_of_\(here.platform.name)"
      try platform.execute(
        """
        CREATE ROLE \(owner);
        GRANT USAGE, CREATE ON SCHEMA app TO \(owner);
        GRANT SELECT ON app."user" TO \(owner);
        ALTER TABLE app."user" ENABLE ROW LEVEL SECURITY;
        SET ROLE \(owner);
        SET row_security = on;
        CREATE \(kind) app.person AS SELECT id, tenantid, username, created FROM app."user";
        GRANT SELECT ON app.person TO yearbook_reader;
        RESET ROLE
        """)
      try here.write(
        "pipelines/rows/people.sql",
        """
        SELECT p.tenant_id, u.username
        FROM partition p JOIN person u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
        """)
      let (status, output) = try here.yearbook(Self.run)
      #expect(status == 1, "\(output)")
      #expect(
        output.contains("row-level security hides rows of app.\"user\" from the role '\(owner)'"),
        "\(output)")
      #expect(try here.payload() == before)
      try platform.execute("ALTER ROLE \(owner) BYPASSRLS")
      if kind != "VIEW" { try platform.execute("REFRESH MATERIALIZED VIEW app.person") }
      let again = try here.yearbook(Self.run)
      #expect(again.status == 0 && again.output.contains("1 published"), "\(again.output)")
      try platform.execute("DROP \(kind) app.person; DROP OWNED BY \(owner); DROP ROLE \(owner)")
    }
  }

  @Test func `An owner of tables who is subject to policies too is refused`() throws {
    try published { here, platform in
      let owner = "forced_in_\(here.platform.name)"
      try platform.execute(
        """
        CREATE ROLE \(owner) LOGIN;
        GRANT USAGE ON SCHEMA app TO \(owner);
        GRANT SELECT ON ALL TABLES IN SCHEMA app TO \(owner);
        ALTER TABLE app."user" OWNER TO \(owner);
        REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON app."user" FROM \(owner);
        ALTER TABLE app."user" ENABLE ROW LEVEL SECURITY
        """)
      let source = "YEARBOOK_SOURCE=\(here.platform.conninfo) user=\(owner)"
      // Policies do not hold for an owner, unless they are forced.
      let free = try here.yearbook(Self.run, environment: [source])
      #expect(free.status == 0 && free.output.contains("1 published"), "\(free.output)")
      try platform.execute("ALTER TABLE app.\"user\" FORCE ROW LEVEL SECURITY")
      let (status, output) = try here.yearbook(Self.run + ["--force"], environment: [source])
      #expect(status == 1 && output.contains("from the role '\(owner)'"), "\(output)")
      try platform.execute(
        "ALTER TABLE app.\"user\" OWNER TO postgres; DROP OWNED BY \(owner); DROP ROLE \(owner)")
    }
  }

  @Test func `A role that may bypass policies reads all rows`() throws {
    try published { here, platform in
      let reader = "reader_of_\(here.platform.name)"
      try platform.execute(
        """
        CREATE ROLE \(reader) LOGIN BYPASSRLS;
        GRANT USAGE ON SCHEMA app TO \(reader);
        GRANT SELECT ON ALL TABLES IN SCHEMA app TO \(reader);
        ALTER TABLE app."user" ENABLE ROW LEVEL SECURITY;
        ALTER TABLE app.tenant ENABLE ROW LEVEL SECURITY
        """)
      let (status, output) = try here.yearbook(
        Self.run, environment: ["YEARBOOK_SOURCE=\(here.platform.conninfo) user=\(reader)"])
      #expect(status == 0 && output.contains("1 published"), "\(output)")
      try platform.execute("DROP OWNED BY \(reader); DROP ROLE \(reader)")
    }
  }
}
