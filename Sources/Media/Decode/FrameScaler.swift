import CLibAV
import Diagnostics

/// Scales decoded frames into a box and converts them to a film's format: 4:2:0, BT.709, limited
/// range, standard dynamic range, progressive, square pixels, upright, opaque over black. Handles
/// changes of size and format within the stream.
final class FrameScaler {
  private struct Setup: Hashable {
    var width: Int32
    var height: Int32
    var format: Int32
    var isFullRange: Bool
    var outWidth: Int
    var outHeight: Int
    var outFormat: Int32
  }

  /// The largest factor of enlargement.
  static let largestZoom = 4.0

  private let box: (width: Int, height: Int)
  private let orientation: Orientation
  private let sampleAspect: AVRational
  private var setup: Setup?
  private var context: OpaquePointer?
  private let scaled = Frame()
  private let deinterlacer = Deinterlacer()
  private var toneMap: (transfer: AVColorTransferCharacteristic, map: ToneMap?)?

  init(box: (width: Int, height: Int), orientation: Orientation, sampleAspect: AVRational) {
    self.box = box
    self.orientation = orientation
    self.sampleAspect = sampleAspect
  }

  deinit { sws_freeContext(context) }

  /// - Throws: `data` if the frame's format cannot be converted.
  func convert(_ frame: UnsafeMutablePointer<AVFrame>) throws(Diagnostic) -> VideoFrame {
    deinterlacer.deinterlace(frame)
    let size = fit(frame)
    let format = AVPixelFormat(frame.pointee.format)
    guard let descriptor = av_pix_fmt_desc_get(format) else {
      throw Diagnostic(.data, "its pixels are of an unknown format")
    }
    let hasAlpha = descriptor.pointee.flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0
    let isRGB = descriptor.pointee.flags & UInt64(AV_PIX_FMT_FLAG_RGB) != 0
    let map = hasAlpha || isRGB ? nil : toneMap(of: frame)
    let outFormat =
      hasAlpha ? AV_PIX_FMT_YUVA420P : map == nil ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUV420P10LE
    let wanted = Setup(
      width: frame.pointee.width, height: frame.pointee.height, format: frame.pointee.format,
      isFullRange: frame.pointee.color_range == AVCOL_RANGE_JPEG || FrameScaler.isJPEG(format),
      outWidth: size.width, outHeight: size.height, outFormat: outFormat.rawValue)
    if wanted != setup { try open(wanted) }
    try draw(frame, wanted)
    if let map { return turned(map.apply(scaled.pointer)) }
    var result = VideoFrame(width: size.width, height: size.height)
    copyPlane(0, width: size.width, into: &result.y)
    copyPlane(1, width: size.width / 2, into: &result.u)
    copyPlane(2, width: size.width / 2, into: &result.v)
    if !isRGB, let conversion = MatrixConversion(from: ColourMatrix(of: frame)) {
      conversion.apply(to: &result)
    }
    if hasAlpha { blendOverBlack(&result) }
    return turned(result)
  }

  /// Its tables are made once: a recording's range changes less often than its size.
  private func toneMap(of frame: UnsafeMutablePointer<AVFrame>) -> ToneMap? {
    if let toneMap, toneMap.transfer == frame.pointee.color_trc { return toneMap.map }
    let map = ToneMap(of: frame)
    toneMap = (frame.pointee.color_trc, map)
    return map
  }

  /// The size before rotation, chosen so that the rotated picture fits the box. Even, at least 2 ×
  /// 2.
  private func fit(_ frame: UnsafeMutablePointer<AVFrame>) -> (width: Int, height: Int) {
    var aspect = frame.pointee.sample_aspect_ratio
    if aspect.num <= 0 || aspect.den <= 0 { aspect = sampleAspect }
    var ratio = aspect.num > 0 && aspect.den > 0 ? Double(aspect.num) / Double(aspect.den) : 1
    // A larger value means that the header is damaged.
    if ratio < 0.1 || ratio > 10 { ratio = 1 }
    let (width, height) = (Double(frame.pointee.width) * ratio, Double(frame.pointee.height))
    let room = orientation.isSideways ? (box.height, box.width) : (box.width, box.height)
    let zoom = min(
      Double(room.0) / width, Double(room.1) / height, FrameScaler.largestZoom)
    func even(_ value: Double, _ limit: Int) -> Int {
      max(2, min(Int((value / 2).rounded()) * 2, limit / 2 * 2))
    }
    return (even(width * zoom, room.0), even(height * zoom, room.1))
  }

