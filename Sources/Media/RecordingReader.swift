public import Diagnostics

/// Reads an excerpt of a recording, decoded in the sandbox, as constant 30 frames a second with their
/// sound.
public final class RecordingReader {
  /// What is to be shown and heard for one thirtieth of a second.
  public struct Moment: Sendable {
    /// The picture, scaled to fit in the box; `nil` where the recording has none. The size may change
    /// in mid-stream.
    public var frame: VideoFrame?
    /// 1,600 interleaved stereo samples a channel (3,200 values) at 48 kHz; silence where there is none.
    public var samples: [Float]
  }

  /// Complete when `next()` has returned `nil`.
  public private(set) var warnings: [Warning] = []

  /// Starts reading `[start, start + length)`, in milliseconds of the recording's own time, which begins
  /// at zero with the first thing that decodes.
  public init(
    _ object: MediaObject, start: Int, length: Int, maxWidth: Int, maxHeight: Int,
    limits: SandboxLimits = SandboxLimits()
  ) throws(Diagnostic) {
    throw Diagnostic(.bug, "recordings cannot be read yet")
  }

  /// The next thirtieth of a second, or `nil` at the excerpt's end or where the recording breaks off.
  public func next() throws(Diagnostic) -> Moment? { nil }
}
