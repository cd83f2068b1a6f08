import Foundation
import Pipelines

/// The style sheets of a page and the security policy that allows them and nothing else.
struct PageHead {
  /// `<meta …>` and `<style>` elements, ready.
  let markup: String

  /// What a security policy calls a text that the page may use.
  static func hash(_ text: String) -> String {
    "'sha256-\(Data(ContentDigest.sha256(text.utf8)).base64EncodedString())'"
  }

  /// - Parameters:
  ///   - tenantID: decides the accent.
  ///   - media: whether the page plays a film that lies beside it.
  ///   - script: the one script that the page may run.
  init(templates: PageTemplates, tenantID: String, media: Bool = false, script: String? = nil) {
    let accent = Accent(tenant: tenantID)
    let own = ":root{--accent-light:\(accent.light);--accent-dark:\(accent.dark)}"
    let styleSheet = templates.styleSheet
    func hash(_ text: String) -> String {
      text == templates.searchScript ? templates.scriptHash : PageHead.hash(text)
    }
    let hashes = [templates.styleHash, PageHead.hash(own)]
    // Pictures may lie inside the page or beside it, also where it is opened from a disk.
    let policy =
      "default-src 'none'; style-src \(hashes.joined(separator: " ")); img-src 'self' data: file:; "
      + (media ? "media-src 'self' file:; " : "")
      + (script.map { "script-src \(hash($0)); " } ?? "")
      + "base-uri 'none'; form-action 'none'"
    markup =
      "<meta http-equiv=\"Content-Security-Policy\" content=\"\(policy)\" />\n"
      + "<meta name=\"referrer\" content=\"no-referrer\" />\n"
      + "<style>\(styleSheet)</style>\n<style>\(own)</style>"
  }
}