  private func open(_ wanted: Setup) throws(Diagnostic) {
    sws_freeContext(context)
    setup = nil
    context = sws_getContext(
      wanted.width, wanted.height, AVPixelFormat(wanted.format), Int32(wanted.outWidth),
      Int32(wanted.outHeight), AVPixelFormat(wanted.outFormat),
      SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INP, nil, nil, nil)
    guard let context else {
      throw Diagnostic(.data, "its pixels are of a format that cannot be converted")
    }
    // The same table on both sides: only the range changes here. The matrix is changed later, in
    // YUV. From RGB, the conversion uses the correct matrix at once.
    let table = sws_getCoefficients(SWS_CS_ITU709)
    sws_setColorspaceDetails(
      context, table, wanted.isFullRange ? 1 : 0, table, 0, 0, 1 << 16, 1 << 16)
    av_frame_unref(scaled.pointer)
    scaled.pointer.pointee.width = Int32(wanted.outWidth)
    scaled.pointer.pointee.height = Int32(wanted.outHeight)
    scaled.pointer.pointee.format = wanted.outFormat
    try LibAV.check(av_frame_get_buffer(scaled.pointer, 0), "making room for a frame", .data)
    setup = wanted
  }

  private func draw(
    _ frame: UnsafeMutablePointer<AVFrame>, _ setup: Setup
  ) throws(Diagnostic) {
    let source = frame.pointee
    let target = scaled.pointer.pointee
    let slices: [UnsafePointer<UInt8>?] = [
      UnsafePointer(source.data.0), UnsafePointer(source.data.1), UnsafePointer(source.data.2),
      UnsafePointer(source.data.3),
    ]
    let strides = [
      source.linesize.0, source.linesize.1, source.linesize.2, source.linesize.3,
    ]
    let planes: [UnsafeMutablePointer<UInt8>?] = [
      target.data.0, target.data.1, target.data.2, target.data.3,
    ]
    let targetStrides = [
      target.linesize.0, target.linesize.1, target.linesize.2, target.linesize.3,
    ]
    let rows = sws_scale(context, slices, strides, 0, setup.height, planes, targetStrides)
    if rows <= 0 { throw Diagnostic(.data, "a frame could not be converted") }
  }

  private func copyPlane(_ index: Int, width: Int, into bytes: inout [UInt8]) {
    let target = scaled.pointer.pointee
    let (plane, stride) =
      switch index {
      case 0: (target.data.0, target.linesize.0)
      case 1: (target.data.1, target.linesize.1)
      case 2: (target.data.2, target.linesize.2)
      default: (target.data.3, target.linesize.3)
      }
    guard let plane else { return }
    bytes.withUnsafeMutableBufferPointer { room in
      guard let base = room.baseAddress else { return }
      for row in 0..<room.count / width {
        (base + row * width).update(from: plane + row * Int(stride), count: width)
      }
    }
  }

  private func blendOverBlack(_ frame: inout VideoFrame) {
    var alpha = [UInt8](repeating: 0, count: frame.y.count)
    copyPlane(3, width: frame.width, into: &alpha)
    frame.blendOverBlack(alpha: alpha)
  }

  private func turned(_ frame: VideoFrame) -> VideoFrame {
    if orientation == .upright { return frame }
    let (width, height) = (frame.width, frame.height)
    return VideoFrame(
      width: orientation.isSideways ? height : width,
      height: orientation.isSideways ? width : height,
      y: orientation.apply(frame.y, width: width, height: height),
      u: orientation.apply(frame.u, width: width / 2, height: height / 2),
      v: orientation.apply(frame.v, width: width / 2, height: height / 2))
  }

  private static func isJPEG(_ format: AVPixelFormat) -> Bool {
    [
      AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUVJ440P,
      AV_PIX_FMT_YUVJ411P,
    ].contains(format)
  }
}

extension VideoFrame {
  /// Fades each pixel towards black by its alpha; 255 is opaque. `alpha` has one byte per pixel.
  mutating func blendOverBlack(alpha: [UInt8]) {
    for place in 0..<y.count {
      let value = (Int(y[place]) - 16) * Int(alpha[place])
      y[place] = UInt8(max(0, min(255, 16 + (value + (value < 0 ? -127 : 127)) / 255)))
    }
    let half = width / 2
    for place in 0..<u.count {
      let corner = (place / half) * 2 * width + (place % half) * 2
      let opacity =
        Int(alpha[corner]) + Int(alpha[corner + 1]) + Int(alpha[corner + width])
        + Int(alpha[corner + width + 1])
      u[place] = UInt8(128 + (Int(u[place]) - 128) * opacity / 1_020)
      v[place] = UInt8(128 + (Int(v[place]) - 128) * opacity / 1_020)
    }
  }
}
