/// One message from a child to its parent: a tag, the length of the payload in 4 bytes, the
/// payload.
struct SandboxMessage {
  enum Tag: UInt8 {
    /// The result of the job. Its format depends on the job.
    case result = 1
    /// Why the job failed, as text.
    case failure = 2
    /// A problem that did not stop the job: `code`, a line feed, text.
    case warning = 3
    /// A picture: width and height in 4 bytes each, then its planes.
    case frame = 4
    /// Interleaved stereo samples of 32 bits each.
    case sound = 5
    /// The job is done and nothing follows.
    case end = 6
    /// The sandbox is set up, and the input is read from now on: a `SandboxRoom`.
    case ready = 7
    /// What this machine did not allow or could not do, as text. The input is not to blame.
    case machine = 8
  }

  var tag: Tag
  var payload: [UInt8]
  /// The parts of a picture's payload.
  var frame: VideoFrame?

  /// The largest valid message: 50 megapixels of 4 bytes, and their size.
  static let largest = 4 * 50_000_000 + 8
}
