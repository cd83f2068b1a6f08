import CLibAV
import Diagnostics

/// The tracks of a film that is being written.
final class FilmTracks {
  private static let frames = AVRational(num: 1, den: Int32(FilmFormat.frameRate))
  private static let samples = AVRational(num: 1, den: Int32(FilmFormat.sampleRate))
  private static let milliseconds = AVRational(num: 1, den: 1_000)

  private let muxer: Muxer
  private let video: UnsafeMutablePointer<AVStream>
  private let audio: UnsafeMutablePointer<AVStream>
  private let text: UnsafeMutablePointer<AVStream>?

  init(
    muxer: Muxer, header: SegmentFile.Header, metadata: FilmMetadata, hasCaptions: Bool
  ) throws(Diagnostic) {
    self.muxer = muxer
    video = try muxer.addStream(timeBase: FilmTracks.frames) { stream throws(Diagnostic) in
      guard let parameters = stream.pointee.codecpar else { return }
      parameters.pointee.codec_type = AVMEDIA_TYPE_VIDEO
      parameters.pointee.codec_id = AV_CODEC_ID_H264
      parameters.pointee.width = Int32(header.width)
      parameters.pointee.height = Int32(header.height)
      parameters.pointee.format = AV_PIX_FMT_YUV420P.rawValue
      parameters.pointee.color_range = AVCOL_RANGE_MPEG
      parameters.pointee.color_space = AVCOL_SPC_BT709
      parameters.pointee.color_primaries = AVCOL_PRI_BT709
      parameters.pointee.color_trc = AVCOL_TRC_BT709
      parameters.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
      try Muxer.setExtradata(header.videoExtradata, of: parameters)
      stream.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
      stream.pointee.avg_frame_rate = AVRational(num: Int32(FilmFormat.frameRate), den: 1)
      stream.pointee.r_frame_rate = AVRational(num: Int32(FilmFormat.frameRate), den: 1)
    }
    audio = try muxer.addStream(timeBase: FilmTracks.samples) { stream throws(Diagnostic) in
      guard let parameters = stream.pointee.codecpar else { return }
      parameters.pointee.codec_type = AVMEDIA_TYPE_AUDIO
      parameters.pointee.codec_id = AV_CODEC_ID_AAC
      parameters.pointee.profile = FF_PROFILE_AAC_LOW
      parameters.pointee.format = AV_SAMPLE_FMT_FLTP.rawValue
      parameters.pointee.sample_rate = Int32(FilmFormat.sampleRate)
      parameters.pointee.frame_size = Int32(SegmentEncoder.audioFrame)
      parameters.pointee.initial_padding = Int32(SegmentEncoder.audioFrame)
      av_channel_layout_default(&parameters.pointee.ch_layout, 2)
      try Muxer.setExtradata(header.audioExtradata, of: parameters)
    }
    if hasCaptions {
      text = try muxer.addStream(timeBase: FilmTracks.milliseconds) { stream throws(Diagnostic) in
        guard let parameters = stream.pointee.codecpar else { return }
        parameters.pointee.codec_type = AVMEDIA_TYPE_SUBTITLE
        parameters.pointee.codec_id = AV_CODEC_ID_MOV_TEXT
        parameters.pointee.width = Int32(header.width)
        parameters.pointee.height = Int32(header.height / 10)
        try Muxer.setExtradata(CaptionWriter.sampleDescription, of: parameters)
      }
    } else {
      text = nil
    }
    let context = muxer.context
    av_dict_set(&context.pointee.metadata, "title", metadata.title, 0)
    if let artist = metadata.artist {
      av_dict_set(&context.pointee.metadata, "artist", artist, 0)
    }
    if let date = metadata.date { av_dict_set(&context.pointee.metadata, "date", date, 0) }
    if let language = metadata.language {
      for stream in [video, audio, text].compactMap({ $0 }) {
        av_dict_set(&stream.pointee.metadata, "language", language, 0)
      }
    }
  }

  /// Writes the header of a film for streaming. A part ends where the muxer is flushed.
  func beginStream() throws(Diagnostic) {
    try muxer.writeHeader(options: [
      ("movflags", "+frag_custom+dash+delay_moov+skip_sidx+default_base_moof"),
      ("avoid_negative_ts", "disabled"), ("use_editlist", "1"),
    ])
  }

