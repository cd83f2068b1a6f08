/// What a browser lets a file of a release do. Whoever can write to the store can put a page there
/// that is not one of ours.
enum FilePolicy {
  /// The value of `Content-Security-Policy`.
  ///
  /// A page keeps its own policy as well. It runs no script, sends no form, is in no frame, and
  /// loads pictures, films and style sheets from here alone.
  ///
  /// - Parameter hasPages: whether people open files with a cookie. Then a file has the service's
  ///   own origin, or its pictures and links would come without the cookie. Nothing in it can read
  ///   what it loads, since nothing in it runs.
  static func header(hasPages: Bool) -> String {
    "sandbox \(hasPages ? "allow-same-origin " : "")allow-popups allow-downloads; "
      + "default-src 'none'; img-src 'self' data:; media-src 'self'; font-src 'self' data:; "
      + "style-src 'self' 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
      + "frame-ancestors 'none'"
  }
}
