import CLibPQ
package import Diagnostics
import Glibc

/// A message that another session sent with `NOTIFY`.
package struct ServerNotification: Hashable, Sendable {
  package var channel: String
  /// Empty if none was given.
  package var payload: String
  /// The server process of the sending session: its `pg_backend_pid()`.
  package var sender: Int

  /// A notification with these properties.
  package init(channel: String, payload: String, sender: Int) {
    self.channel = channel
    self.payload = payload
    self.sender = sender
  }
}

extension Connection {
  /// Subscribes to a channel for as long as the session lasts.
  package func listen(_ channel: String) throws(Diagnostic) {
    try execute("LISTEN \(Quoting.identifier(channel))")
  }

  /// Waits for notifications on the channels that this session listens to.
  ///
  /// - Parameter milliseconds: The longest wait; 0 checks once without waiting.
  /// - Returns: All notifications that have come, oldest first. Empty if the time is over or a
  ///   signal interrupts the wait.
  /// - Throws: `.unavailable` if the session is lost.
  package func notifications(waiting milliseconds: Int) throws(Diagnostic) -> [ServerNotification] {
    let arrived = takeNotifications()
    if !arrived.isEmpty { return arrived }
    let socket = PQsocket(handle)
    guard isOpen, socket >= 0 else { throw lost() }
    var watched = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    guard poll(&watched, 1, Int32(clamping: milliseconds)) > 0 else { return [] }
    guard PQconsumeInput(handle) == 1 else { throw lost() }
    return takeNotifications()
  }

  private func takeNotifications() -> [ServerNotification] {
    var taken: [ServerNotification] = []
    while let notify = PQnotifies(handle) {
      taken.append(
        ServerNotification(
          channel: String(cString: notify.pointee.relname),
          payload: String(cString: notify.pointee.extra), sender: Int(notify.pointee.be_pid)))
      PQfreemem(notify)
    }
    return taken
  }
}