  /// Writes the header. A chapter ends where the next one begins, the last one at the end of the
  /// film.
  func begin(chapters: [FilmChapter], gridSteps: Int) throws(Diagnostic) {
    let step = AVRational(num: Int32(FilmFormat.framesPerStep), den: Int32(FilmFormat.frameRate))
    for (index, chapter) in chapters.enumerated() {
      let next = index + 1 < chapters.count ? chapters[index + 1].startStep : gridSteps
      guard chapter.startStep >= 0, chapter.startStep < next, next <= gridSteps else {
        throw Diagnostic(.bug, "chapters must be in order and within the film")
      }
      try LibAV.check(
        yb_add_chapter(
          muxer.context, Int64(index), step, Int64(chapter.startStep), Int64(next), chapter.title),
        "adding a chapter")
    }
    // Times are exact, and below zero at the start if a codec needs it: they must not be shifted.
    try muxer.writeHeader(options: [
      ("movflags", "+faststart"), ("avoid_negative_ts", "disabled"), ("use_editlist", "1"),
    ])
  }

  /// Copies a segment's packets, ordered by their decoding time.
  ///
  /// - Parameter beforeKey: Called before each key picture, with its frame number in the film.
  func append(
    _ segment: SegmentFile.Contents, at gridStep: Int,
    beforeKey: (Int) throws(Diagnostic) -> Void = { _ in }
  ) throws(Diagnostic) {
    let frameOffset = Int64(gridStep * FilmFormat.framesPerStep)
    let sampleOffset = Int64(gridStep * FilmFormat.samplesPerStep)
    let sounds = gridStep == 0 ? segment.audio[...] : segment.audio.dropFirst()
    var (nextVideo, nextAudio) = (segment.video.startIndex, sounds.startIndex)
    while nextVideo < segment.video.endIndex || nextAudio < sounds.endIndex {
      let isVideo: Bool
      if nextAudio == sounds.endIndex {
        isVideo = true
      } else if nextVideo == segment.video.endIndex {
        isVideo = false
      } else {
        let samplesPerFrame = Int64(FilmFormat.samplesPerFrame)
        isVideo = segment.video[nextVideo].dts * samplesPerFrame <= sounds[nextAudio].dts
      }
      if isVideo {
        let packet = segment.video[nextVideo]
        nextVideo += 1
        if packet.isKey { try beforeKey(Int(packet.pts + frameOffset)) }
        try write(
          packet, of: segment, offset: frameOffset, to: video, timeBase: FilmTracks.frames)
      } else {
        let packet = sounds[nextAudio]
        nextAudio += 1
        try write(
          packet, of: segment, offset: sampleOffset, to: audio, timeBase: FilmTracks.samples)
      }
    }
  }

  /// Writes one sample of the text track.
  func append(text bytes: [UInt8], start: Int, end: Int) throws(Diagnostic) {
    guard let text else { return }
    try withBuffer(bytes) { buffer throws(Diagnostic) in
      try muxer.write(
        buffer, pts: Int64(start), dts: Int64(start), duration: Int64(end - start), isKey: true,
        to: text, timeBase: FilmTracks.milliseconds)
    }
  }

  private func write(
    _ packet: SegmentFile.PacketRecord, of segment: SegmentFile.Contents, offset: Int64,
    to stream: UnsafeMutablePointer<AVStream>, timeBase: AVRational
  ) throws(Diagnostic) {
    try withBuffer(segment.bytes) { buffer throws(Diagnostic) in
      try muxer.write(
        UnsafeBufferPointer(rebasing: buffer[packet.payload]), pts: packet.pts + offset,
        dts: packet.dts + offset, duration: packet.duration, isKey: packet.isKey, to: stream,
        timeBase: timeBase)
    }
  }
}

/// `withUnsafeBufferPointer` that keeps the type of the error.
func withBuffer<Element, Result>(
  _ array: [Element], _ body: (UnsafeBufferPointer<Element>) throws(Diagnostic) -> Result
) throws(Diagnostic) -> Result {
  let outcome = array.withUnsafeBufferPointer { buffer -> Swift.Result<Result, Diagnostic> in
    do throws(Diagnostic) { return .success(try body(buffer)) } catch { return .failure(error) }
  }
  return try outcome.get()
}
