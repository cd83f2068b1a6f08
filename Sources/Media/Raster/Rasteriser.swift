import Basics
import CLibRSVG
package import Diagnostics

/// Draws SVG with librsvg. Pango shapes text in any script, with the fonts of `RasterFonts`.
/// Nothing is fetched.
///
/// Several threads can call it at once; one of them draws. The same SVG gives the same pixels.
package enum Rasteriser {
  /// Held while fonts are used. Cairo 1.16 keeps ten font files open for all threads. To open
  /// another, it closes one of which no thread says that it needs it, without asking under that
  /// font's own lock: a thread that has just begun to draw with it reads freed memory.
  fileprivate static let fonts = Locked(())

  /// The largest accepted SVG, in bytes.
  static let sizeLimit = 16 << 20

  /// Draws a document on a transparent ground, so that its viewport fills `width × height` pixels.
  ///
  /// External references (files, addresses) are not followed. `data:` pictures are drawn.
  /// - Throws: `configuration` if the SVG is malformed, because it comes from a template.
  package static func draw(
    _ svg: [UInt8], width: Int, height: Int
  ) throws(Diagnostic) -> Bitmap {
    try draw(SVGDocument(svg), layer: nil, hasEmoji: hasEmoji(svg), width, height)
  }

  /// Draws each of these elements alone, at its place in the document. An element that does not
  /// exist is `nil`.
  package static func layers(
    _ svg: [UInt8], ids: [String], width: Int, height: Int
  ) throws(Diagnostic) -> [Bitmap?] {
    let document = try SVGDocument(svg)
    let hasEmoji = hasEmoji(svg)
    var layers: [Bitmap?] = []
    for id in ids {
      let isThere = rsvg_handle_has_sub(document.handle, "#\(id)") != 0
      layers.append(
        isThere ? try draw(document, layer: id, hasEmoji: hasEmoji, width, height) : nil)
    }
    return layers
  }

  private static func draw(
    _ document: borrowing SVGDocument, layer: String?, hasEmoji: Bool, _ width: Int, _ height: Int
  ) throws(Diagnostic) -> Bitmap {
    precondition((1...16_384).contains(width) && (1...16_384).contains(height))
    var bitmap = Bitmap(width: width, height: height)
    let handle = document.handle
    let failure = fonts.withLock { _ in
      bitmap.withSurface { surface in
        hasEmoji
          ? drawThroughRecording(handle, layer, on: surface, width, height)
          : draw(handle, layer, on: surface, width, height)
      }
    }
    if let failure { throw failure }
    try RasterFaults.check()
    return bitmap
  }

  private static func draw(
    _ handle: UnsafeMutablePointer<RsvgHandle>, _ layer: String?, on surface: OpaquePointer,
    _ width: Int, _ height: Int
  ) -> Diagnostic? {
    guard let context = cairo_create(surface) else { return Diagnostic(.bug, "out of memory") }
    defer { cairo_destroy(context) }
    var viewport = RsvgRectangle(x: 0, y: 0, width: Double(width), height: Double(height))
    var error: UnsafeMutablePointer<GError>?
    let isDrawn =
      if let layer {
        rsvg_handle_render_layer(handle, context, "#\(layer)", &viewport, &error)
      } else {
        rsvg_handle_render_document(handle, context, &viewport, &error)
      }
    guard isDrawn != 0 else {
      return SVGDocument.failure("this SVG cannot be drawn", error)
    }
    return failure(of: context)
  }

  /// librsvg turns text into outlines unless it draws on a PDF surface, and colour emoji have no
  /// outlines. So a document with emoji is drawn on a PDF surface without a file. Cairo then
  /// replays that recording on the bitmap, glyph by glyph.
  private static func drawThroughRecording(
    _ handle: UnsafeMutablePointer<RsvgHandle>, _ layer: String?, on surface: OpaquePointer,
    _ width: Int, _ height: Int
  ) -> Diagnostic? {
    guard
      let recording = cairo_pdf_surface_create_for_stream(nil, nil, Double(width), Double(height)),
      let context = cairo_create(surface)
    else { return Diagnostic(.bug, "out of memory") }
    defer {
      cairo_destroy(context)
      cairo_surface_destroy(recording)
    }
    if let failure = draw(handle, layer, on: recording, width, height) { return failure }
    cairo_set_source_surface(context, recording, 0, 0)
    cairo_paint(context)
    return failure(of: context)
  }

  private static func failure(of context: OpaquePointer) -> Diagnostic? {
    let status = cairo_status(context)
    if status == CAIRO_STATUS_SUCCESS { return nil }
    return Diagnostic(.bug, "drawing failed: \(String(cString: cairo_status_to_string(status)))")
  }

  /// Whether the text has a character above U+1F000, which can be an emoji, or the mark for emoji
  /// style.
  private static func hasEmoji(_ svg: [UInt8]) -> Bool {
    var index = 0
    while index + 2 < svg.count {
      if svg[index] == 0xF0, svg[index + 1] == 0x9F { return true }
      // U+FE0F, and the older emoji in U+2600 … U+27BF.
      if svg[index] == 0xEF, svg[index + 1] == 0xB8, svg[index + 2] == 0x8F { return true }
      if svg[index] == 0xE2, (0x98...0x9E).contains(svg[index + 1]) { return true }
      index += 1
    }
    return false
  }

  /// Draws a document that is given as a `String`.
  package static func draw(_ svg: String, width: Int, height: Int) throws(Diagnostic) -> Bitmap {
    try draw(Array(svg.utf8), width: width, height: height)
  }

  /// The width and height of elements' ink, by their ids, in the document's units. An element
  /// without ink is (0, 0).
  static func extents(
    _ svg: [UInt8], ids: [String]
  ) throws(Diagnostic) -> [(width: Double, height: Double)] {
    let document = try SVGDocument(svg)
    var found: [(width: Double, height: Double)] = []
    for id in ids {
      var ink = RsvgRectangle()
      var logical = RsvgRectangle()
      var error: UnsafeMutablePointer<GError>?
      let isFound = fonts.withLock { _ in
        rsvg_handle_get_geometry_for_element(document.handle, "#\(id)", &ink, &logical, &error) != 0
      }
      guard isFound else { throw SVGDocument.failure("this text cannot be measured", error) }
      found.append((ink.width, ink.height))
    }
    try RasterFaults.check()
    return found
  }
}

