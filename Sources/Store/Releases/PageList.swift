import Basics
import Diagnostics
import FoundationEssentials

/// `pages.json`: the digests of what lies in a tenant's or the operator's folder outside of
/// releases, and whose folder it is. It is signed, so that all pages are signed with one signature.
///
/// Only a store with a key has it.
struct PageList: Hashable, Decodable {
  static let fileName = "pages.json"
  static let signatureName = "pages.json.sig"

  /// The id in the folder's `tenant.json`, if there is one.
  var tenantID: String?
  /// The tenant's slug, or the operator's name.
  var slug: String
  /// By the path in the folder.
  var digests: [String: SHA256Digest]

  private enum CodingKeys: String, CodingKey {
    case tenantID = "tenant_id"
    case slug
    case digests = "pages"
  }

  init(slug: String) {
    self.slug = slug
    digests = [:]
  }

  /// Reads exactly what `bytes` writes; `nil` for anything else.
  init?(bytes: [UInt8]) {
    do {
      self = try JSONDecoder().decode(PageList.self, from: Data(bytes))
    } catch {
      return nil
    }
    let folder = ReleaseTenant.folder(slug)
    let isRight = digests.keys.allSatisfy { name in
      name == TenantClaim.fileName || ReleaseStore.owner(ofPage: "\(folder)/\(name)") == slug
    }
    guard isRight, self.bytes == bytes else { return nil }
  }

  var bytes: [UInt8] {
    let sorted = digests.sorted {
      Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8))
    }
    return JSONText.object([
      ("tenant_id", tenantID.map { .string($0) }), ("slug", .string(slug)),
      ("pages", .object(sorted.map { ($0.key, .string($0.value.hex)) })),
    ]).bytes
  }
}
