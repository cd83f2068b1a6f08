import CLibRSVG

extension Bitmap {
  /// Draws `picture` into a rectangle, scaled with a good filter, with rounded corners.
  package mutating func draw(
    _ picture: Bitmap, x: Double, y: Double, width: Double, height: Double, radius: Double = 0,
    opacity: Double = 1
  ) {
    var picture = picture
    withSurface { surface in
      picture.withSurface { source in
        guard let context = cairo_create(surface) else { return }
        defer { cairo_destroy(context) }
        let (sourceWidth, sourceHeight) = (
          Double(cairo_image_surface_get_width(source)),
          Double(cairo_image_surface_get_height(source))
        )
        if radius > 0 {
          Bitmap.roundedPath(context, x, y, width, height, radius)
          cairo_clip(context)
        }
        cairo_translate(context, x, y)
        cairo_scale(context, width / sourceWidth, height / sourceHeight)
        cairo_set_source_surface(context, source, 0, 0)
        let pattern = cairo_get_source(context)
        cairo_pattern_set_filter(pattern, CAIRO_FILTER_GOOD)
        cairo_pattern_set_extend(pattern, CAIRO_EXTEND_PAD)
        cairo_rectangle(context, 0, 0, sourceWidth, sourceHeight)
        cairo_clip(context)
        cairo_paint_with_alpha(context, opacity)
      }
    }
  }

  /// The picture in another size, in pixels.
  package func scaled(width: Int, height: Int) -> Bitmap {
    if width == self.width, height == self.height { return self }
    var result = Bitmap(width: width, height: height)
    result.draw(self, x: 0, y: 0, width: Double(width), height: Double(height))
    return result
  }

  /// Adds a rectangle whose corners are quarter circles.
  private static func roundedPath(
    _ context: OpaquePointer, _ x: Double, _ y: Double, _ width: Double, _ height: Double,
    _ radius: Double
  ) {
    let quarter = Double.pi / 2
    let r = min(radius, width / 2, height / 2)
    cairo_new_path(context)
    cairo_arc(context, x + width - r, y + r, r, -quarter, 0)
    cairo_arc(context, x + width - r, y + height - r, r, 0, quarter)
    cairo_arc(context, x + r, y + height - r, r, quarter, 2 * quarter)
    cairo_arc(context, x + r, y + r, r, 2 * quarter, 3 * quarter)
    cairo_close_path(context)
  }
}