/// A parsed document.
struct SVGDocument: ~Copyable {
  let handle: UnsafeMutablePointer<RsvgHandle>

  init(_ svg: [UInt8]) throws(Diagnostic) {
    guard svg.count <= Rasteriser.sizeLimit else {
      throw Diagnostic(.data, "an SVG of \(svg.count) bytes is too large to draw")
    }
    RasterFonts.prepare()
    try RasterFaults.checkRoom()
    var error: UnsafeMutablePointer<GError>?
    let handle = svg.withUnsafeBufferPointer {
      rsvg_handle_new_from_data($0.baseAddress, gsize($0.count), &error)
    }
    guard let handle else { throw SVGDocument.failure("this SVG is malformed", error) }
    rsvg_handle_set_dpi(handle, 96)
    self.handle = handle
  }

  deinit { Rasteriser.fonts.withLock { _ in yb_rsvg_free(handle) } }

  /// librsvg's message names elements and attributes, but can quote text of the document. So it is
  /// kept as the underlying error and is not part of the message.
  static func failure(_ what: String, _ error: UnsafeMutablePointer<GError>?) -> Diagnostic {
    defer { g_error_free(error) }
    let reason = error.map { String(cString: $0.pointee.message) } ?? "no reason given"
    return Diagnostic(
      .configuration, what, hint: "check the template: xmllint --noout FILE",
      underlying: SVGError(reason: reason))
  }
}

/// librsvg's error text.
struct SVGError: Error {
  var reason: String
}
