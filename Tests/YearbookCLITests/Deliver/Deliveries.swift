import Foundation
import Postgres
import TestSupport

/// Adds `deliver:` to the installation's pipeline, a channel into a folder, and what tests ask of them.
extension Installation {
  /// Everybody is told of the pipeline `rows`.
  ///
  /// - Parameter more: Further lines below the message.
  func useDelivery(_ more: String = "", channel: String = "") throws {
    try write(
      "pipelines/platform.yaml",
      "owners: {room_member: roomid}\npeople: {table: user, key: id}\naddresses: {user: [email]}\n")
    try write(
      "pipelines/rows/pipeline.yaml",
      """
      name: rows
      period: [year, month]
      title: Rows
      extract: {queries: {people: {order: [username]}}}
      aggregate:
        figures: {people: {from: people, count: rows}}
        tables: {people: {from: people, publish: people, columns: {username: text}}}
      deliver:
        news:
          to: recipients
          order: [address, user]
          channel: mail
          template: news
      \(more)
      """)
    try write(
      "pipelines/rows/recipients.sql",
      """
      SELECT p.tenant_id, u.email AS address, u.firstname AS name, p.locale, u.id AS "user"
      FROM partition p JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
      """)
    try write(
      "templates/mail/news.txt",
      """
      Subject: {{title}} {{period}} of {{tenant}}

      {{#name}}
      Hello {{name}},
      {{/name}}

      {{figures.people}} people, {{event}}.

      {{#link}}
      Open it:
      {{link}}
      {{/link}}
      """)
    try write(
      "yearbook.yaml",
      """
      site: https://reports.example.com
      channels: {mail: {kind: file, folder: mail, from: reports@example.com\(channel)}}
      operator: {name: Operator, channel: mail, address: operator@example.com}
      """)
    let connection = try platform.connect()
    // As docs/platform-role.sql does with yearbook.deliver.
    try connection.execute("GRANT SELECT (email) ON app.\"user\" TO yearbook_reader")
    try connection.execute(
      "UPDATE app.\"user\" SET email = username || '@' || t.slug || '.example' FROM app.tenant t"
        + " WHERE t.id = tenantid")
  }

  /// Gives the people of a tenant addresses that tell whose they are.
  func addressPeople() throws {
    try platform.connect().execute(
      "UPDATE app.\"user\" SET email = username || '@' || t.slug || '.example' FROM app.tenant t"
        + " WHERE t.id = tenantid")
  }

  /// By the recipient's folder: the texts of the messages in their mailbox.
  func mailboxes() throws -> [String: [String]] {
    var found: [String: [String]] = [:]
    let root = "\(folder)/mail"
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: root) else { return [:] }
    for name in names {
      for part in ["new", "cur"] {
        let path = "\(root)/\(name)/\(part)"
        for file in (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] {
          found[name, default: []].append(
            try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8))
        }
      }
    }
    return found
  }

  /// Messages in the outbox by state, without the operator's.
  func outbox() throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for row in try record.connect().query(
      "SELECT o.state, count(*) AS count FROM yearbook.outbox o JOIN yearbook.telling y ON y.id = o.telling"
        + " WHERE y.pipeline <> 'operator' GROUP BY 1")
    { counts[try row.string("state")] = try row.int("count") }
    return counts
  }

  /// Runs the pipeline for a year that is over.
  func runRows(_ more: [String] = []) throws -> (status: Int32, output: String) {
    try yearbook(["run", "rows", "--period", "2025", "--config", "\(folder)/yearbook.yaml"] + more)
  }

  func deliver(_ words: [String] = ["--once"]) throws -> (status: Int32, output: String) {
    try yearbook(["deliver"] + words + ["--config", "\(folder)/yearbook.yaml"])
  }

  /// Everybody is told by a web service of the tests, in JSON.
  ///
  /// - Parameter more: Further settings of the channel.
  func useService(_ server: FaultyServer, more: String = "") throws {
    try useDelivery()
    try write(
      "yearbook.yaml",
      """
      channels:
        mail: {kind: http, url: 'http://127.0.0.1:\(server.port)/contacts', plain_http: true,
          private_hosts: [127.0.0.1]\(more)}
      """)
    try FileManager.default.removeItem(atPath: "\(folder)/templates/mail/news.txt")
    try write(
      "templates/mail/news.json", "{\"email\": \"{{address}}\", \"people\": \"{{figures.people}}\"}"
    )
  }

  /// By message's key, how often nobody knew whether it had left.
  func doubts() throws -> [String: Int] {
    var found: [String: Int] = [:]
    for row in try record.connect().query(
      "SELECT encode(key, 'hex') AS key, doubts FROM yearbook.outbox WHERE doubts > 0")
    { found[try row.string("key")] = try row.int("doubts") }
    return found
  }

  /// Makes all messages due that were put off.
  func letNightPass() throws {
    try record.connect().execute(
      "UPDATE yearbook.outbox SET not_before = now() WHERE state IN ('retryable', 'uncertain')")
  }
}
