public import Diagnostics

/// Encodes single pictures, the same bytes on any machine.
public enum StillImage {
  /// A baseline JPEG. `quality` is libav's scale: 2 is best, 31 worst.
  public static func jpeg(_ frame: VideoFrame, quality: Int = 3) throws(Diagnostic) -> [UInt8] {
    throw Diagnostic(.bug, "pictures cannot be encoded yet")
  }

  /// A PNG with alpha.
  public static func png(_ bitmap: Bitmap) throws(Diagnostic) -> [UInt8] {
    throw Diagnostic(.bug, "pictures cannot be encoded yet")
  }
}
