import Basics
import Diagnostics
import Foundation
import Media
import Pipelines

/// A film's pictures and recordings. Each is inspected once per content.
struct FilmMedia: Sendable {
  /// What is known about one object.
  struct Facts: Sendable {
    var key: String
    /// `nil` where there is no such object.
    var digest: SHA256Digest?
    var content: Content
    /// How long the recording can be at most, in milliseconds, if that decides what is in it.
    var longest: Int?

    /// What stands in keys.
    var digestText: String { digest?.hex ?? "missing" }
  }

  enum Content: Sendable {
    case picture(width: Int, height: Int)
    case recording(RecordingProbe)
    /// It cannot be used, with the reason.
    case unusable(String)
  }

  /// The facts about a picture that are kept in the workspace.
  private struct PictureFacts: Codable {
    var width: Int?
    var height: Int?
    var failure: String?
    /// What is missing of it.
    var damage: String?
  }

  private struct RecordingFacts: Codable {
    var probe: RecordingProbe?
    var failure: String?
  }

  /// Pictures are scaled down to this size: a little more than a frame's width, and high enough for
  /// long pictures.
  static let pictureBox = (width: 1_400, height: 5_600)

  let environment: any StageEnvironment

  func open(_ key: String) throws(Diagnostic) -> MediaObject { try environment.open(media: key) }

  func picture(_ key: String) throws(Diagnostic) -> Bitmap {
    try PictureReader.read(
      open(key), maxWidth: FilmMedia.pictureBox.width, maxHeight: FilmMedia.pictureBox.height,
      check: environment.checking)
  }

  /// Throws if the object has changed since it was digested: what was made from it would belong to
  /// no key.
  func confirm(_ facts: Facts) throws {
    if let digest = facts.digest { try environment.confirm(media: facts.key, digest) }
  }

  /// Inspects an object. A fault of the object is returned as a warning and as `unusable`.
  ///
  /// - Parameter recorded: How long a recording ran by the platform's clock, in milliseconds.
  func facts(
    _ key: String, _ medium: StitchSpec.Medium, recorded: Int? = nil
  ) throws -> (facts: Facts, warnings: [Warning]) {
    let digest: SHA256Digest
    do {
      digest = try environment.digest(ofMedia: key)
    } catch let error as Diagnostic where error.code == .data {
      let facts = Facts(key: key, digest: nil, content: .unusable(error.message))
      let isRefused = environment.media?.refusal(of: key) != nil
      return (
        facts, [warning(isRefused ? "media-refused" : "media-missing", key, error.message)]
      )
    }
    switch medium {
    case .picture: return try pictureFacts(key, digest)
    case .recording: return try recordingFacts(key, digest, recorded: recorded)
    }
  }

  /// A recording with long pauses that lasts longer than it ran is read again: what looks like a
  /// pause was a change of the recorder's clock.
  private func recordingFacts(
    _ key: String, _ digest: SHA256Digest, recorded: Int?
  ) throws -> (facts: Facts, warnings: [Warning]) {
    let found = try recordingFacts(key, digest, longest: nil)
    guard case .recording(let probe) = found.facts.content, probe.pause > 0, let recorded else {
      return found
    }
    // The two clocks differ, and the recorder starts and stops a little later.
    let longest = recorded + recorded / 10 + 60_000
    return probe.duration > longest
      ? try recordingFacts(key, digest, longest: longest) : found
  }

  private func pictureFacts(
    _ key: String, _ digest: SHA256Digest
  ) throws -> (facts: Facts, warnings: [Warning]) {
    var inputs = KeyInputs(stage: "picture facts", version: 2)
    inputs.add("media", digest)
    let found = try environment.cached(inputs) { path in
      var facts = PictureFacts()
      do throws(Diagnostic) {
        let (picture, warnings) = try PictureReader.inspect(
          open(key), maxWidth: FilmMedia.pictureBox.width, maxHeight: FilmMedia.pictureBox.height,
          check: environment.checking)
        facts = PictureFacts(
          width: picture.width, height: picture.height, damage: warnings.first?.message)
      } catch {
        guard error.code == .data else { throw error }
        facts.failure = error.message
      }
      try environment.confirm(media: key, digest)
      try FilmMedia.write(facts, to: path)
      return []
    }
    let facts = try FilmMedia.read(PictureFacts.self, from: found.file.path)
    guard let width = facts.width, let height = facts.height else {
      let failure = facts.failure ?? "it can't be decoded"
      return (
        Facts(key: key, digest: digest, content: .unusable(failure)),
        found.warnings + [warning("picture-unusable", key, failure)]
      )
    }
    return (
      Facts(key: key, digest: digest, content: .picture(width: width, height: height)),
      found.warnings
        + (facts.damage.map { [Warning(code: "picture-damaged", subject: key, message: $0)] } ?? [])
    )
  }

  private func recordingFacts(
    _ key: String, _ digest: SHA256Digest, longest: Int?
  ) throws -> (facts: Facts, warnings: [Warning]) {
    var inputs = KeyInputs(stage: "recording facts", version: 3)
    inputs.add("media", digest)
    if let longest { inputs.add("longest", String(longest)) }
    let found = try environment.cached(inputs) { path in
      var facts = RecordingFacts()
      do throws(Diagnostic) {
        facts.probe = try RecordingProbe.probe(
          open(key), longest: longest, check: environment.checking)
      } catch {
        guard error.code == .data else { throw error }
        facts.failure = error.message
      }
      try environment.confirm(media: key, digest)
      try FilmMedia.write(facts, to: path)
      return []
    }
    let facts = try FilmMedia.read(RecordingFacts.self, from: found.file.path)
    guard let probe = facts.probe else {
      let failure = facts.failure ?? "it can't be decoded"
      return (
        Facts(key: key, digest: digest, content: .unusable(failure)),
        [warning("recording-unusable", key, failure)]
      )
    }
    return (
      Facts(key: key, digest: digest, content: .recording(probe), longest: longest),
      probe.warnings.map { Warning(code: $0.code, subject: key, message: $0.message) }
    )
  }

  private func warning(_ code: String, _ key: String, _ reason: String) -> Warning {
    Warning(code: code, subject: key, message: "\(reason); a card is shown instead")
  }

  private static func write(_ value: some Encodable, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try FileDescriptor.write(file: path, encoder.encode(value))
  }

  private static func read<Value: Decodable>(_ type: Value.Type, from path: String) throws -> Value
  {
    try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }
}

/// Chooses the part of a recording that is shown.
enum FilmHighlight {
  /// The second at which the most active excerpt of `length` seconds begins.
  ///
  /// The score of a second is twice its speech plus the change of its pictures; a black second
  /// scores zero. Speech is sound (root mean square, limited to −20 dBFS) weighted by how uneven it
  /// is, so that humming and hissing score little. Of equal excerpts the first is taken.
  static func start(_ activity: [RecordingProbe.Activity], length: Int) -> Int {
    guard activity.count > length, length > 0 else { return 0 }
    let scores = activity.map { second -> Int in
      if second.luma >= 0, second.luma < 18 { return 0 }
      let speech = min(second.rms, 100_000) * second.unevenness / 100_000
      return 2 * speech + min(second.change, 1_000_000) / 1_000
    }
    var sum = scores[..<length].reduce(0, +)
    var best = (start: 0, sum: sum)
    for start in 1...(scores.count - length) {
      sum += scores[start + length - 1] - scores[start - 1]
      if sum > best.sum { best = (start, sum) }
    }
    return best.start
  }
}
