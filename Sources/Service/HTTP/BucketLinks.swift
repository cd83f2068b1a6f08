import Basics
import Diagnostics
import ObjectStorage
import Store

/// Links to files of the bucket that the store is mirrored to. They work without a token, for some
/// minutes, and the bytes do not pass through the service.
struct BucketLinks: Sendable {
  private let bucket: Bucket
  private let seconds: Int

  /// - Parameters:
  ///   - environment: where the credentials are: `AWS_ACCESS_KEY_ID` and so on.
  ///   - seconds: how long a link works.
  /// - Throws: `.configuration` without credentials.
  init(
    _ location: BucketLocation, environment: [String: String], seconds: Int
  ) throws(Diagnostic) {
    bucket = try Bucket(location, environment: environment)
    self.seconds = seconds
  }

  /// The address of a file of a release; `nil` if it is one person's.
  ///
  /// - Parameters:
  ///   - location: the release's folder, as the tenant's own row has it.
  ///   - file: one that the release's manifest names.
  ///   - now: seconds since 1970.
  func address(
    of file: ReleaseDetails.File, in location: String, disposition: String, now: Int
  ) -> String? {
    guard !PersonalFiles.has(file.name) else { return nil }
    return bucket.signedURL(
      of: "\(location)/data/\(file.name)", at: now, seconds: seconds, disposition: disposition)
  }
}
