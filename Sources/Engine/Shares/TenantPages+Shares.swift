import Basics
import Diagnostics
import Foundation
import Pipelines
import Stages
import Store

extension TenantPages {
  /// The pages of a share: what it shows, or that it was taken back. Made from its own release
  /// alone.
  func pages(
    ofShare place: ReleasePartition, _ head: Head, _ tenant: Tenant
  ) throws -> [(path: String, bytes: [UInt8])] {
    let address = "\(place.path)/index.html"
    if head.isWithdrawn {
      let gone = try StorePages.gone(tenant, templates: templates)
      return [("\(place.path)/\(ReleaseStore.goneName)", gone), (address, gone)]
    }
    let note = try ShareNote(of: place, head, in: store)
    let folder = "releases/\(head.release)/data"
    let files = try store.details(place, release: head.release).files.map(\.name)
    let picture = try FileReader.contents(
      store.path("\(place.path)/\(folder)/\(StorePages.Preview.picture)"))
    let share = StorePages.Share(
      page: note.address, folder: folder, files: files, until: note.until.flatMap(CivilDate.init),
      picture: picture ?? [])
    return [(address, try StorePages.shared(share, tenant: tenant, templates: templates))]
  }
}
