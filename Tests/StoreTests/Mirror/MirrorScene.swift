import Diagnostics
import Glibc
import TestSupport
import Testing

@testable import Basics
@testable import ObjectStorage
@testable import Store
@testable import Transfer

/// A store in a folder and a place for its mirror in a bucket of a real server.
///
/// One server serves all tests of a process, one after the other: what it is told to misbehave is everybody's.
struct MirrorScene {
  static let shared = Result { try ObjectServer() }

  let server: ObjectServer
  let store: ReleaseStore
  let prefix: String
  private let bucketName: String

  init(
    _ folder: String, bucket: String = "bucket",
    prefix: String = "p\(UInt32.random(in: 0 ... .max))"
  ) throws {
    server = try Self.shared.get()
    server.misbehave(nil)
    store = try ReleaseStore(root: folder + "/store")
    bucketName = bucket
    self.prefix = prefix
  }

  /// The bucket, asked at most so often.
  func bucket(attempts: Int = 6, environment: [String: String]? = nil) throws -> Bucket {
    var bucket = try Bucket(
      BucketLocation("s3://\(bucketName)/\(prefix)"),
      environment: environment ?? server.environment)
    bucket.retries = Backoff(attempts: attempts, first: 0.02, most: 0.1)
    bucket.patience = HTTPTransfer.Patience(connect: 2, stall: 1)
    return bucket
  }

  func mirror(attempts: Int = 6, environment: [String: String]? = nil) throws -> BucketMirror {
    try BucketMirror(store, bucket(attempts: attempts, environment: environment))
  }

  /// Mirrors all tenants and gives what was put and removed.
  @discardableResult
  func mirrorAll(
    _ options: BucketMirror.Options = .init(), attempts: Int = 6
  ) throws -> BucketMirror.Outcome {
    let mirror = try mirror(attempts: attempts)
    var all = BucketMirror.Outcome()
    for slug in try store.tenants() {
      guard let outcome = try mirror.mirror(tenant: slug, options) else { continue }
      if let failure = outcome.failures.first { throw failure }
      all.putCount += outcome.putCount
      all.putBytes += outcome.putBytes
      all.removedCount += outcome.removedCount
    }
    return all
  }

  func verify(deep: Bool = true) throws -> Verification {
    let mirror = try mirror()
    var found = Verification()
    for slug in Set(try mirror.tenants() + store.tenants()).sorted() {
      found.add(try mirror.verify(tenant: slug, VerifyOptions(isDeep: deep)))
    }
    return found
  }

  /// Follows `latest.json` in the bucket as a reader does; `nil` where there is none yet.
  func read(_ partition: ReleasePartition) throws -> Head? {
    let client = try ObjectClient(bucket())
    let place = partition.path
    guard let bytes = try client.get(place + "/latest.json")?.bytes else { return nil }
    let head = try #require(Head(bytes: bytes))
    let release = "\(place)/releases/\(head.release)/"
    func content(_ name: String) throws -> [UInt8] {
      guard let bytes = try client.get(release + name)?.bytes else {
        throw Diagnostic(.io, "\(release)\(name) is missing")
      }
      return bytes
    }
    guard SHA256Digest(of: try content(Bag.tagManifestName)) == head.tagManifest else {
      throw Diagnostic(.io, "another release's tag manifest")
    }
    let manifest = try #require(Manifest(bytes: try content(Bag.manifestName)))
    for entry in manifest.entries where SHA256Digest(of: try content(entry.name)) != entry.digest {
      throw Diagnostic(.io, "a mixture: \(entry.name)")
    }
    return head
  }

  /// All paths of the store's mirror.
  func paths() throws -> [String] { try ObjectClient(bucket()).list("").map(\.path) }

  /// The requests for this scene's objects, without the listings.
  func requests() -> [String] {
    server.requests.filter { $0.contains("/\(prefix)/") && !$0.hasPrefix("GET") }
  }

  static func small(_ number: Int, period: String = "2026") -> PendingRelease {
    var release = Samples.release(rows: ["2026-01-01,\(number)\r\n"], period: period)
    release.files.removeLast()
    return release
  }

  static let zeta = ReleaseTenant(
    id: "0a1b2c3d-0000-4000-8000-000000000002", slug: "zeta", name: "Zeta")
}
