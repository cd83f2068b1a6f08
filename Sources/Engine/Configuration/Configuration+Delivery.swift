import Pipelines

/// How the operator is told of runs and incidents: `operator: {channel:, address:}`.
package struct OperatorContact: Hashable, Sendable {
  package var channel: String
  /// It is in no log.
  package var address: String

  init?(_ map: SpecMapping) {
    if map["channel"] == nil, map["address"] == nil { return nil }
    guard let channel = map.required("channel")?.name(),
      let node = map.required("address"), let text = node.string()
    else { return nil }
    guard let address = Telling.usable(text) else {
      node.report("not one address")
      return nil
    }
    self.channel = channel
    self.address = address
  }
}

/// How long messages are kept: `delivery:` in the configuration.
package struct DeliverySettings: Hashable, Sendable {
  /// Seconds after which an ended message keeps only its key.
  package var keep = 30 * 86_400
}

extension Configuration {
  /// Reads `site` and `delivery`.
  mutating func readDelivery(_ map: SpecMapping) {
    if let node = map["site"], let text = node.string() {
      if ["https://", "http://", "file://"].contains(where: text.hasPrefix) {
        site = text.hasSuffix("/") ? String(text.dropLast()) : text
      } else {
        node.report("expected an address such as https://reports.example.com, found '\(text)'")
      }
    }
    if let map = map["delivery"]?.mapping(keys: ["keep"]) {
      delivery.keep = map["keep"]?.duration() ?? delivery.keep
    }
  }
}
