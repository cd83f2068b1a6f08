package import Diagnostics

/// Where the bucket's name stands in the addresses of its objects.
package enum BucketAddressing: String, Sendable, CaseIterable {
  /// `https://HOST/BUCKET/KEY`
  case path
  /// `https://BUCKET.HOST/KEY`
  case host
}

/// The bucket that the store is mirrored to: `s3://BUCKET/PREFIX` at an endpoint.
package struct BucketLocation: Hashable, Sendable, CustomStringConvertible {
  package var bucket: String
  /// What is put before each key. It has no slash at its ends and can be empty.
  package var prefix: String
  /// `https://HOST:PORT`; `nil`: Amazon's endpoint of the region.
  package var endpoint: String?
  /// `nil`: the region in the environment, or `us-east-1` if there is none.
  package var region: String?
  /// Whether the endpoint can be `http://`: everybody between here and the server can then read and
  /// change what is copied.
  package var allowsPlainHTTP = false
  /// `nil`: at Amazon in the host's name, elsewhere in the path.
  package var addressing: BucketAddressing?

  /// Reads an address `s3://BUCKET/PREFIX`.
  ///
  /// - Throws: `.configuration` if the text is not such an address.
  package init(
    _ text: String, endpoint: String? = nil, region: String? = nil
  ) throws(Diagnostic) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 3, parts[0] == "s3:", parts[1].isEmpty, Self.isBucket(parts[2]) else {
      throw Diagnostic(
        .configuration, "the mirror is not the address of a bucket",
        hint: "write it like s3://BUCKET/PREFIX")
    }
    bucket = parts[2]
    let rest = parts.dropFirst(3).filter { !$0.isEmpty }
    guard rest.allSatisfy(Self.isPart) else {
      throw Diagnostic(
        .configuration, "the mirror's prefix has characters that tools can misread",
        hint: "use letters, digits and ._=-")
    }
    prefix = rest.joined(separator: "/")
    self.region = region
    if let endpoint { try setEndpoint(endpoint) }
  }

  package var description: String { "s3://" + bucket + (prefix.isEmpty ? "" : "/" + prefix) }

  /// Sets the endpoint to `https://HOST` or `http://HOST`, which can have a port.
  ///
  /// - Throws: `.configuration` for any other text.
  package mutating func setEndpoint(_ text: String) throws(Diagnostic) {
    let scheme = ["https://", "http://"].first { text.hasPrefix($0) }
    let host = text.dropFirst(scheme?.count ?? 0)
    let name = host.hasSuffix("/") ? host.dropLast() : host
    guard let scheme, !name.isEmpty,
      name.utf8.allSatisfy({ Self.isLetterOrDigit($0) || ".-:[]".utf8.contains($0) })
    else {
      throw Diagnostic(
        .configuration, "the mirror's endpoint is not the address of a server",
        hint: "write it like https://HOST or https://HOST:PORT, without user, password or path")
    }
    endpoint = scheme + name
  }

  /// The URL of the bucket. At Amazon the bucket is in the host name, elsewhere in the path, unless
  /// `addressing` says otherwise.
  package func url(region: String) -> String {
    let amazon = "https://s3.\(region).amazonaws.com"
    // A certificate for *.s3… is not valid for a bucket with dots in its name.
    let usual: BucketAddressing = endpoint == nil && !bucket.contains(".") ? .host : .path
    guard addressing ?? usual == .host else { return (endpoint ?? amazon) + "/" + bucket }
    let parts = (endpoint ?? amazon).split(separator: "/").map(String.init)
    // An endpoint that was copied from a console can have the bucket's name already.
    return parts[1].hasPrefix(bucket + ".")
      ? "\(parts[0])//\(parts[1])" : "\(parts[0])//\(bucket).\(parts[1])"
  }

  /// Throws if the bucket cannot be a part of the host's name.
  ///
  /// - Throws: `.configuration`
  package func checkAddressing() throws(Diagnostic) {
    guard addressing == .host, let endpoint else { return }
    let name = endpoint.split(separator: "/").dropFirst().first ?? ""
    let host = name.hasPrefix("[") ? name[...] : name.prefix { $0 != ":" }
    let isNumber = host.hasPrefix("[") || host.allSatisfy { $0.isNumber || $0 == "." }
    guard !isNumber else {
      throw Diagnostic(
        .configuration,
        "'addressing: host' puts the bucket before the endpoint's host, which is a"
          + " number here",
        hint: "name the endpoint by its host name, or set 'addressing: path'")
    }
  }

  private static func isBucket(_ name: String) -> Bool {
    (3...63).contains(name.utf8.count)
      && name.utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || ".-".utf8.contains($0)
      }
  }

  private static func isPart(_ part: String) -> Bool {
    part != "." && part != ".."
      && part.utf8.allSatisfy { isLetterOrDigit($0) || "._=-".utf8.contains($0) }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
  }
}
