import Basics
import Diagnostics
import Media

/// The disk space that a film needs, estimated before its first scene is encoded.
enum FilmRoom {
  /// Bytes of the segments and of the joined film, estimated generously.
  ///
  /// A quarter of a byte per pixel and grid step is 3.5 Mbit/s at 720p, about twice the rate of a
  /// lively recording.
  static func bytes(steps: Int, _ format: FilmFormat) -> Int {
    2 * steps * (format.width * format.height / 4 + format.audioBitRate / 15)
  }

  /// Throws `io` if the folder's file system says that it has less free space.
  static func check(
    _ cuts: [(scenes: [FilmScene], format: FilmFormat)], in folder: String
  ) throws(Diagnostic) {
    let needed = cuts.reduce(0) { sum, cut in
      sum + bytes(steps: cut.scenes.reduce(0) { $0 + $1.steps }, cut.format)
    }
    // A file system that does not tell can have room: the encoder finds out.
    try check(needed: needed, free: FreeSpace.bytes(at: folder) ?? .max)
  }

  static func check(needed: Int, free: Int) throws(Diagnostic) {
    if needed <= free { return }
    throw Diagnostic(
      .io,
      "the film needs up to \(Counted.bytes(needed)), but the workspace has only"
        + " \(Counted.bytes(free)) free",
      hint:
        "free some space, set workspace: to another disk, or shorten the film under stitch.lengths")
  }
}
