import CLibAV
import Diagnostics
import Glibc

/// What this module's files share for calls to libav.
enum LibAV {
  /// Sets libav up, once per process: without log output, and with the CPU features of the oldest
  /// supported processor.
  ///
  /// The features are forced for the whole process, in the parent and in the child. libav reads
  /// them whenever it opens a codec, scaler or resampler, and its AAC, Opus and scaling code rounds
  /// differently with other instruction sets. x264 ignores them: it uses its fastest code and
  /// guarantees the same bytes itself (`cpu-independent`).
  static func prepare() { _ = prepared }

  private static let prepared: Void = {
    yb_be_quiet()
    _ = allFeatures
    av_force_cpu_flags(yb_cpu_baseline())
  }()

  /// The features of this processor.
  private static let allFeatures: Int32 = av_get_cpu_flags()

  /// Lets libav use all features of the processor while `body` runs. Use it only for code whose
  /// results do not depend on the features, and only while no other thread uses libav.
  static func withAllFeatures<Result>(_ body: () -> Result) -> Result {
    av_force_cpu_flags(allFeatures)
    defer { av_force_cpu_flags(yb_cpu_baseline()) }
    return body()
  }

  /// Returns a status of success. Throws for a failure: `io` for the system's errors, otherwise
  /// `code`.
  @discardableResult
  static func check(
    _ status: Int32, _ what: String, _ code: Diagnostic.Code = .bug
  ) throws(Diagnostic) -> Int32 {
    if status >= 0 { return status }
    throw failure(status, what, code)
  }

  static func failure(_ status: Int32, _ what: String, _ code: Diagnostic.Code) -> Diagnostic {
    let system: [Int32] = [ENOSPC, EDQUOT, EIO, EACCES, EROFS, ENOENT, EMFILE, ENFILE, EFBIG]
    let isSystem = system.contains { yb_averror($0) == status }
    return Diagnostic(
      isSystem ? .io : code, "\(what): \(describe(status))",
      hint: status == yb_averror(ENOSPC) ? "free some space and run again" : nil)
  }

  static func describe(_ status: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    av_strerror(status, &buffer, buffer.count)
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// An `AVFrame` that frees itself.
final class Frame {
  let pointer: UnsafeMutablePointer<AVFrame>

  init() {
    guard let pointer = av_frame_alloc() else { fatalError("out of memory") }
    self.pointer = pointer
  }

  deinit {
    var pointer: UnsafeMutablePointer<AVFrame>? = pointer
    av_frame_free(&pointer)
  }
}

/// An `AVPacket` that frees itself.
final class Packet {
  let pointer: UnsafeMutablePointer<AVPacket>

  init() {
    guard let pointer = av_packet_alloc() else { fatalError("out of memory") }
    self.pointer = pointer
  }

  deinit {
    var pointer: UnsafeMutablePointer<AVPacket>? = pointer
    av_packet_free(&pointer)
  }
}
