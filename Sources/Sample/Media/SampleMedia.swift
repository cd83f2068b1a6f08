import Diagnostics
import FoundationEssentials
import Glibc
import Media

/// Draws a tenant's pictures and generates its recordings, below the media root.
struct SampleMedia {
  let root: String
  let seed: UInt64

  /// The files of a tenant in order, relative to the media root.
  func keys(of tenant: SampleTenant) -> [String] {
    tenant.pictures.map { tenant.pictureKey($0.number) }
      + tenant.profile.recordings.map { tenant.recordingKey($0) }
  }

  /// Writes the files that do not exist yet. Calls `made` after each file.
  func write(_ tenant: SampleTenant, _ made: (String) -> Void) throws(Diagnostic) {
    for picture in tenant.pictures {
      let key = tenant.pictureKey(picture.number)
      if !isThere(key) {
        var drawing = SamplePicture(
          picture.idea, design: picture.design, accent: tenant.profile.accent, seed: seed,
          purpose: key)
        let (width, height) = drawing.size
        let bitmap = try Rasteriser.draw(drawing.svg(), width: width, height: height)
        try save(try bitmap.png(), as: key)
      }
      made(key)
    }
    for recording in tenant.profile.recordings {
      let key = tenant.recordingKey(recording)
      if !isThere(key) { try record(recording, tenant, as: key) }
      made(key)
    }
  }

  private func record(
    _ recording: SampleRecording, _ tenant: SampleTenant, as key: String
  ) throws(Diagnostic) {
    let place = tenant.profile.recordings.firstIndex { $0.name == recording.name } ?? 0
    let screen = SampleScreen(
      recording: recording, accent: tenant.profile.accent,
      people: tenant.people.prefix(3).map(\.first), subject: tenant.profile.words.subjects[place])
    let path = "\(root)/\(key)"
    let partial = path + ".part"
    try makeFolder(of: path)
    let shape: RecordingWriter.Shape =
      switch recording.shape {
      case .webmVP8: .webmVP8
      case .webmVP9: .webmVP9
      case .mp4H264: .mp4H264
      }
    let writer = try RecordingWriter(
      shape: shape, width: recording.width, height: recording.height, hasAudio: true, path: partial)
    var voice = SampleVoice(seed: seed &+ UInt64(place), speakers: screen.people.count)
    var random = SampleRandom(seed: seed, "pace/\(key)")
    var heard = 0
    var time = 0
    let end = recording.seconds * 1000
    while time < end {
      let bitmap = try Rasteriser.draw(
        screen.svg(at: time), width: recording.width, height: recording.height)
      try writer.append(VideoFrame(bitmap), at: time)
      let step = 1000 / recording.rate
      time +=
        recording.isUneven ? step / 2 + random.below(step) + (random.oneIn(20) ? 240 : 0) : step
      let wanted = min(time, end) * (SampleVoice.rate / 1000)
      if wanted > heard {
        try writer.append(stereo: voice.next(wanted - heard))
        heard = wanted
      }
    }
    try writer.finish()
    try keep(recording.kept, of: partial)
    guard rename(partial, path) == 0 else { throw failure(key) }
  }

  /// Truncates a file, as if the browser had been closed during the recording.
  private func keep(_ hundredths: Int, of path: String) throws(Diagnostic) {
    guard hundredths < 100 else { return }
    var status = stat()
    guard stat(path, &status) == 0, truncate(path, status.st_size * hundredths / 100) == 0 else {
      throw failure(path)
    }
  }

  private func isThere(_ key: String) -> Bool {
    var status = stat()
    return stat("\(root)/\(key)", &status) == 0 && status.st_size > 0
  }

  private func save(_ bytes: [UInt8], as key: String) throws(Diagnostic) {
    let path = "\(root)/\(key)"
    try makeFolder(of: path)
    do {
      try Data(bytes).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw failure(key, error)
    }
  }

  private func makeFolder(of path: String) throws(Diagnostic) {
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      .joined(separator: "/")
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw failure("", error)
    }
  }

  private func failure(_ key: String, _ cause: (any Error)? = nil) -> Diagnostic {
    Diagnostic(
      .io, "the sample media cannot be written", at: .init(file: "\(root)/\(key)"),
      hint: "make the folder writable, with room for about 20 MB",
      underlying: cause)
  }
}
