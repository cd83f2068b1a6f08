package import Diagnostics

/// A bucket and what opens it. Values may be shared between threads; nothing prints their secrets.
package struct Bucket: Sendable, CustomStringConvertible {
  package let location: BucketLocation
  package let region: String
  package let credentials: BucketCredentials
  /// A file of certificates that are trusted in place of the system's.
  package let authorities: String?
  package var patience = HTTPTransfer.Patience()
  package var retries = Retries()
  /// Told true, what is under way ends with `.interrupted`.
  package let isCancelled: @Sendable () -> Bool

  /// Finds credentials, region and endpoint where Amazon's own tools do.
  ///
  /// - Parameter environment: The process's: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`,
  ///   `AWS_PROFILE`, `AWS_SHARED_CREDENTIALS_FILE`, `AWS_CONFIG_FILE`, `AWS_REGION`, `AWS_DEFAULT_REGION`,
  ///   `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_CA_BUNDLE`, `HOME`. What the location says comes first.
  /// - Throws: `.configuration` where there are no credentials.
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

/// How often and how patiently a request is tried again. Pauses double, with full jitter: many that failed
/// together do not come back together.
package struct Retries: Sendable {
  /// The most tries in a row, the first included.
  package var attempts = 6
  /// The bound of the first pause, in seconds.
  package var first = 0.2
  /// The most seconds of one pause.
  package var most = 20.0

  /// The pause after the `failures`-th failure in a row; what the server asks for counts, within bounds.
  package func pause(after failures: Int, asked: Double?) -> Double {
    var bound = first
    for _ in 1..<max(1, failures) { bound = min(most, bound * 2) }
    return max(.random(in: 0...bound), min(asked ?? 0, most))
  }
}
