package import Basics
package import Diagnostics
package import Transfer

/// A bucket and the credentials for it. Threads can share the value. Its description does not
/// contain secrets.
package struct Bucket: Sendable, CustomStringConvertible {
  package let location: BucketLocation
  package let region: String
  package let credentials: BucketCredentials
  /// A file with certificates that are trusted instead of the system's.
  package let authorities: String?
  package var patience = HTTPTransfer.Patience()
  package var retries = Backoff.request
  /// If it returns true, the current request ends with `.interrupted`.
  package let isCancelled: @Sendable () -> Bool

  /// Finds credentials, region and endpoint in the same places as Amazon's own tools.
  ///
  /// - Parameter environment: The process's environment. These variables are used:
  ///   `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_PROFILE`,
  ///   `AWS_SHARED_CREDENTIALS_FILE`, `AWS_CONFIG_FILE`, `AWS_REGION`, `AWS_DEFAULT_REGION`,
  ///   `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_CA_BUNDLE`, `HOME`. The location's own
  ///   region and endpoint come first. `YEARBOOK_MIRROR_PLAIN_HTTP=allow` allows `http://`, as the
  ///   location can.
  /// - Throws: `.configuration` if there are no credentials, or if the endpoint is `http://` and
  ///   nothing allows that.
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
    if location.endpoint?.hasPrefix("http://") == true, !location.allowsPlainHTTP,
      value("YEARBOOK_MIRROR_PLAIN_HTTP") != "allow"
    {
      throw Diagnostic(
        .configuration, "the mirror's endpoint is not encrypted (http://)",
        hint: "use https://, or allow it: 'mirror: plain_http: true' in yearbook.yaml, or"
          + " YEARBOOK_MIRROR_PLAIN_HTTP=allow")
    }
    if location.addressing == nil {
      location.addressing = Self.addressing(profile["addressing_style"])
    }
    try location.checkAddressing()
    self.location = location
    region =
      location.region ?? value("AWS_REGION", "AWS_DEFAULT_REGION") ?? profile["region"]
      ?? "us-east-1"
    authorities = value("AWS_CA_BUNDLE") ?? profile["ca_bundle"]
    credentials = try BucketCredentials(environment: environment, profile: profile)
    self.isCancelled = isCancelled
  }

  /// What Amazon's own tools call the addressing of buckets; `nil` for anything else.
  private static func addressing(_ style: String?) -> BucketAddressing? {
    switch style {
    case "virtual": .host
    case "path": .path
    default: nil
    }
  }

  package var description: String { location.description }
}
