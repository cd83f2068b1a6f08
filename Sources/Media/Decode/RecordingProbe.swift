package import Diagnostics
import FoundationEssentials

/// What a recording holds, found by decoding it in the sandbox: headers are not believed.
///
/// It depends on the recording's bytes alone, so it may be kept by their digest.
package struct RecordingProbe: Hashable, Sendable, Codable {
  /// The container's short name: `matroska`, `mov`, `mpegts`, `avi`.
  package var container: String
  /// How long what decodes lasts, in milliseconds.
  package var duration: Int
  package var video: Video?
  package var audio: Audio?
  /// One entry a second of the recording.
  package var activity: [Activity]
  /// What was met on the way: a broken tail, a stream left out.
  package var warnings: [Warning]

  package struct Video: Hashable, Sendable, Codable {
    package var codec: String
    /// As shown: after rotation, with square pixels.
    package var width: Int
    package var height: Int
    /// Clockwise degrees the picture is turned for showing: 0, 90, 180 or 270.
    package var rotation: Int
    package var duration: Int
    package var frames: Int
  }

  package struct Audio: Hashable, Sendable, Codable {
    package var codec: String
    package var sampleRate: Int
    package var channels: Int
    package var duration: Int
    /// Integrated loudness, LUFS × 100; `nil` where all is below the gate.
    package var loudness: Int?
    /// Peak in millionths of full scale.
    package var peak: Int
  }

  /// What happens within one second.
  package struct Activity: Hashable, Sendable, Codable {
    /// Root mean square and peak of the sound, in millionths of full scale.
    package var rms: Int
    package var peak: Int
    /// How uneven the sound is: 1,000 − the energy of the quiet fifth of its windows of 25 ms by the mean's. Speech has
    /// its syllables and reaches 900; a hum, a fan or hiss stays below 300.
    package var unevenness: Int
    /// Mean absolute change of luma between pictures a tenth of a second apart, in thousandths of a level, summed over
    /// the second.
    package var change: Int
    /// Mean luma of the second's last picture, 0…255; `-1` without a picture.
    package var luma: Int
  }

  /// Probes the object in a sandboxed child.
  ///
  /// - Throws: `data` with the reason where the recording is of no use.
  package static func probe(
    _ object: MediaObject, limits: SandboxLimits = SandboxLimits()
  ) throws(Diagnostic) -> RecordingProbe {
    let process = try SandboxProcess(.probe, object: object, limits: limits)
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
