public import Diagnostics

/// Writes recordings in the shapes browsers leave behind, for samples and tests.
public final class RecordingWriter {
  public enum Shape: String, Hashable, Sendable, CaseIterable {
    /// WebM without duration, index or known cluster sizes.
    case webmVP8, webmVP9
    /// MP4 of H.264 and AAC, its index at the end.
    case mp4H264
  }

  /// - Parameter video: the size, even; `nil` for sound alone.
  public init(
    shape: Shape, width: Int, height: Int, hasAudio: Bool, path: String
  ) throws(Diagnostic) {
    throw Diagnostic(.bug, "recordings cannot be written yet")
  }

  /// Appends a frame at this time; times rise strictly.
  public func append(_ frame: VideoFrame, at milliseconds: Int) throws(Diagnostic) {}

  /// Appends interleaved stereo samples at 48 kHz.
  public func append(stereo samples: [Float]) throws(Diagnostic) {}

  public func finish() throws(Diagnostic) {}
}
