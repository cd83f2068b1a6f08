package import Diagnostics
import ObjectStorage
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
    if let node = map["site"], node.isMapping {
      signedLinks = node.mapping(keys: ["signed"])?.required("signed").flatMap(links)
    } else if let node = map["site"], let text = node.string() {
      if ["https://", "http://", "file://"].contains(where: text.hasPrefix) {
        site = text.hasSuffix("/") ? String(text.dropLast()) : text
      } else {
        node.report(
          "expected an address such as https://reports.example.com, found '\(text)'",
          hint: "for signed links to the mirror's bucket: site: {signed: 7d}")
      }
    }
    if let map = map["delivery"]?.mapping(keys: ["keep"]) {
      delivery.keep = map["keep"]?.duration() ?? delivery.keep
    }
  }

  /// For how many seconds signed links work.
  private func links(_ node: SpecNode) -> Int? {
    guard let seconds = node.duration() else { return nil }
    if !(2 * 86_400...ObjectClient.longestLink).contains(seconds) {
      node.report("expected 2d to 7d: no bucket signs for longer, and a mail is not read at once")
    }
    return seconds
  }

  /// The address of the store, if links to its pages have previews: it is on the web, and others
  /// cannot read along. Links that are signed are for one reader.
  package var previewSite: String? {
    guard signedLinks == nil, let site, site.hasPrefix("https://") else { return nil }
    return site
  }

  /// What is wrong with signed links; `nil` if nothing is.
  package var linkFault: Diagnostic? {
    guard signedLinks != nil, mirror == nil else { return nil }
    return Diagnostic(
      .configuration, "signed links lead to the mirror's bucket, and there is no mirror",
      at: .init(file: file),
      hint: "add 'mirror: s3://BUCKET', or write the store's address: site: https://…")
  }
}
