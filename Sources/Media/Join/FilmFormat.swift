/// The parameters that all segments of one film share, so that they can be joined by copying
/// packets.
///
/// **The sync grid.** At 30 frames and 48,000 samples per second, 16 video frames last exactly as
/// long as 25 AAC frames of 1,024 samples: 25,600 samples, 533⅓ ms. A segment has a whole number of
/// these steps. So sound and picture end together at every join, however many joins there are.
package struct FilmFormat: Hashable, Sendable, Codable {
  /// The preset's name in a pipeline file: `720p30`.
  package var name: String
  package var width: Int
  package var height: Int
  /// x264's constant rate factor; lower is better and larger.
  package var crf: Int
  /// x264's preset.
  package var speed: String
  /// AAC bits per second, for both channels together.
  package var audioBitRate: Int

  package static let p720 = FilmFormat(
    name: "720p30", width: 1280, height: 720, crf: 23, speed: "veryfast", audioBitRate: 128_000)
  package static let p1080 = FilmFormat(
    name: "1080p30", width: 1920, height: 1080, crf: 23, speed: "veryfast", audioBitRate: 128_000)
  /// Small enough to send in a message.
  package static let p360 = FilmFormat(
    name: "360p30", width: 640, height: 360, crf: 26, speed: "veryfast", audioBitRate: 96_000)

  /// The vertical cut, for phones.
  package static let vertical = FilmFormat(
    name: "vertical", width: 1080, height: 1920, crf: 24, speed: "veryfast", audioBitRate: 128_000)

  package static let all: [FilmFormat] = [.p360, .p720, .p1080]

  /// The preset with this name; `nil` if there is none.
  package init?(named name: String) {
    guard let preset = FilmFormat.all.first(where: { $0.name == name }) else { return nil }
    self = preset
  }

  /// How many pictures x264 looks ahead. A large picture costs about 6 MB, and each core has an
  /// encoder.
  var lookahead: Int { height > 720 ? 5 : 10 }

  init(name: String, width: Int, height: Int, crf: Int, speed: String, audioBitRate: Int) {
    self.name = name
    self.width = width
    self.height = height
    self.crf = crf
    self.speed = speed
    self.audioBitRate = audioBitRate
  }
}

extension FilmFormat {
  /// Video frames per second, in every format.
  package static let frameRate = 30
  /// Samples per second and channel, in every format.
  package static let sampleRate = 48_000
  /// Samples per channel during one video frame.
  package static let samplesPerFrame = 1_600
  /// Video frames in one step of the grid.
  package static let framesPerStep = 16
  /// Samples per channel in one step of the grid.
  package static let samplesPerStep = 25_600
  /// AAC frames in one step of the grid.
  package static let audioFramesPerStep = 25

  /// The smallest number of grid steps that lasts at least this long.
  package static func steps(atLeast milliseconds: Int) -> Int {
    // A step lasts 1600/3 ms.
    max(1, (milliseconds * 3 + 1_599) / 1_600)
  }

  /// The largest number of grid steps that lasts at most this long; at least one.
  package static func steps(atMost milliseconds: Int) -> Int { max(1, milliseconds * 3 / 1_600) }

  /// The length of this number of grid steps, rounded to the nearest millisecond.
  package static func milliseconds(ofSteps steps: Int) -> Int { (steps * 1_600 + 1) / 3 }
}
