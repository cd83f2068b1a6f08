import Basics
package import Diagnostics
package import Pipelines

extension StorePages {
  /// Leads to the folder whose name follows `#` in the address. What follows `#` is sent to no
  /// server and stands in no log, and the page lists nothing.
  static let personalScript =
    "(function(){function go(){var name=location.hash.slice(1);"
    + "if(/^[a-z2-7]{26}$/.test(name))"
    + "location.replace(document.querySelector('main').dataset.folder+'/'+name+'/index.html')}"
    + "addEventListener('hashchange',go);go()})()"

  /// The stable address of reports of single people: it leads each to their own, and nobody to
  /// another's.
  ///
  /// - Parameter folder: where the folders of people are, relative to the page.
  package static func personalAddress(
    title: String, tenant: Tenant, folder: String, templates: PageTemplates
  ) throws(Diagnostic) -> [UInt8] {
    let page = try StorePage(.own, of: tenant, templates: templates, script: personalScript)
    page["title"] = page.text(title)
    page["folder"] = page.text(folder)
    return try page.bytes()
  }

  /// Where the folders of people are, relative to the stable address.
  package static func personalFolder(release: String) -> String {
    "releases/\(release)/data/\(PersonalFiles.folder)"
  }
}
