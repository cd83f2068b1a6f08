import Foundation
import Media
import Pipelines

/// `storyboard.json`: every scene with its time, and every item with its scene, or the reason why
/// it has none.
struct StoryboardFile: Codable {
  struct Scene: Codable {
    var number: Int
    var startMilliseconds: Int
    var endMilliseconds: Int
    /// `intro`, `month`, `item`, `mosaic`, `outro`
    var content: String
    var items: [String]
  }

  struct Item: Codable {
    var id: String
    var kind: String
    var day: String
    var title: String
    /// `scene`: it has its own scene; `mosaic`: it is one tile of a mosaic; `counted`: it is only
    /// counted.
    var appears: String
    var scene: Int
    var startMilliseconds: Int
    /// `picture`, `recording`, `sound` or `card`
    var shown: String
    /// Why a card replaces its medium, or why it has no scene of its own.
    var reason: String?
  }

  var version = 1
  var period: String
  var milliseconds: Int
  var scenes: [Scene]
  var items: [Item]

  /// The bytes of the file; the same values give the same bytes.
  func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
  }
}
