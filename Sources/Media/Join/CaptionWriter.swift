import Diagnostics

/// Writes captions as samples of a 3GPP timed text track (`tx3g`). Empty samples between the
/// captions leave no gaps in the track.
struct CaptionWriter {
  /// White text on a transparent ground, centred at the bottom, one font.
  static let sampleDescription: [UInt8] =
    [0, 0, 0, 0, 1, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    + [0, 0, 0, 0, 0, 1, 0, 18, 255, 255, 255, 255]
    + [0, 0, 0, 23] + Array("ftab".utf8) + [0, 1, 0, 1, 10] + Array("Sans-Serif".utf8)

  private var waiting: ArraySlice<FilmCaption>
  private var position = 0

  init(_ captions: [FilmCaption]) { waiting = captions[...] }

  /// Writes the captions that start before this grid step.
  mutating func write(before gridStep: Int, to film: FilmTracks) throws(Diagnostic) {
    let limit = FilmFormat.milliseconds(ofSteps: gridStep)
    while let caption = waiting.first, caption.start < limit {
      guard caption.start >= position, caption.end > caption.start else {
        throw Diagnostic(.bug, "captions must be in order and must not overlap")
      }
      try fill(upTo: caption.start, film)
      try film.append(
        text: CaptionWriter.sample(caption.text), start: caption.start, end: caption.end)
      position = caption.end
      waiting.removeFirst()
    }
  }

  /// A caption as a sample: the length of its text, in sixteen bits, and the text.
  static func sample(_ caption: String) -> [UInt8] {
    var text = Array(String(caption.prefix(1_000)).utf8.prefix(Int(UInt16.max)))
    // A character that is cut in two is left out.
    while !text.isEmpty, String(validating: text, as: UTF8.self) == nil { text.removeLast() }
    var bytes: [UInt8] = []
    bytes.append(bigEndian: UInt16(text.count))
    return bytes + text
  }

  /// Fills the track up to the film's end, given as a grid step.
  mutating func finish(at gridStep: Int, to film: FilmTracks) throws(Diagnostic) {
    try fill(upTo: FilmFormat.milliseconds(ofSteps: gridStep), film)
  }

  private mutating func fill(upTo time: Int, _ film: FilmTracks) throws(Diagnostic) {
    guard time > position else { return }
    try film.append(text: [0, 0], start: position, end: time)
    position = time
  }
}
