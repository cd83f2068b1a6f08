/// A picture in memory: 32 bits per pixel, B G R A, colour premultiplied by alpha, sRGB, rows from
/// top to bottom without padding (Cairo's `ARGB32` on a little-endian machine).
package struct Bitmap: Hashable, Sendable {
  package var width: Int
  package var height: Int
  /// `width × height × 4` bytes.
  package var pixels: [UInt8]

  /// A picture with these pixels.
  ///
  /// - Precondition: `pixels` has exactly `width × height × 4` bytes.
  package init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == width * height * 4)
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// A fully transparent picture.
  package init(width: Int, height: Int) {
    self.init(
      width: width, height: height, pixels: [UInt8](repeating: 0, count: width * height * 4))
  }
}
