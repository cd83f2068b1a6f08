import Basics
import Diagnostics
import Foundation
import ObjectStorage

/// Links into the mirror's bucket that work for some days, for stores that are not on the web.
final class SignedLinks {
  private let client: ObjectClient
  private let seconds: Int
  /// Objects that the bucket has. What a release has never changes.
  private var known: Set<String> = []
  private static let mostKnown = 10_000

  /// - Returns: `nil` where no signed links are configured.
  init?(_ configuration: Configuration) throws {
    if let fault = configuration.linkFault { throw fault }
    guard let seconds = configuration.signedLinks, let mirror = configuration.mirror else {
      return nil
    }
    self.seconds = seconds
    client = try ObjectClient(
      try Bucket(mirror.location, environment: ProcessInfo.processInfo.environment))
  }

  /// A link to an object.
  ///
  /// - Parameter path: relative to the store.
  /// - Throws: `MessageMaker.Unmade` if the bucket does not have it yet: nobody gets a link that
  ///   leads nowhere.
  func link(to path: String) throws -> ReleaseParts.Link {
    if !known.contains(path) {
      guard try client.list(path).contains(where: { $0.path == path }) else {
        throw MessageMaker.Unmade.early("the mirror does not have the release yet")
      }
      if known.count >= Self.mostKnown { known = [] }
      known.insert(path)
    }
    let now = Int(Date().timeIntervalSince1970)
    // A day earlier than it ends: it is said without a time of day, to people in all time zones.
    let last = CivilDate(daysSince1970: Timestamp.dayNumber(now + seconds) - 1)
    return .init(
      address: client.signedURL(of: path, at: now, seconds: seconds), until: last)
  }
}
