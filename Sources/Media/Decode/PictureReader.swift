import Basics
package import Diagnostics
import Glibc

/// Reads a PNG, JPEG, WebP, GIF or BMP in the sandbox; of an animated one, its first frame.
package enum PictureReader {
  /// Pictures with more pixels are refused before they are decoded.
  package static let pixelBudget = 50_000_000

  /// Whether the object begins like a picture of a kind that is decoded. Nothing is decoded.
  package static func isPicture(_ object: MediaObject) -> Bool {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = retryingInterrupts { pread(object.descriptor, &bytes, bytes.count, 0) }
    return PictureHeader(Array(bytes.prefix(max(0, count)))) != nil
  }

  /// Decodes the picture, turns it upright by its EXIF orientation, and scales it down (never up)
  /// to fit the box. Sizes are in pixels.
  ///
  /// - Throws: `data` with the reason if the picture cannot be used.
  package static func read(
    _ object: MediaObject, maxWidth: Int, maxHeight: Int, limits: SandboxLimits = SandboxLimits(),
    check: @escaping SandboxCheck = {}
  ) throws(Diagnostic) -> Bitmap {
    try inspect(
      object, maxWidth: maxWidth, maxHeight: maxHeight, limits: limits, check: check
    ).picture
  }

  /// Does the same, and tells what is missing of the picture.
  package static func inspect(
    _ object: MediaObject, maxWidth: Int, maxHeight: Int, limits: SandboxLimits = SandboxLimits(),
    check: @escaping SandboxCheck = {}
  ) throws(Diagnostic) -> (picture: Bitmap, warnings: [Warning]) {
    let process = try SandboxProcess(
      .picture(maxWidth: maxWidth, maxHeight: maxHeight), object: object, limits: limits,
      check: check)
    var warnings: [Warning] = []
    var received = try process.next()
    while let message = received, message.tag == .warning, warnings.count < 10 {
      if let warning = process.warning(message.payload) { warnings.append(warning) }
      received = try process.next()
    }
    guard let message = received, message.tag == .result, message.payload.count >= 8
    else { throw process.failure("the decoding process gave no picture") }
    let width = Int(UInt32(littleEndianBytes: message.payload[0..<4]))
    let height = Int(UInt32(littleEndianBytes: message.payload[4..<8]))
    guard (1...maxWidth).contains(width), (1...maxHeight).contains(height),
      message.payload.count == 8 + width * height * 4
    else { throw process.failure("the decoding process gave a picture of another size") }
    return (
      Bitmap(width: width, height: height, pixels: Array(message.payload[8...])), warnings
    )
  }
}
