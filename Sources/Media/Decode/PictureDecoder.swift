import CLibAV
import Diagnostics

/// Inside the sandbox: decodes one picture, turns it upright, scales it down to fit the box and
/// sends it as premultiplied BGRA.
enum PictureDecoder {
  /// Larger files are refused.
  static let largestFile = 128 << 20

  static func run(_ input: MediaInput, box: (width: Int, height: Int)) throws(Diagnostic) {
    guard (1...16_384).contains(box.width), (1...16_384).contains(box.height) else {
      throw Diagnostic(.data, "the size asked for is out of range")
    }
    if input.size == 0 { throw Diagnostic(.data, "the file is empty") }
    if input.size > largestFile {
      throw Diagnostic(.data, "the file has more than \(largestFile >> 20) MiB")
    }
    var bytes = try input.read(at: 0, count: input.size)
    guard let header = PictureHeader(bytes) else {
      throw Diagnostic(.data, "it is no PNG, JPEG, WebP, GIF or BMP, or its header is damaged")
    }
    if header.width * header.height > PictureReader.pixelBudget {
      throw Diagnostic(
        .data,
        "\(header.width) × \(header.height) pixels are more than the "
          + "\(PictureReader.pixelBudget / 1_000_000) million that are decoded")
    }
    if header.kind == .webp, let still = PictureHeader.firstFrame(ofWebP: bytes) { bytes = still }
    let frame = try decode(bytes, header, input)
    let result = try convert(frame.pointer, box)
    if header.kind == .jpeg, !PictureHeader.isComplete(jpeg: bytes) {
      ChildOutput.warn("picture-damaged", "it breaks off: a part of the picture is missing")
    }
    var size: [UInt8] = []
    size.append(littleEndian: UInt32(result.width))
    size.append(littleEndian: UInt32(result.height))
    ChildOutput.send(.result, size, result.pixels)
  }

  private static func decode(
    _ bytes: [UInt8], _ header: PictureHeader, _ input: MediaInput
  ) throws(Diagnostic) -> Frame {
    // A GIF must be split into frames. All other kinds are one packet.
    if header.kind == .gif { return try decodeFirstFrame(input, containers: "gif", codecs: "gif") }
    let (id, name) =
      switch header.kind {
      case .png, .gif: (AV_CODEC_ID_PNG, "png")
      case .jpeg: (AV_CODEC_ID_MJPEG, "mjpeg")
      case .webp: (AV_CODEC_ID_WEBP, "webp")
      case .bmp: (AV_CODEC_ID_BMP, "bmp")
      }
    var parameters = avcodec_parameters_alloc()
    defer { avcodec_parameters_free(&parameters) }
    guard let parameters else { throw Diagnostic(.data, "there is not enough memory") }
    parameters.pointee.codec_type = AVMEDIA_TYPE_VIDEO
    parameters.pointee.codec_id = id
    let decoder = try Decoder(
      parameters, codecs: name, timeBase: AVRational(num: 1, den: 1),
      maxPixels: PictureReader.pixelBudget)
    let packet = Packet()
    try LibAV.check(
      av_new_packet(packet.pointer, Int32(bytes.count)), "making room for the picture", .data)
    bytes.withUnsafeBufferPointer { source in
      if let base = source.baseAddress {
        packet.pointer.pointee.data.update(from: base, count: bytes.count)
      }
    }
    packet.pointer.pointee.flags = AV_PKT_FLAG_KEY
    decoder.send(packet)
    if !decoder.receive() {
      decoder.send(nil)
      if !decoder.receive() { throw Diagnostic(.data, "the \(name) is damaged") }
    }
    return decoder.frame
  }

  private static func decodeFirstFrame(
    _ input: MediaInput, containers: String, codecs: String
  ) throws(Diagnostic) -> Frame {
    let context = try input.openDemuxer(containers: containers, codecs: codecs)
    defer { MediaInput.close(context) }
    guard context.pointee.nb_streams > 0, let stream = context.pointee.streams[0],
      let parameters = stream.pointee.codecpar
    else { throw Diagnostic(.data, "the \(codecs) is damaged") }
    let decoder = try Decoder(
      parameters, codecs: codecs, timeBase: stream.pointee.time_base,
      maxPixels: PictureReader.pixelBudget)
    let packet = Packet()
    for _ in 0..<100 where av_read_frame(context, packet.pointer) >= 0 {
      decoder.send(packet)
      av_packet_unref(packet.pointer)
      if decoder.receive() { return decoder.frame }
    }
    decoder.send(nil)
    if decoder.receive() { return decoder.frame }
    throw Diagnostic(.data, "the \(codecs) is damaged")
  }

  private static func convert(
    _ frame: UnsafeMutablePointer<AVFrame>, _ box: (width: Int, height: Int)
  ) throws(Diagnostic) -> Bitmap {
    let orientation = orientation(of: frame)
    let (width, height) = (Int(frame.pointee.width), Int(frame.pointee.height))
    guard width > 0, height > 0, width * height <= PictureReader.pixelBudget else {
      throw Diagnostic(.data, "the picture's size is not what its header says")
    }
    let room = orientation.isSideways ? (box.height, box.width) : (box.width, box.height)
    let zoom = min(1, Double(room.0) / Double(width), Double(room.1) / Double(height))
    let outWidth = max(1, min(room.0, Int((Double(width) * zoom).rounded())))
    let outHeight = max(1, min(room.1, Int((Double(height) * zoom).rounded())))
    let scaled = try scale(frame, outWidth, outHeight)
    let pixels = orientation.apply(scaled, width: outWidth, height: outHeight, stride: 4)
    return Bitmap(
      width: orientation.isSideways ? outHeight : outWidth,
      height: orientation.isSideways ? outWidth : outHeight, pixels: pixels)
  }

