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
      // The sample's length field has 16 bits.
      let text = Array(String(caption.text.prefix(1_000)).utf8.prefix(Int(UInt16.max)))
      var bytes: [UInt8] = []
      bytes.append(bigEndian: UInt16(text.count))
      try film.append(text: bytes + text, start: caption.start, end: caption.end)
      position = caption.end
      waiting.removeFirst()
    }
  }

  /// Fills the track up to the end of the film, given in grid steps.
  mutating func finish(at gridStep: Int, to film: FilmTracks) throws(Diagnostic) {
    try fill(upTo: FilmFormat.milliseconds(ofSteps: gridStep), film)
  }

  private mutating func fill(upTo time: Int, _ film: FilmTracks) throws(Diagnostic) {
    guard time > position else { return }
    try film.append(text: [0, 0], start: position, end: time)
    position = time
  }
}
