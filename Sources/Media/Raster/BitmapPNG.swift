import CLibRSVG
package import Diagnostics

extension Bitmap {
  /// Calls `body` with a Cairo surface that draws directly into the pixels.
  mutating func withSurface<Result>(_ body: (OpaquePointer) -> Result) -> Result {
    let (width, height) = (Int32(width), Int32(height))
    return pixels.withUnsafeMutableBufferPointer { buffer in
      guard
        let surface = cairo_image_surface_create_for_data(
          buffer.baseAddress, CAIRO_FORMAT_ARGB32, width, height, width * 4)
      else { preconditionFailure("out of memory") }
      defer {
        cairo_surface_flush(surface)
        cairo_surface_destroy(surface)
      }
      return body(surface)
    }
  }

  /// The picture as a PNG file, written by Cairo. The same pixels give the same bytes.
  package func png() throws(Diagnostic) -> [UInt8] {
    var copy = self
    var sink: [UInt8] = []
    let status = copy.withSurface { surface in
      withUnsafeMutablePointer(to: &sink) { target in
        cairo_surface_write_to_png_stream(
          surface,
          { target, bytes, count in
            target?.assumingMemoryBound(to: [UInt8].self).pointee.append(
              contentsOf: UnsafeBufferPointer(start: bytes, count: Int(count)))
            return CAIRO_STATUS_SUCCESS
          }, target)
      }
    }
    guard status == CAIRO_STATUS_SUCCESS else {
      throw Diagnostic(.bug, "a picture cannot be written as PNG")
    }
    return sink
  }
}
