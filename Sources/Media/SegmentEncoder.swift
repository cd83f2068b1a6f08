public import Diagnostics

/// Encodes one scene into a segment file.
///
/// Exactly `16 × gridSteps` frames are appended, in order, and at most `25,600 × gridSteps` samples a
/// channel; silence fills what is missing. Frames and sound may be appended in any interleaving. One
/// encoder belongs to one thread; several may work at once.
public final class SegmentEncoder {
  public init(format: FilmFormat, gridSteps: Int, path: String) throws(Diagnostic) {
    throw Diagnostic(.bug, "segments cannot be encoded yet")
  }

  /// Appends the next frame, which has the format's size.
  public func append(_ frame: VideoFrame) throws(Diagnostic) {}

  /// Appends interleaved stereo samples (left, right, left, …) in −1…1 at 48 kHz.
  public func append(stereo samples: [Float]) throws(Diagnostic) {}

  /// Writes what is left and closes the file; without it the file is not a segment.
  public func finish() throws(Diagnostic) {}
}
