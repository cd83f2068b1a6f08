/// One picture of a film: planar YUV 4:2:0, 8 bits, BT.709, limited range, square pixels.
///
/// `width` and `height` are even. The planes are packed: `y` has `width × height` bytes, `u` and
/// `v` a quarter of that each, rows from top to bottom without padding.
package struct VideoFrame: Hashable, Sendable {
  package var width: Int
  package var height: Int
  package var y: [UInt8]
  package var u: [UInt8]
  package var v: [UInt8]

  /// A frame with these planes.
  ///
  /// - Precondition: The size is even and positive, and the planes have exactly the sizes named
  ///   above.
  package init(width: Int, height: Int, y: [UInt8], u: [UInt8], v: [UInt8]) {
    precondition(width > 0 && height > 0 && width % 2 == 0 && height % 2 == 0)
    precondition(y.count == width * height && u.count == y.count / 4 && v.count == y.count / 4)
    self.width = width
    self.height = height
    self.y = y
    self.u = u
    self.v = v
  }

  /// A frame of one colour; black by default.
  package init(width: Int, height: Int, luma: UInt8 = 16, cb: UInt8 = 128, cr: UInt8 = 128) {
    self.init(
      width: width, height: height,
      y: [UInt8](repeating: luma, count: width * height),
      u: [UInt8](repeating: cb, count: width * height / 4),
      v: [UInt8](repeating: cr, count: width * height / 4))
  }
}
