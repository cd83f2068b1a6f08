public import Diagnostics

/// The folder below which a platform's recordings and pictures lie.
///
/// Keys come from a database and are not trusted: they are resolved by the kernel below this folder, with
/// no link followed and no way out, and only regular files are opened.
public struct MediaRoot: Hashable, Sendable {
  public var path: String

  public init(_ path: String) { self.path = path }

  /// Opens the object of this key.
  ///
  /// - Throws: `data` where the key names nothing, leads outside, is a link or no regular file; `io`.
  public func open(_ key: String) throws(Diagnostic) -> MediaObject {
    throw Diagnostic(.bug, "objects cannot be opened yet")
  }
}

/// One open recording or picture: the same descriptor serves for its digest and for decoding, so that
/// nobody can exchange the file in between.
public final class MediaObject {
  public let key: String
  /// Bytes at the time of opening.
  public let size: Int
  /// Last change, in nanoseconds since 1970.
  public let modified: Int64

  init(key: String, descriptor: Int32, size: Int, modified: Int64) {
    self.key = key
    self.size = size
    self.modified = modified
  }

  /// Calls `body` with the object's bytes from start to end, a block at a time.
  public func forEachBlock(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {}
}
