import Diagnostics
import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// Whether a refused session is waited for is told by its SQLSTATE, in any language.
@Suite struct RefusedSessionTests {
  struct Refusal: Sendable {
    var state: String
    var severity = "FATAL"
    var message: String
    var isTransient = true
  }

  @Test(arguments: [
    Refusal(state: "57P03", message: "o sistema de banco de dados está iniciando"),
    Refusal(state: "57P03", severity: "ФАТАЛЬНО", message: "система баз даних запускається"),
    Refusal(state: "57P03", message: "データベースシステムは停止処理中です"),
    Refusal(
      state: "57P01", message: "terminando a conexão por causa de um comando do administrador"),
    Refusal(state: "53300", message: "desculpe, muitos clientes conectados"),
    Refusal(state: "53200", message: "memória insuficiente"),
    Refusal(state: "57014", message: "cancelando autenticação por causa do tempo de espera"),
    Refusal(
      state: "08P01", message: "server login has been failing, try again later (server_login_retry)"
    ),
    Refusal(
      state: "08P01",
      message: "server login has been failing, cached error: password authentication failed"
        + " (server_login_retry)"),
    Refusal(state: "08P01", message: "no more connections allowed (max_client_conn)"),
    Refusal(state: "08P01", message: "query_wait_timeout"),
    Refusal(state: "08P01", message: "pgbouncer cannot connect to server"),
    Refusal(state: "XX000", message: "MaxClientsInSessionMode: max clients reached"),
  ])
  func `A server that starts, stops or is full is waited for in any language`(
    refusal: Refusal
  ) throws {
    let error = try Self.refused(refusal)
    #expect(error.isTransient)
    #expect(error.code == .unavailable)
    #expect(error.message.contains(refusal.message), "\(error.message)")
    #expect((error.underlying as? PostgresError)?.sqlState == refusal.state)
  }

  @Test(arguments: [
    Refusal(state: "28P01", message: "autenticação do tipo senha falhou para usuário \"ana\""),
    Refusal(
      state: "28000", severity: "ФАТАЛЬНО",
      message: "nenhuma entrada no pg_hba.conf: too many connections, starting up"),
    Refusal(state: "3D000", message: "banco de dados \"x\" não existe"),
    Refusal(state: "55000", message: "banco de dados \"x\" não está aceitando conexões no momento"),
    Refusal(state: "42501", message: "permissão negada para banco de dados"),
    Refusal(state: "08P01", message: "no such database: x"),
    Refusal(state: "08P01", message: "unsupported startup parameter in options: search_path"),
    Refusal(state: "08P01", message: "SASL authentication failed"),
  ])
  func `A wrong password or a missing database is a mistake in any language`(
    refusal: Refusal
  ) throws {
    let error = try Self.refused(refusal)
    #expect(!error.isTransient)
    #expect(error.code == .configuration)
    #expect(error.message.contains(refusal.message), "\(error.message)")
    #expect(error.message.contains("(SQLSTATE \(refusal.state))"))
    #expect(error.hint != nil)
  }

  @Test func `A password that looks like a part of a reply is hidden and changes nothing`() throws {
    let refusal = Refusal(state: "28P01", message: "nope")
    let error = try Self.refused(refusal, password: "28P01")
    #expect(error.code == .configuration && !error.isTransient)
    #expect(!error.message.contains("28P01"), "\(error.message)")
  }

