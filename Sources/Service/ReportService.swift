import Basics
import Diagnostics
import Foundation
import Glibc
import Hummingbird
import HummingbirdCore
import NIOCore
import NIOPosix
import ServiceLifecycle
import Store
import UnixSignals

/// The HTTP service: it writes requests for reports, says where they are and hands out published
/// files. It renders nothing.
package struct ReportService: Sendable {
  private let settings: ServiceSettings
  private let log = ServiceLog()

  /// A service that is not started yet.
  package init(_ settings: ServiceSettings) { self.settings = settings }

  /// Runs until SIGTERM or SIGINT, then ends what is under way within 20 seconds.
  ///
  /// - Parameter listening: called with the port once connections are accepted; 0 for a socket.
  /// - Throws: `.configuration` if links cannot be signed; `.unavailable` if the address
  ///   cannot be listened on.
  package func run(listening: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
    let links = try settings.linkKey.map { file throws(Diagnostic) in
      try FileLinks(file: file, seconds: settings.linkSeconds)
    }
    let pages = try settings.pages.map { pages throws(Diagnostics) in try Pages(pages) }
    let bucket = try settings.linkBucket.map { location throws(Diagnostic) in
      try BucketLinks(
        location, environment: ProcessInfo.processInfo.environment, seconds: settings.linkSeconds)
    }
    let disk = NIOThreadPool(numberOfThreads: 4)
    disk.start()
    let pool = RecordPool(settings.record, sessions: settings.limits.sessions, log: log)
    let keys = TokenKeys(settings.tokens, threads: disk, log: log)
    await keys.prepare()
    let book = RequestBook(pool: pool)
    let responder = ServiceResponder(
      settings: settings, verifier: TokenVerifier(settings, keys: keys), book: book,
      watcher: StateWatcher(book, most: settings.limits.waiters),
      reader: ReleaseReader(root: settings.store), disk: disk, links: links, pages: pages,
      bucket: bucket,
      document: OpenAPI.text(settings), log: log)
    do {
      try await serve(responder, listening)
    } catch {
      await pool.shutdown()
      try await disk.shutdownGracefully()
      throw error
    }
    await pool.shutdown()
    try await disk.shutdownGracefully()
  }

  private func serve(
    _ responder: ServiceResponder, _ listening: @escaping @Sendable (Int) -> Void
  ) async throws {
    let limits = settings.limits
    let address: BindAddress =
      switch settings.address {
      case .host(let host, let port): .hostname(host, port: port)
      case .socket(let path): .unixDomainSocket(path: path)
      }
    if case .socket(let path) = settings.address { try Self.clear(path) }
    let application = Application(
      responder: responder,
      server: .http1(
        configuration: .init(
          additionalChannelHandlers: [UnreadableRequests()],
          idleTimeout: .seconds(Int64(limits.idle)),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: limits.header, maxHeaderListSize: limits.header,
            maxHeaderFieldCount: 100))),
      configuration: ApplicationConfiguration(
        address: address,
        availableConnectionsDelegate: .maximum(limits.connections, logger: log.logger)),
      onServerRunning: { channel in listening(channel.localAddress?.port ?? 0) },
      logger: log.logger)
    var configuration = ServiceGroupConfiguration(
      services: [application], gracefulShutdownSignals: [.sigterm, .sigint], logger: log.logger)
    configuration.maximumGracefulShutdownDuration = .seconds(20)
    do {
      try await ServiceGroup(configuration: configuration).run()
    } catch let error as IOError {
      throw Diagnostic(
        .unavailable,
        "the service cannot listen: \(String(cString: strerror(error.errnoCode)))",
        hint: "another program may have the address; `listen:` in the configuration names it")
    }
  }

  /// Removes the socket that a service before this one left.
  private static func clear(_ path: String) throws {
    guard let found = FileReader.status(path) else { return }
    guard found.kind == .other, unlink(path) == 0 else {
      throw Diagnostic(
        .configuration, "there is something else where the service's socket must be",
        at: .init(file: path), hint: "remove it, or listen at another path")
    }
  }
}
