import Basics
import CLibAV
import Diagnostics
import Glibc

/// libav's view of one open file. It is read by offset through its descriptor, without a name or a
/// protocol.
final class MediaInput {
  let descriptor: Int32
  let size: Int
  fileprivate var position = 0
  fileprivate let onFault: (Int32) -> Void

  /// - Parameter onFault: is called with the error's number where the system cannot read the file.
  ///   What is decoded after that says nothing about the file.
  init(descriptor: Int32, size: Int, onFault: @escaping (Int32) -> Void) {
    self.descriptor = descriptor
    self.size = size
    self.onFault = onFault
  }

  /// Reads at most `count` bytes at `offset`, and fewer only at the end of the file.
  func read(at offset: Int, count: Int) throws(Diagnostic) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max(0, min(count, size - offset)))
    var done = 0
    while done < bytes.count {
      let got = bytes.withUnsafeMutableBytes { room in
        retryingInterrupts {
          pread(descriptor, room.baseAddress.map { $0 + done }, room.count - done, offset + done)
        }
      }
      if got < 0 {
        onFault(errno)
        throw Diagnostic(.io, "the object cannot be read")
      }
      if got == 0 { break }
      done += got
    }
    bytes.removeLast(bytes.count - done)
    return bytes
  }

  /// Opens a demuxer for this input, limited to known containers and codecs.
  ///
  /// The input must stay alive as long as the demuxer.
  func openDemuxer(
    containers: String, codecs: String
  ) throws(Diagnostic) -> UnsafeMutablePointer<AVFormatContext> {
    LibAV.prepare()
    let bufferSize = 1 << 16
    guard let context = avformat_alloc_context(), let buffer = av_malloc(bufferSize),
      let io = avio_alloc_context(
        buffer.assumingMemoryBound(to: UInt8.self), Int32(bufferSize), 0,
        Unmanaged.passUnretained(self).toOpaque(), readInput, nil, seekInput)
    else {
      onFault(ENOMEM)
      throw Diagnostic(.unavailable, "there is not enough memory to open it")
    }
    context.pointee.pb = io
    context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT
    context.pointee.io_open = { _, _, _, _, _ in yb_averror(EPERM) }
    context.pointee.max_streams = 32
    context.pointee.format_whitelist = av_strdup(containers)
    context.pointee.codec_whitelist = av_strdup(codecs)
    context.pointee.protocol_whitelist = av_strdup("none")
    var opened: UnsafeMutablePointer<AVFormatContext>? = context
    // If this fails, it frees the context but not its input.
    let status = avformat_open_input(&opened, nil, nil, nil)
    guard status >= 0, let opened else {
      MediaInput.free(io)
      throw Diagnostic(.data, "its container is damaged or of no known kind")
    }
    return opened
  }

  /// Closes a demuxer from `openDemuxer`.
  static func close(_ demuxer: UnsafeMutablePointer<AVFormatContext>) {
    let io = demuxer.pointee.pb
    var demuxer: UnsafeMutablePointer<AVFormatContext>? = demuxer
    avformat_close_input(&demuxer)
    free(io)
  }

  private static func free(_ io: UnsafeMutablePointer<AVIOContext>?) {
    var io = io
    if let context = io { av_free(context.pointee.buffer) }
    avio_context_free(&io)
  }
}

private func readInput(
  _ opaque: UnsafeMutableRawPointer?, _ room: UnsafeMutablePointer<UInt8>?, _ count: Int32
) -> Int32 {
  guard let opaque else { return yb_averror(EINVAL) }
  let input = Unmanaged<MediaInput>.fromOpaque(opaque).takeUnretainedValue()
  let got = retryingInterrupts { pread(input.descriptor, room, Int(count), input.position) }
  if got < 0 {
    input.onFault(errno)
    return yb_averror(EIO)
  }
  if got == 0 { return yb_averror_eof() }
  input.position += got
  return Int32(got)
}

private func seekInput(_ opaque: UnsafeMutableRawPointer?, _ offset: Int64, _ whence: Int32)
  -> Int64
{
  guard let opaque else { return -1 }
  let input = Unmanaged<MediaInput>.fromOpaque(opaque).takeUnretainedValue()
  switch whence & ~AVSEEK_FORCE {
  case AVSEEK_SIZE: return Int64(input.size)
  case SEEK_SET where offset >= 0: input.position = Int(offset)
  case SEEK_CUR where Int64(input.position) + offset >= 0: input.position += Int(offset)
  case SEEK_END where Int64(input.size) + offset >= 0: input.position = input.size + Int(offset)
  default: return Int64(yb_averror(EINVAL))
  }
  return Int64(input.position)
}
