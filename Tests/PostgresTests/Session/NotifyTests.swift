import Diagnostics
import Foundation
import Postgres
import TestSupport
import Testing

@Suite struct NotifyTests {
  @Test func `A waiting session is woken by another's NOTIFY`() throws {
    let database = try TestDatabase()
    let (listener, sender) = (try database.connect(), try database.connect())
    try listener.listen("Requests")
    let pid = try sender.query("SELECT pg_backend_pid() AS pid").only().int("pid")
    try sender.execute("NOTIFY \"Requests\", 'first'; NOTIFY \"Requests\"; NOTIFY other")
    var heard: [ServerNotification] = []
    let began = Date()
    while heard.count < 2 { heard += try listener.notifications(waiting: 10_000) }
    #expect(
      heard == [
        .init(channel: "Requests", payload: "first", sender: pid),
        .init(channel: "Requests", payload: "", sender: pid),
      ])
    #expect(Date().timeIntervalSince(began) < 5)
    #expect(try listener.notifications(waiting: 0).isEmpty)
  }

  @Test func `A notification that comes during a statement is not lost`() throws {
    let database = try TestDatabase()
    let (listener, sender) = (try database.connect(), try database.connect())
    try listener.listen("c")
    try sender.execute("NOTIFY c")
    try listener.query("SELECT 1")
    #expect(try listener.notifications(waiting: 0).map(\.channel) == ["c"])
  }

  @Test func `Waiting ends after its time, and when the session ends`() throws {
    let database = try TestDatabase()
    let (listener, killer) = (try database.connect(), try database.connect())
    try listener.listen("c")
    #expect(try listener.notifications(waiting: 20).isEmpty)
    let pid = try listener.query("SELECT pg_backend_pid() AS pid").only().int("pid")
    try killer.query("SELECT pg_terminate_backend($1::int)", [String(pid)])
    let error = #expect(throws: Diagnostic.self) {
      for _ in 0..<10 { _ = try listener.notifications(waiting: 1000) }
    }
    #expect(error?.isTransient == true)
  }
}
