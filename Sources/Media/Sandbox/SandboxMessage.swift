/// One message of a child to its parent: a tag, the payload's length as four bytes, the payload.
struct SandboxMessage {
  enum Tag: UInt8 {
    /// The job's answer; what it holds depends on the job.
    case result = 1
    /// Why the job failed: text.
    case failure = 2
    /// Something the job went on in spite of: `code`, a line feed, text.
    case warning = 3
    /// A picture: width and height as four bytes each, then its planes.
    case frame = 4
    /// Interleaved stereo samples, 32 bits each.
    case sound = 5
    /// The work is done and nothing follows.
    case end = 6
  }

  var tag: Tag
  var payload: [UInt8]
  /// What a picture's payload is, taken apart.
  var frame: VideoFrame?

  /// No child has reason to send more at once: 50 megapixels of 4 bytes and their size.
  static let largest = 4 * 50_000_000 + 8
}
