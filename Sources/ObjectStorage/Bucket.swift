package import Diagnostics

/// A bucket and the credentials for it. Threads can share the value. Its description does not
/// contain secrets.
package struct Bucket: Sendable, CustomStringConvertible {
  package let location: BucketLocation
  package let region: String
  package let credentials: BucketCredentials
  /// A file with certificates that are trusted instead of the system's.
  package let authorities: String?
  package var patience = HTTPTransfer.Patience()
  package var retries = Retries()
  /// If it returns true, the current request ends with `.interrupted`.
  package let isCancelled: @Sendable () -> Bool

  /// Finds credentials, region and endpoint in the same places as Amazon's own tools.
  ///
  /// - Parameter environment: The process's environment. These variables are used:
  ///   `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_PROFILE`,
  ///   `AWS_SHARED_CREDENTIALS_FILE`, `AWS_CONFIG_FILE`, `AWS_REGION`, `AWS_DEFAULT_REGION`,
  ///   `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_CA_BUNDLE`, `HOME`. The location's own
  ///   region and endpoint come first.
  /// - Throws: `.configuration` if there are no credentials.
  package init(
    _ location: BucketLocation, environment: [String: String],
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws(Diagnostic) {
    func value(_ names: String...) -> String? {
      names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    }
    let profile = try AWSProfile(environment: environment)
    var location = location
    if location.endpoint == nil,
      let endpoint = value("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") ?? profile["endpoint_url"]
    {
      try location.setEndpoint(endpoint)
    }
    self.location = location
    region =
      location.region ?? value("AWS_REGION", "AWS_DEFAULT_REGION") ?? profile["region"]
      ?? "us-east-1"
    authorities = value("AWS_CA_BUNDLE") ?? profile["ca_bundle"]
    credentials = try BucketCredentials(environment: environment, profile: profile)
    self.isCancelled = isCancelled
  }

  package var description: String { location.description }
}

/// How often a request is tried again, and after which pauses. Pauses double, with full jitter, so
/// that clients that failed together do not return together.
package struct Retries: Sendable {
  /// The largest number of tries in a row, with the first one.
  package var attempts = 6
  /// The bound of the first pause, in seconds.
  package var first = 0.2
  /// The bound of the longest pause, in seconds.
  package var most = 20.0

  /// The pause after this number of failures in a row, in seconds. `asked` is the pause that the
  /// server asks for; it is respected within bounds.
  package func pause(after failures: Int, asked: Double?) -> Double {
    var bound = first
    for _ in 1..<max(1, failures) { bound = min(most, bound * 2) }
    return max(.random(in: 0...bound), min(asked ?? 0, most))
  }
}
