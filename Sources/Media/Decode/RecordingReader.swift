package import Diagnostics

/// Reads an excerpt of a recording, decoded in the sandbox, at a constant 30 frames per second with
/// sound.
package final class RecordingReader {
  /// The picture and sound of 1/30 s.
  package struct Moment: Sendable {
    /// The picture, scaled to fit the box; `nil` if the recording has no pictures. Its size can
    /// change within the stream.
    package var frame: VideoFrame?
    /// 1,600 interleaved stereo samples per channel (3,200 values) at 48 kHz; silence if there is
    /// no sound.
    package var samples: [Float]
  }

  /// Problems that were found; complete when `next()` has returned `nil`.
  package private(set) var warnings: [Warning] = []

  private let process: SandboxProcess
  private let key: String
  private let box: (width: Int, height: Int)
  private var frame: VideoFrame?
  private var hasEnded = false

  /// Starts reading `[start, start + length)`, in milliseconds of the recording's own time, which
  /// is zero at its first packet.
  ///
  /// Pictures are scaled to fit `maxWidth × maxHeight` pixels, and enlarged at most four times.
  ///
  /// - Parameter longest: As in `RecordingProbe.probe`.
  package init(
    _ object: MediaObject, start: Int, length: Int, maxWidth: Int, maxHeight: Int,
    longest: Int? = nil, limits: SandboxLimits = SandboxLimits(), check: @escaping SandboxCheck = {}
  ) throws(Diagnostic) {
    key = object.key
    box = (maxWidth, maxHeight)
    process = try SandboxProcess(
      .read(
        start: start, length: length, maxWidth: maxWidth, maxHeight: maxHeight,
        longest: longest ?? 0),
      object: object, limits: limits, check: check)
  }

  /// The next 1/30 s, or `nil` at the end of the excerpt or where the recording breaks off.
  ///
  /// If the recording makes the child die after it has sent something, the excerpt ends early, with
  /// a warning.
  ///
  /// - Throws: `data` if nothing of the excerpt can be used; faults of the machine, as
  ///   `SandboxFault` says.
  package func next() throws(Diagnostic) -> Moment? {
    if hasEnded { return nil }
    while true {
      let message: SandboxMessage?
      do throws(Diagnostic) { message = try process.next() } catch {
        hasEnded = true
        // Only a fault of the recording ends the excerpt early. After a fault of the machine, the
        // rest of it is not known.
        if !hasBegun || error.code != .data { throw error }
        warnings.append(
          Warning(
            code: "recording-damaged", subject: key,
            message: "the excerpt ends early: \(error.message)"))
        return nil
      }
      switch message?.tag {
      case .frame?:
        guard let picture = message?.frame, picture.width <= box.width, picture.height <= box.height
        else { throw process.failure("the decoding process sent a malformed message") }
        frame = picture
      case .sound?:
        hasBegun = true
        return Moment(frame: frame, samples: try sound(message?.payload ?? []))
      case .warning?: warn(message?.payload ?? [])
      default:
        hasEnded = true
        return nil
      }
    }
  }

  private var hasBegun = false

  private func sound(_ bytes: [UInt8]) throws(Diagnostic) -> [Float] {
    let count = 2 * FilmFormat.samplesPerFrame
    if bytes.isEmpty { return [Float](repeating: 0, count: count) }
    guard bytes.count == 4 * count else {
      throw process.failure("the decoding process sent a malformed message")
    }
    return bytes.withUnsafeBytes { raw in
      (0..<count).map { index in
        let value = raw.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
        return value.isFinite ? min(1, max(-1, value)) : 0
      }
    }
  }

  private func warn(_ bytes: [UInt8]) {
    guard warnings.count < 20, let warning = process.warning(bytes) else { return }
    warnings.append(warning)
  }
}
