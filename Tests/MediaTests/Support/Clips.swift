import Diagnostics
import Glibc
import Media

/// Small generated pictures and sounds, and a folder for files made from them.
enum Clips {
  static let format = FilmFormat.p360

  /// A frame with a moving gradient and a bar that depends on `seed`.
  static func frame(
    _ index: Int, seed: Int = 0, width: Int = format.width, height: Int = format.height
  ) -> VideoFrame {
    var frame = VideoFrame(width: width, height: height, luma: 40)
    for row in 0..<height {
      for column in 0..<width {
        frame.y[row * width + column] = UInt8(16 + (column + row * 2 + index * 3 + seed * 31) % 200)
      }
    }
    for place in 0..<frame.u.count {
      frame.u[place] = UInt8(100 + (seed * 7) % 50)
      frame.v[place] = UInt8(120 + (place + index) % 20)
    }
    return frame
  }

  /// A tone of 440 Hz, interleaved stereo, from sample `start` on.
  static func tone(_ count: Int, from start: Int = 0, amplitude: Float = 0.2) -> [Float] {
    (0..<count).flatMap { index -> [Float] in
      let value = amplitude * sinf(Float(start + index) * 440 * 2 * .pi / 48_000)
      return [value, value]
    }
  }

  /// Noise that grows louder, always the same, made without the mathematics library.
  static func noise(_ count: Int) -> [Float] {
    var seed: UInt32 = 7
    return (0..<2 * count).map { index in
      seed = seed &* 1_664_525 &+ 1_013_904_223
      let level = Float(index % 20_000) / 20_000 * 0.3
      return (Float(seed >> 8) / Float(1 << 24) - 0.5) * level
    }
  }

  /// Noise of one level.
  static func steadyNoise(_ count: Int, amplitude: Float) -> [Float] {
    var seed: UInt32 = 7
    return (0..<2 * count).map { _ in
      seed = seed &* 1_664_525 &+ 1_013_904_223
      return (Float(seed >> 8) / Float(1 << 24) - 0.5) * 2 * amplitude
    }
  }

  /// Encodes a segment of `steps` grid steps.
  static func segment(
    _ path: String, steps: Int = 1, seed: Int = 0, samples: Int? = nil
  ) throws {
    let encoder = try SegmentEncoder(format: format, gridSteps: steps, path: path)
    for index in 0..<steps * 16 { try encoder.append(frame(index, seed: seed)) }
    try encoder.append(stereo: tone(samples ?? steps * 25_600))
    try encoder.finish()
  }
}

/// A folder that is removed with its contents when the test ends.
final class Folder {
  let path: String

  init() {
    var template = Array("/tmp/yearbook-media-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress, let made = mkdtemp(base) else { return "" }
      return String(cString: made)
    }
  }

  deinit { Run.tool("rm", "-rf", path) }

  func file(_ name: String) -> String { path + "/" + name }
}
