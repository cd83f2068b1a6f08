public import Diagnostics

/// Reads a PNG, JPEG, WebP, GIF (its first frame) or BMP in the sandbox.
public enum PictureReader {
  /// Pictures with more pixels than this are refused before they are decoded.
  public static let pixelBudget = 50_000_000

  /// Decodes the picture, upright by its EXIF orientation and scaled down (never up) to fit the box.
  ///
  /// - Throws: `data` with the reason where the picture is of no use.
  public static func read(
    _ object: MediaObject, maxWidth: Int, maxHeight: Int, limits: SandboxLimits = SandboxLimits()
  ) throws(Diagnostic) -> Bitmap {
    throw Diagnostic(.bug, "pictures cannot be read yet")
  }
}
