import Glibc

/// The child process in which hostile media is decoded.
public enum SandboxChild {
  /// The word after the program's name that starts a child; not meant for people.
  public static let command = "media-child"

  /// Runs a child's whole life. `arguments` are what follows the command's word. Call it before the
  /// program does anything else.
  public static func main(arguments: [String]) -> Never {
    exit(70)
  }
}
