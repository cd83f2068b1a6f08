import Diagnostics
import Foundation
import Media
import Pipelines
import TestSupport
import Testing

@testable import Engine

@Suite struct MediaLayoutTests {
  private func configuration(_ text: String) throws -> Configuration {
    try withTemporaryFolder { folder in
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/yearbook.yaml"))
      var configuration = try Configuration(path: "\(folder)/yearbook.yaml", environment: [:])
      configuration.media = configuration.media?.replacingOccurrences(of: folder, with: "FOLDER")
      return configuration
    }
  }

  @Test func `Without a word about it, each tenant has a folder of its own`() throws {
    let plain = try configuration("media: objects\n")
    #expect(plain.media == "FOLDER/objects")
    #expect(plain.mediaLayout == .tenants)
    let whole = try configuration("media: {root: /srv/media, layout: shared}\n")
    #expect(whole.media == "/srv/media")
    #expect(whole.mediaLayout == .shared)
    #expect(try configuration("store: store\n").mediaLayout == .tenants)
  }

  @Test func `A word that is no layout is refused, with the words that are`() {
    let error = #expect(throws: Diagnostics.self) {
      try configuration("media: {root: /srv/media, layout: sharred}\n")
    }
    #expect(error?.description.contains("yearbook.yaml:1:") == true, "\(String(describing: error))")
    #expect(error?.all.first?.hint?.contains("shared") == true)
  }

  @Test func `What a tenant's keys can name is its prefix, else its slug, else everything`() {
    func part(_ layout: MediaLayout, _ prefix: String?, isForAll: Bool = false) -> String {
      layout.part(of: "/srv/media", slug: "acme", prefix: prefix, isForAll: isForAll).prefix
    }
    #expect(part(.tenants, nil) == "acme/")
    #expect(part(.tenants, "customers/17/") == "customers/17/")
    #expect(part(.shared, nil) == "")
    #expect(part(.shared, "customers/17/") == "customers/17/")
    // The operator's reports about all tenants.
    #expect(part(.tenants, nil, isForAll: true) == "")
  }

  @Test func `Folders of two tenants that lie in each other are refused`() throws {
    func refusal(_ prefixes: [String: String], _ slugs: Set<String>) throws -> String? {
      var configuration = Configuration()
      for (slug, prefix) in prefixes {
        configuration.tenants[slug] = .init()
        configuration.tenants[slug]?.mediaPrefix = prefix
      }
      do {
        try configuration.refuseSharedMedia(among: slugs)
        return nil
      } catch { return error.message }
    }
    let slugs: Set<String> = ["acme", "acme-labs", "zeta", "a/b"]
    #expect(try refusal([:], slugs) == nil)
    #expect(try refusal(["acme": "acme-1/"], slugs) == nil)
    #expect(
      try refusal(["acme": "acme-labs/"], slugs)
        == "the tenants 'acme' and 'acme-labs' would share the media below 'acme-labs/'")
    #expect(try refusal(["acme": "zeta/old/"], slugs)?.contains("'zeta' and 'acme'") == true)
    #expect(try refusal(["acme": "x/", "zeta": "x/y/"], slugs)?.contains("'x/y/'") == true)
    #expect(try refusal(["acme": "x/y/", "zeta": "x/z/"], slugs) == nil)
  }
}
