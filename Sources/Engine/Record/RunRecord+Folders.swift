package import Diagnostics
package import Pipelines
import Postgres

extension RecordSchema {
  static let folders = """
    CREATE TABLE IF NOT EXISTS yearbook.folder (
      tenant_id uuid NOT NULL,
      pipeline text NOT NULL,
      period text NOT NULL,
      user_id text NOT NULL,
      name text NOT NULL,
      made timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, pipeline, period, user_id)
    );
    COMMENT ON TABLE yearbook.folder IS
      'the folder of a person''s own report: tenants/SLUG/PIPELINE/PERIOD/index.html#NAME leads to it';
    """
}

extension RunRecord {
  /// The names of folders of a partition, by person.
  func folders(of partition: PartitionKey) throws(Diagnostic) -> [String: String] {
    var folders: [String: String] = [:]
    for row in try connection.query(
      """
      SELECT user_id, name FROM yearbook.folder
      WHERE tenant_id = $1 AND pipeline = $2 AND period = $3
      """, partition.values)
    { folders[try row.string("user_id")] = try row.string("name") }
    return folders
  }

  /// The name of a person's folder in a report of people; `nil` if they have none.
  ///
  /// - Parameter user: The person's id, as PostgreSQL prints it.
  package func folder(of user: String, in partition: PartitionKey) throws(Diagnostic) -> String? {
    try folders(of: partition)[user]
  }

  /// The folders of a partition, after each of `people` has one and nobody else does. A person's
  /// folder keeps its name; who comes back gets a new one.
  func folders(
    of partition: PartitionKey, people: [String]
  ) throws -> [String: String] {
    try connection.transaction {
      try connection.query(
        """
        DELETE FROM yearbook.folder
        WHERE tenant_id = $1 AND pipeline = $2 AND period = $3 AND user_id <> ALL ($4::text[])
        """, partition.values + [Quoting.array(people)])
      try connection.query(
        """
        INSERT INTO yearbook.folder (tenant_id, pipeline, period, user_id, name)
        SELECT $1, $2, $3, p.id, p.name FROM unnest($4::text[], $5::text[]) AS p (id, name)
        ON CONFLICT DO NOTHING
        """,
        partition.values
          + [Quoting.array(people), Quoting.array(people.map { _ in Self.folderName() })])
      return try folders(of: partition)
    }
  }

  /// 130 random bits of the system, in letters and digits that a store and an address take.
  static func folderName() -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyz234567")
    var random = SystemRandomNumberGenerator()
    return String((0..<26).map { _ in letters[Int(random.next(upperBound: UInt32(32)))] })
  }
}
