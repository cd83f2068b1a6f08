package import Diagnostics
import FoundationEssentials

/// What a recording contains, found by decoding it in the sandbox. Its headers are not trusted.
///
/// It depends only on the recording's bytes, so it can be kept under their digest.
package struct RecordingProbe: Hashable, Sendable, Codable {
  /// The container's short name: `matroska`, `mov`, `mpegts`, `avi`.
  package var container: String
  /// The length of what can be decoded, in milliseconds.
  package var duration: Int
  package var video: Video?
  package var audio: Audio?
  /// The length of all pauses of more than half a minute, in milliseconds. The picture stands, and
  /// there is no sound.
  package var pause: Int
  /// One entry per second of the recording.
  package var activity: [Activity]
  /// Problems that were found: a broken end, a stream left out.
  package var warnings: [Warning]

  /// The picture stream. `duration` is in milliseconds.
  package struct Video: Hashable, Sendable, Codable {
    package var codec: String
    /// In pixels, as shown: after rotation, with square pixels.
    package var width: Int
    package var height: Int
    /// The clockwise rotation before the picture is shown, in degrees: 0, 90, 180 or 270.
    package var rotation: Int
    package var duration: Int
    package var frames: Int
  }

  /// The sound stream. `sampleRate` is in Hz, `duration` in milliseconds.
  package struct Audio: Hashable, Sendable, Codable {
    package var codec: String
    package var sampleRate: Int
    package var channels: Int
    package var duration: Int
    /// Integrated loudness, LUFS × 100; `nil` if all sound is below the gate.
    package var loudness: Int?
    /// Peak in millionths of full scale.
    package var peak: Int
  }

  /// What happens within one second.
  package struct Activity: Hashable, Sendable, Codable {
    /// Root mean square and peak of the sound, in millionths of full scale.
    package var rms: Int
    package var peak: Int
    /// How uneven the sound is: 1,000 × (1 − the energy of the quiet fifth of its 25 ms windows ÷
    /// their mean energy). Speech has syllables and reaches 900. A hum, a fan or a hiss stays below
    /// 300.
    package var unevenness: Int
    /// Mean absolute change of luma between pictures 0.1 s apart, in thousandths of a level, summed
    /// over the second.
    package var change: Int
    /// Mean luma of the last picture of the second, 0…255; `-1` without a picture.
    package var luma: Int
  }

  /// Probes the object in a sandboxed child.
  ///
  /// - Parameter longest: How long it can be at most, in milliseconds, if that is known from
  ///   elsewhere. A pause that leads beyond that is a change of the recorder's clock, and is left
  ///   out.
  /// - Throws: `data` with the reason if the recording cannot be used.
  package static func probe(
    _ object: MediaObject, longest: Int? = nil, limits: SandboxLimits = SandboxLimits(),
    check: @escaping SandboxCheck = {}
  ) throws(Diagnostic) -> RecordingProbe {
    let process = try SandboxProcess(
      .probe(longest: longest ?? 0), object: object, limits: limits, check: check)
    guard let message = try process.next(), message.tag == .result else {
      throw process.failure("the decoding process gave no answer")
    }
    do {
      var probe = try JSONDecoder().decode(RecordingProbe.self, from: Data(message.payload))
      for index in probe.warnings.indices {
        probe.warnings[index].message = SandboxProcess.tame(probe.warnings[index].message.utf8)
      }
      return probe
    } catch { throw process.failure("the decoding process gave an answer that cannot be read") }
  }
}