  private static func scale(
    _ frame: UnsafeMutablePointer<AVFrame>, _ width: Int, _ height: Int
  ) throws(Diagnostic) -> [UInt8] {
    let format = AVPixelFormat(frame.pointee.format)
    guard let descriptor = av_pix_fmt_desc_get(format) else {
      throw Diagnostic(.data, "its pixels are of an unknown format")
    }
    let hasAlpha =
      descriptor.pointee.flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0 || format == AV_PIX_FMT_PAL8
    // Transparent pixels must not give colour to their neighbours, so colours are multiplied by
    // alpha before scaling.
    var opaque: OpaquePointer?
    defer { sws_freeContext(opaque) }
    let source = Frame()
    if hasAlpha {
      try draw(
        frame, into: source, width: Int(frame.pointee.width), height: Int(frame.pointee.height),
        context: &opaque, flags: SWS_POINT)
      premultiply(source.pointer)
      if Int(frame.pointee.width) == width, Int(frame.pointee.height) == height {
        return packed(source.pointer, isOpaque: false)
      }
    }
    var scaling: OpaquePointer?
    defer { sws_freeContext(scaling) }
    let target = Frame()
    try draw(
      hasAlpha ? source.pointer : frame, into: target, width: width, height: height,
      context: &scaling, flags: SWS_AREA | SWS_FULL_CHR_H_INP | SWS_FULL_CHR_H_INT)
    return packed(target.pointer, isOpaque: !hasAlpha)
  }

  private static func draw(
    _ source: UnsafeMutablePointer<AVFrame>, into target: Frame, width: Int, height: Int,
    context: inout OpaquePointer?, flags: Int32
  ) throws(Diagnostic) {
    context = sws_getContext(
      source.pointee.width, source.pointee.height, AVPixelFormat(source.pointee.format),
      Int32(width), Int32(height), AV_PIX_FMT_BGRA, flags | SWS_ACCURATE_RND | SWS_BITEXACT, nil,
      nil, nil)
    if context == nil {
      throw Diagnostic(.data, "its pixels are of a format that cannot be converted")
    }
    // JPEG and WebP are BT.601; JPEG has the full range.
    let isFull =
      source.pointee.color_range == AVCOL_RANGE_JPEG
      || String(cString: av_get_pix_fmt_name(AVPixelFormat(source.pointee.format)))
        .hasPrefix("yuvj")
    let table = sws_getCoefficients(SWS_CS_ITU601)
    sws_setColorspaceDetails(context, table, isFull ? 1 : 0, table, 1, 0, 1 << 16, 1 << 16)
    target.pointer.pointee.width = Int32(width)
    target.pointer.pointee.height = Int32(height)
    target.pointer.pointee.format = AV_PIX_FMT_BGRA.rawValue
    try LibAV.check(av_frame_get_buffer(target.pointer, 0), "making room for the picture", .data)
    try LibAV.check(
      sws_scale_frame(context, target.pointer, source), "converting the picture", .data)
  }

  private static func premultiply(_ frame: UnsafeMutablePointer<AVFrame>) {
    guard let plane = frame.pointee.data.0 else { return }
    for row in 0..<Int(frame.pointee.height) {
      let line = plane + row * Int(frame.pointee.linesize.0)
      for column in 0..<Int(frame.pointee.width) {
        let pixel = line + 4 * column
        let alpha = Int(pixel[3])
        if alpha == 255 { continue }
        for channel in 0..<3 { pixel[channel] = UInt8((Int(pixel[channel]) * alpha + 127) / 255) }
      }
    }
  }

  private static func packed(_ frame: UnsafeMutablePointer<AVFrame>, isOpaque: Bool) -> [UInt8] {
    guard let plane = frame.pointee.data.0 else { return [] }
    let (width, height) = (Int(frame.pointee.width), Int(frame.pointee.height))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(width * height * 4)
    for row in 0..<height {
      bytes += UnsafeBufferPointer(
        start: plane + row * Int(frame.pointee.linesize.0), count: width * 4)
    }
    // Scaling can round colour and alpha differently by one level. Colour must not exceed alpha.
    for pixel in stride(from: 0, to: bytes.count, by: 4) {
      if isOpaque { bytes[pixel + 3] = 255 }
      let alpha = bytes[pixel + 3]
      if alpha == 255 { continue }
      for channel in pixel..<pixel + 3 { bytes[channel] = min(bytes[channel], alpha) }
    }
    return bytes
  }

  private static func orientation(of frame: UnsafeMutablePointer<AVFrame>) -> Orientation {
    if let data = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX),
      data.pointee.size >= 36
    {
      return Orientation(displayMatrix: data.pointee.data)
    }
    if let entry = av_dict_get(frame.pointee.metadata, "Orientation", nil, 0),
      let text = entry.pointee.value,
      let value = Int(String(cString: text).filter { $0.isNumber })
    {
      return Orientation(exif: value)
    }
    return .upright
  }
}
