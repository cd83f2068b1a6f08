import Basics
package import Diagnostics
import Foundation
import Transfer

/// Sends what others see of runs. An endpoint that hangs, refuses or talks nonsense costs a warning
/// and a few seconds, whatever it does and however many they are.
package struct TelemetrySender: Sendable {
  /// What one endpoint gets, in this order.
  package struct Parcel: Sendable {
    /// One request.
    package struct Request: Sendable {
      package var method = "POST"
      /// After the endpoint's address.
      package var path: String
      package var mediaType: String
      package var body: [UInt8]

      /// A request with these parts.
      package init(_ method: String, _ path: String, mediaType: String, body: [UInt8]) {
        self.method = method
        self.path = path
        self.mediaType = mediaType
        self.body = body
      }
    }

    /// What it is, in warnings: `push`, `otlp`.
    package var name: String
    package var endpoint: TelemetryEndpoint
    package var requests: [Request]

    /// Requests to an endpoint.
    package init(_ name: String, to endpoint: TelemetryEndpoint, _ requests: [Request]) {
      self.name = name
      self.endpoint = endpoint
      self.requests = requests
    }
  }

  /// The most time that all endpoints together take, in seconds.
  package static let patience = 4.0
  /// The longest reply that is read, in bytes. No reply is needed.
  static let mostBytes = 64 << 10

  private let seconds: Double

  /// A sender with the usual patience, or another one.
  package init(seconds: Double = patience) { self.seconds = seconds }

  /// What the threads have found so far.
  private final class Progress: Sendable {
    let left: Locked<Set<String>>
    let warnings = Locked<[Warning]>([])

    init(_ names: [String]) { left = Locked(Set(names)) }
  }

  /// Sends all parcels side by side.
  ///
  /// - Returns: A warning for each endpoint that did not take everything. It holds no address and
  ///   nothing of a reply.
  package func send(_ parcels: [Parcel]) -> [Warning] {
    if parcels.isEmpty { return [] }
    let running = Stopwatch()
    let progress = Progress(parcels.map(\.name))
    let seconds = seconds
    let isOver: @Sendable () -> Bool = { running.seconds > seconds }
    for parcel in parcels {
      do throws(Diagnostic) {
        try WorkerThread.start("yearbook-seen") {
          let problem = Self.send(parcel, isOver)
          if let problem {
            progress.warnings.withLock { $0.append(Self.warning(parcel.name, problem)) }
          }
          progress.left.withLock { _ = $0.remove(parcel.name) }
        }
      } catch {
        progress.warnings.withLock { $0.append(Self.warning(parcel.name, error.message)) }
        progress.left.withLock { _ = $0.remove(parcel.name) }
      }
    }
    // A resolver can hang where nothing can stop it: its thread is left behind.
    while !progress.left.withLock({ $0.isEmpty }), running.seconds < seconds + 0.5 {
      Thread.sleep(forTimeInterval: 0.005)
    }
    let late = progress.left.withLock { $0.sorted() }
    return progress.warnings.withLock { $0 } + late.map { Self.warning($0, Self.overdue) }
  }

  private static let overdue = "no answer in time"

  private static func warning(_ name: String, _ problem: String) -> Warning {
    Warning(
      code: "telemetry-not-sent", subject: name,
      message: "telemetry.\(name) did not take what it was sent: \(problem)")
  }

  /// Returns what went wrong; `nil` if all was taken.
  private static func send(_ parcel: Parcel, _ isOver: @escaping @Sendable () -> Bool) -> String? {
    let endpoint = parcel.endpoint
    let transfer: HTTPTransfer
    do throws(Diagnostic) {
      transfer = try HTTPTransfer(
        patience: .init(connect: 3, stall: 3, total: Int(patience)),
        authorities: endpoint.authorities, mostBytes: mostBytes, isCancelled: isOver)
    } catch {
      return error.message
    }
    for request in parcel.requests {
      if isOver() { return overdue }
      do throws(HTTPTransfer.Failure) {
        let response = try transfer.perform(
          HTTPRequest(
            method: request.method, url: endpoint.url + request.path,
            headers: [(name: "Content-Type", value: request.mediaType)] + endpoint.headers,
            body: request.body), signing: nil)
        guard (200..<300).contains(response.status) else {
          return "it answered with status \(response.status)"
        }
      } catch {
        return error.isCancelled ? overdue : error.reason
      }
    }
    return nil
  }
}
