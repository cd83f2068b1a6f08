import Media
import Sheets

/// The versions of the libraries that decide a result's bytes beside what its key names.
package enum StageLibraries {
  /// Names and versions, sorted by name.
  package static var versions: [(name: String, version: String)] {
    MediaLibraries.versions + [("zlib", Workbook.zlibVersion)]
  }
}
