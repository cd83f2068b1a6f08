package import Diagnostics
import Media
import Pipelines

/// How a platform's media lie below the media root.
package enum MediaLayout: String, CaseIterable, Sendable {
  /// Each tenant's below folders of its own: `media_prefix`, or its slug.
  case tenants
  /// All tenants' in the same folders. Then nothing but the rows says whose an object is.
  case shared

  /// The part of the media root that a tenant's keys can name.
  ///
  /// A pipeline about all tenants is for the operator, who may see every object.
  func part(
    of root: String, slug: String, prefix: String?, isForAll: Bool
  ) -> MediaRoot {
    if isForAll { return MediaRoot(root) }
    return MediaRoot(root, prefix: self.prefix(slug: slug, set: prefix))
  }

  fileprivate func prefix(slug: String, set prefix: String?) -> String {
    prefix ?? (self == .shared ? "" : slug + "/")
  }
}

extension Configuration {
  /// Reads `media`: a folder, or `{root: FOLDER, layout: WORD}`.
  mutating func readMedia(_ node: SpecNode) {
    guard node.isMapping else {
      media = node.string().map(resolve)
      return
    }
    let map = node.mapping(keys: ["root", "layout"])
    media = map?["root"]?.string().map(resolve)
    if let word = map?["layout"]?.word(of: MediaLayout.allCases.map(\.rawValue)) {
      mediaLayout = MediaLayout(rawValue: word) ?? .tenants
    }
  }

  /// Reads a tenant's `media_prefix`. It ends in `/` from here on.
  static func mediaPrefix(_ node: SpecNode) -> String? {
    guard let text = node.string() else { return nil }
    let prefix = text.hasSuffix("/") ? text : text + "/"
    // The name of an object below it: what is wrong with that is wrong with the prefix.
    if let reason = MediaRoot("").refusal(of: prefix + "x") {
      node.report(
        "not a folder below the media root: \(reason)",
        hint:
          "write it like acme/ or customers/acme/; for keys of any kind: media: {layout: shared}")
      return nil
    }
    return prefix
  }

  /// Refuses a tenant's `media_prefix` that is another tenant's folder, or above or below it.
  /// A slug that was given away would open the old tenant's media to the new one.
  ///
  /// - Throws: `.configuration`.
  package func refuseSharedMedia(among slugs: Set<String>) throws(Diagnostic) {
    guard mediaLayout == .tenants, tenants.contains(where: { $0.value.mediaPrefix != nil }) else {
      return
    }
    // A slug with a slash is not valid: such a tenant is not served.
    let prefixes = slugs.filter { !$0.contains("/") }.map { slug in
      (prefix: mediaLayout.prefix(slug: slug, set: tenants[slug]?.mediaPrefix), slug: slug)
    }.sorted { ($0.prefix, $0.slug) < ($1.prefix, $1.slug) }
    // Sorted, a folder comes directly before what is below it.
    for (one, next) in zip(prefixes, prefixes.dropFirst()) where next.prefix.hasPrefix(one.prefix) {
      throw Diagnostic(
        .configuration,
        "the tenants '\(one.slug)' and '\(next.slug)' would share the media below '\(next.prefix)'",
        at: .init(file: file),
        hint: "give each tenant a media_prefix of its own, or say media: {layout: shared}")
    }
  }
}
