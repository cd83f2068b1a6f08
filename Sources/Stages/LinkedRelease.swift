package import Basics
import Diagnostics
import Foundation

/// The newest release of another pipeline that a page links to, as far as the page shows it.
package struct LinkedRelease: Sendable, Hashable {
  /// Covers all bytes of the release.
  package var digest: SHA256Digest
  /// The folder with its files.
  package var folder: String

  /// A release with these values.
  package init(digest: SHA256Digest, folder: String) {
    self.digest = digest
    self.folder = folder
  }
}

/// What a page shows of a film that it links to: a picture, and how long it is.
struct LinkedFilm {
  /// The name of the picture beside the page.
  var name: String
  var poster: [UInt8]
  var width: Int
  var height: Int
  /// `3:20`
  var length: String

  /// The part of a storyboard that says how long a film is.
  private struct Board: Decodable { var milliseconds: Int }

  /// `nil` if the release has no film, or an encrypted one.
  init?(_ release: LinkedRelease, of pipeline: String) throws {
    guard let poster = try FileReader.contents("\(release.folder)/poster.jpg"),
      let size = PagePictures.size(ofJPEG: poster),
      let json = try FileReader.contents("\(release.folder)/storyboard.json")
    else { return nil }
    let board: Board
    do {
      board = try JSONDecoder().decode(Board.self, from: Data(json))
    } catch {
      // Another pipeline's file of that name.
      return nil
    }
    name = "\(pipeline)-poster.jpg"
    self.poster = poster
    (width, height) = (size.width, size.height)
    length = FilmReel.shortClock(board.milliseconds)
  }
}
