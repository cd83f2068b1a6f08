import Basics
import Foundation
import Pipelines

/// The style sheets of a page, and the security policy that allows only them.
struct PageHead {
  /// The finished `<meta …>` and `<style>` elements.
  let markup: String

  /// The source expression of a security policy that allows this text.
  static func hash(_ text: String) -> String {
    "'sha256-\(Data(SHA256Digest(of: text.utf8).bytes).base64EncodedString())'"
  }

  /// - Parameters:
  ///   - tenantID: decides the accent.
  ///   - media: whether the page plays a film from a file beside it.
  ///   - isSearched: whether the page runs the templates' script.
  ///   - script: another script that the page runs.
  init(
    templates: PageTemplates, tenantID: String, media: Bool = false, isSearched: Bool = false,
    script: String? = nil
  ) {
    let accent = Accent(tenant: tenantID)
    let own =
      ":root{--accent-light:\(accent.light);--accent-dark:\(accent.dark);"
      + "--cover:\(accent.cover);--cover-ink:\(accent.film)}"
    let hashes = [templates.styleHash, PageHead.hash(own)]
    // Pictures can be inside the page or beside it, also if the page is opened from a disk.
    let policy =
      "default-src 'none'; style-src \(hashes.joined(separator: " ")); img-src 'self' data: file:; "
      + (media ? "media-src 'self' file:; " : "")
      + (isSearched ? "script-src \(templates.scriptHash); " : "")
      + (script.map { "script-src \(PageHead.hash($0)); " } ?? "")
      + "base-uri 'none'; form-action 'none'"
    markup =
      "<meta http-equiv=\"Content-Security-Policy\" content=\"\(policy)\" />\n"
      + "<meta name=\"referrer\" content=\"no-referrer\" />\n"
      + "<style>\(templates.styleSheet)</style>\n<style>\(own)</style>"
  }
}
