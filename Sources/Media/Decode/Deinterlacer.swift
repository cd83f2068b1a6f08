import CLibAV

/// Removes the comb that motion leaves in interlaced pictures.
///
/// The rows of the earlier field stay as they are. A pixel of the later field becomes the mean of
/// the two pixels above and below if it differs from both and has changed since the picture before.
/// So still parts keep all their rows.
final class Deinterlacer {
  /// By how many levels a pixel must differ from its neighbours.
  private static let comb = 8
  /// Up to how many levels of difference a pixel counts as unchanged.
  private static let stillness = 4

  private var previous: Frame?

  /// Changes `frame` if it is interlaced and has 8 bits per sample.
  func deinterlace(_ frame: UnsafeMutablePointer<AVFrame>) {
    guard frame.pointee.interlaced_frame != 0, let planes = Deinterlacer.planes(of: frame) else {
      previous = nil
      return
    }
    let original = Frame()
    guard av_frame_ref(original.pointer, frame) >= 0, av_frame_make_writable(frame) >= 0 else {
      return
    }
    let last = previous.flatMap { Deinterlacer.areAlike($0.pointer, frame) ? $0 : nil }
    let later = frame.pointee.top_field_first != 0 ? 1 : 0
    for (index, plane) in planes.enumerated() {
      guard let (target, stride) = Deinterlacer.plane(index, of: frame) else { continue }
      let before = last.flatMap { Deinterlacer.plane(index, of: $0.pointer) }
      var row = later == 0 ? 2 : 1
      while row + 1 < plane.rows {
        Deinterlacer.deinterlace(
          target + row * stride, stride, before.map { $0.0 + row * $0.1 }, plane.bytes)
        row += 2
      }
    }
    frame.pointee.interlaced_frame = 0
    previous = original
  }

  /// In every format, the value directly above and below has the same meaning.
  private static func deinterlace(
    _ row: UnsafeMutablePointer<UInt8>, _ stride: Int, _ before: UnsafeMutablePointer<UInt8>?,
    _ count: Int
  ) {
    let (above, below) = (row - stride, row + stride)
    for index in 0..<count {
      let (upper, here, lower) = (Int(above[index]), Int(row[index]), Int(below[index]))
      guard here > max(upper, lower) + comb || here < min(upper, lower) - comb else { continue }
      if let before, abs(Int(before[index]) - here) <= stillness { continue }
      row[index] = UInt8((upper + lower + 1) / 2)
    }
  }

  /// Bytes per row and rows of each plane; `nil` for formats that do not have 8 bits per sample.
  private static func planes(
    of frame: UnsafeMutablePointer<AVFrame>
  ) -> [(bytes: Int, rows: Int)]? {
    let format = AVPixelFormat(frame.pointee.format)
    guard let descriptor = av_pix_fmt_desc_get(format) else { return nil }
    let odd = AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL
    guard descriptor.pointee.flags & UInt64(odd) == 0, descriptor.pointee.comp.0.depth == 8
    else { return nil }
    let shift = Int(descriptor.pointee.log2_chroma_h)
    let height = Int(frame.pointee.height)
    return (0..<max(0, Int(av_pix_fmt_count_planes(format)))).map { plane in
      let isChroma = plane == 1 || plane == 2
      return (
        bytes: Int(av_image_get_linesize(format, frame.pointee.width, Int32(plane))),
        rows: isChroma ? (height + (1 << shift) - 1) >> shift : height
      )
    }
  }

  private static func plane(
    _ index: Int, of frame: UnsafeMutablePointer<AVFrame>
  ) -> (UnsafeMutablePointer<UInt8>, Int)? {
    let (data, stride) =
      switch index {
      case 0: (frame.pointee.data.0, frame.pointee.linesize.0)
      case 1: (frame.pointee.data.1, frame.pointee.linesize.1)
      case 2: (frame.pointee.data.2, frame.pointee.linesize.2)
      default: (frame.pointee.data.3, frame.pointee.linesize.3)
      }
    return data.map { ($0, Int(stride)) }
  }

  private static func areAlike(
    _ one: UnsafeMutablePointer<AVFrame>, _ other: UnsafeMutablePointer<AVFrame>
  ) -> Bool {
    one.pointee.width == other.pointee.width && one.pointee.height == other.pointee.height
      && one.pointee.format == other.pointee.format
  }
}
