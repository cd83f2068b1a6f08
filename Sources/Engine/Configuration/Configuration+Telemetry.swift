package import Delivery
package import Diagnostics
import Pipelines
package import Telemetry

/// What others see of runs: `telemetry:` in the configuration. Without it, nothing leaves.
package struct TelemetrySettings: Sendable {
  /// A service that takes what is sent, and where its secrets are.
  package struct Endpoint: Sendable {
    /// Scheme, host, port and path, without a slash at the end.
    package var url: String
    package var headers: [(name: String, secret: ChannelSecret)] = []
    /// A file with certificates that are trusted instead of the system's.
    package var authorities: String?
    /// How OpenTelemetry's messages are written.
    package var encoding = OTLPEncoding.json

    /// The endpoint with its secrets.
    ///
    /// - Throws: `.configuration` if a secret is missing.
    package func opened(
      _ environment: [String: String]
    ) throws(Diagnostic) -> TelemetryEndpoint {
      var opened = TelemetryEndpoint(url: url, authorities: authorities)
      for header in headers {
        opened.headers.append((header.name, try header.secret.value(in: environment)))
      }
      return opened
    }
  }

  /// Whether tenants' slugs are labels and attributes.
  package var namesTenants = false
  /// The text file for node_exporter.
  package var file: String?
  /// A Prometheus Pushgateway.
  package var push: Endpoint?
  /// What takes OpenTelemetry's protocol over HTTP.
  package var otlp: Endpoint?
  /// What takes OpenLineage's events.
  package var lineage: Endpoint?

  /// Nothing set.
  package init() {}

  /// Whether anything is sent or written after a run.
  package var isOn: Bool { file != nil || push != nil || otlp != nil || lineage != nil }
}

extension Configuration {
  func readTelemetry(_ node: SpecNode) -> TelemetrySettings {
    var settings = TelemetrySettings()
    let map = node.mapping(keys: ["tenants", "file", "push", "otlp", "lineage"])
    settings.namesTenants = map?["tenants"]?.word(of: ["none", "slug"]) == "slug"
    settings.file = map?["file"]?.string().map(resolve)
    settings.push = map?["push"].flatMap { endpoint($0, isEncoded: false) }
    settings.otlp = map?["otlp"].flatMap { endpoint($0, isEncoded: true) }
    settings.lineage = map?["lineage"].flatMap { endpoint($0, isEncoded: false) }
    return settings
  }

  private func endpoint(_ node: SpecNode, isEncoded: Bool) -> TelemetrySettings.Endpoint? {
    let reader = ChannelReader(configuration: self)
    let keys = ["url", "headers", "authorities", "plain_http"] + (isEncoded ? ["encoding"] : [])
    let map = node.isMapping ? node.mapping(keys: keys) : nil
    if node.isMapping, map == nil { return nil }
    guard let urlNode = map == nil ? node : map?.required("url"), let text = urlNode.string()
    else { return nil }
    guard let url = EndpointURL(text), !text.contains("{") else {
      // A user's password can be in it.
      urlNode.report(
        "expected an address such as https://collector.example.org:4318, without user, password and"
          + " fragment")
      return nil
    }
    if !url.isEncrypted, map?["plain_http"]?.boolean() != true {
      urlNode.report(
        "what is seen of runs would be sent without encryption (http://)",
        hint: "use https://, or set plain_http: true")
    }
    var endpoint = TelemetrySettings.Endpoint(
      url: text.hasSuffix("/") ? String(text.dropLast()) : text)
    for entry in map?["headers"]?.mapping()?.entries ?? [] {
      guard reader.isHeader(entry.key, entry.keyNode) else { continue }
      if let secret = reader.secret(entry.value) { endpoint.headers.append((entry.key, secret)) }
    }
    endpoint.authorities = map?["authorities"]?.string().map(resolve)
    if let word = map?["encoding"]?.word(of: OTLPEncoding.allCases.map(\.rawValue)) {
      endpoint.encoding = OTLPEncoding(rawValue: word) ?? .json
    }
    return endpoint
  }
}