  private static func refused(
    _ refusal: Refusal, password: String = "hush9"
  ) throws -> Diagnostic {
    let server = try ReplyingServer(
      state: refusal.state, severity: refusal.severity, message: refusal.message)
    defer { server.stop() }
    return try #require(throws: Diagnostic.self) {
      try Connection("host=127.0.0.1 port=\(server.port) user=ana password=\(password) dbname=x")
    }
  }

  @Test func `The parameter that a pooler refuses is told with where it comes from`() throws {
    let error = try Self.refused(
      Refusal(state: "08P01", message: "unsupported startup parameter: options"))
    #expect(error.hint?.contains("PGOPTIONS") == true, "\(error.hint ?? "")")
    #expect(error.hint?.contains("ignore_startup_parameters") == true)
  }

  @Test func `A full server is waited for, by any of its limits`() throws {
    try withTemporaryFolder { folder in
      chmod(folder, 0o755)
      let server = try PrivateServer.start(
        in: "\(folder)/server",
        options: .init(
          isDurable: false,
          settings: ["max_connections=8", "superuser_reserved_connections=3", "max_wal_senders=0"]))
      defer { do { try server.stop(.immediate) } catch {} }
      var sessions = [try Connection(server.conninfo())]
      try sessions[0].execute(
        "CREATE ROLE one LOGIN CONNECTION LIMIT 0; CREATE ROLE any_user LOGIN")
      let conninfo = server.conninfo()
      func refusal(of user: String) -> Diagnostic? {
        do throws(Diagnostic) {
          sessions.append(try Connection("\(conninfo) user=\(user)"))
          return nil
        } catch {
          return error
        }
      }
      let limited = try #require(refusal(of: "one"))
      #expect((limited.underlying as? PostgresError)?.sqlState == "53300")
      #expect(limited.isTransient && limited.code == .unavailable)
      for user in ["any_user", "postgres"] {
        var last: Diagnostic?
        for _ in 1...9 where last == nil { last = refusal(of: user) }
        #expect((last?.underlying as? PostgresError)?.sqlState == "53300", "\(user)")
        #expect(last?.isTransient == true)
        #expect(last?.hint?.contains("max_connections") == true)
      }
    }
  }

  private static let languages = [("es_ES", "servidor"), ("ja_JP", "データベース"), ("uk_UA", "даних")]

  /// Why a server that speaks other languages cannot be had; `nil` if it can.
  private static let noLanguages: String? = {
    guard Places.program("localedef") != nil, access("/usr/share/i18n/locales/es_ES", R_OK) == 0
    else { return "the sources of locales are not installed" }
    let texts = (13...19).contains { version in
      access("/usr/share/locale/es/LC_MESSAGES/postgres-\(version).mo", R_OK) == 0
    }
    return texts ? nil : "PostgreSQL's translations are not installed"
  }()

  @Test(.enabled(if: noLanguages == nil, "translations or sources of locales are not installed"))
  func `A real server that stops and speaks another language is waited for`() throws {
    try withTemporaryFolder { folder in
      chmod(folder, 0o755)
      let locales = "\(folder)/locales"
      try FileManager.default.createDirectory(
        atPath: locales, withIntermediateDirectories: true)
      for (name, _) in Self.languages {
        let made = try Program.run([
          Places.program("localedef") ?? "localedef", "-c", "-i", name, "-f", "UTF-8",
          "\(locales)/\(name).UTF-8",
        ])
        // localedef ends with 1 after mere warnings.
        #expect(made.status <= 1, "\(made.output)")
      }
      let server = try PrivateServer.start(
        in: "\(folder)/server",
        options: .init(
          isDurable: false, settings: ["max_connections=10"], environment: ["LOCPATH=\(locales)"]))
      defer { do { try server.stop(.immediate) } catch {} }
      let session = try Connection(server.conninfo())
      try session.execute("CREATE ROLE nobody_more LOGIN CONNECTION LIMIT 0")
      for (name, _) in Self.languages {
        try session.execute("ALTER SYSTEM SET lc_messages = '\(name).UTF-8'")
        try session.query("SELECT pg_reload_conf()")
        // The server reads its configuration when it gets to it.
        var missing: Diagnostic?
        let speaks = eventually {
          do throws(Diagnostic) {
            _ = try Connection(server.conninfo(database: "absent"))
          } catch {
            missing = error
          }
          return missing?.message.contains("does not exist") == false
        }
        #expect(speaks, "\(name): \(missing?.message ?? "")")
        #expect(missing?.code == .configuration && missing?.isTransient == false)
        let full = try #require(throws: Diagnostic.self) {
          try Connection("\(server.conninfo()) user=nobody_more")
        }
        #expect(full.code == .unavailable && full.isTransient, "\(full.message)")
        #expect(!full.message.contains("too many"), "\(full.message)")
      }
      // A smart shutdown waits for this session, and lets no other in.
      kill(server.pid, SIGTERM)
      var stopping: Diagnostic?
      let isRefused = eventually {
        do throws(Diagnostic) {
          _ = try Connection(server.conninfo())
          return false
        } catch {
          stopping = error
          return true
        }
      }
      #expect(isRefused)
      #expect((stopping?.underlying as? PostgresError)?.sqlState == "57P03")
      #expect(stopping?.isTransient == true)
      withExtendedLifetime(session) {}
    }
  }

  @Test(arguments: ["silent", "deaf"])
  func `A host that does not answer costs its time limit, and the next one is asked`(
    kind: String
  ) throws {
    var sockets: [Int32] = []
    defer { for socket in sockets { close(socket) } }
    let port: Int
    if kind == "silent" {
      let (listener, number) = try ReplyingServer.silent()
      (sockets, port) = ([listener], number)
    } else {
      (sockets, port) = try ReplyingServer.deaf()
    }
    let alone = try #require(throws: Diagnostic.self) {
      try Connection("host=127.0.0.1 port=\(port) user=ana dbname=x connect_timeout=2")
    }
    #expect(alone.isTransient && alone.code == .unavailable)
    #expect(alone.message.contains("no answer within 2 s"), "\(alone.message)")
    let socket = try TestServer.conninfo().split(separator: " ").first { $0.hasPrefix("host=") }
    let folder = try #require(socket).dropFirst("host=".count)
    let began = ContinuousClock.now
    let session = try Connection(
      "host=127.0.0.1,\(folder) port=\(port),5432 user=postgres dbname=postgres connect_timeout=2")
    #expect(try session.query("SELECT 1 AS one").only().int("one") == 1)
    #expect(ContinuousClock.now - began < .seconds(10))
  }

  @Test func `Of two hosts, one that may come back makes it worth waiting`() throws {
    let server = try ReplyingServer(state: "28P01", message: "no")
    defer { server.stop() }
    let error = try #require(throws: Diagnostic.self) {
      try Connection("host=127.0.0.1,127.0.0.1 port=1,\(server.port) user=ana dbname=x password=x")
    }
    #expect(error.isTransient)
    #expect(error.message.contains("Connection refused") && error.message.contains("28P01"))
  }

  @Test(arguments: ["sslmode=perhaps", "port=abc", "connect_timeout=soon"])
  func `A setting that makes no sense is not tried again`(setting: String) throws {
    let error = try #require(throws: Diagnostic.self) {
      try Connection("host=127.0.0.1 dbname=x user=ana \(setting)")
    }
    #expect(!error.isTransient, "\(error.message)")
    #expect(error.code == .configuration, "\(error.message)")
  }
}
