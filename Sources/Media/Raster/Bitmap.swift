/// A picture in memory: 32 bits a pixel, B G R A, colour premultiplied by alpha, sRGB, rows from top to
/// bottom without padding (Cairo's `ARGB32` on a little-endian machine).
package struct Bitmap: Hashable, Sendable {
  package var width: Int
  package var height: Int
  /// `width × height × 4` bytes.
  package var pixels: [UInt8]

  /// - Precondition: `pixels` has exactly the bytes that the size asks for.
  package init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == width * height * 4)
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Wholly transparent.
  package init(width: Int, height: Int) {
    self.init(
      width: width, height: height, pixels: [UInt8](repeating: 0, count: width * height * 4))
  }
}
