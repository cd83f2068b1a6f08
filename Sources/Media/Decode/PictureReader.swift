package import Diagnostics

/// Reads a PNG, JPEG, WebP, GIF (its first frame) or BMP in the sandbox.
package enum PictureReader {
  /// Pictures with more pixels are refused before they are decoded.
  package static let pixelBudget = 50_000_000

  /// Decodes the picture, turns it upright by its EXIF orientation, and scales it down (never up)
  /// to fit the box. Sizes are in pixels.
  ///
  /// - Throws: `data` with the reason if the picture cannot be used.
  package static func read(
    _ object: MediaObject, maxWidth: Int, maxHeight: Int, limits: SandboxLimits = SandboxLimits(),
    check: @escaping SandboxCheck = {}
  ) throws(Diagnostic) -> Bitmap {
    let process = try SandboxProcess(
      .picture(maxWidth: maxWidth, maxHeight: maxHeight), object: object, limits: limits,
      check: check)
    guard let message = try process.next(), message.tag == .result, message.payload.count >= 8
    else { throw process.failure("the decoding process gave no picture") }
    let width = Int(UInt32(littleEndianBytes: message.payload[0..<4]))
    let height = Int(UInt32(littleEndianBytes: message.payload[4..<8]))
    guard (1...maxWidth).contains(width), (1...maxHeight).contains(height),
      message.payload.count == 8 + width * height * 4
    else { throw process.failure("the decoding process gave a picture of another size") }
    return Bitmap(width: width, height: height, pixels: Array(message.payload[8...]))
  }
}
