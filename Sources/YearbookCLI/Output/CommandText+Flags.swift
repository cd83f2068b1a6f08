import Diagnostics

extension CommandText {
  /// `yearbook … WORDS` with --config, --pipelines and --templates as they were given. It never
  /// contains a connection string.
  static func yearbook(_ words: [String], _ shared: SharedOptions) -> String {
    yearbook(words, flags: flags(shared))
  }

  /// The flags among the shared ones that a pasted command needs, as they were given.
  static func flags(_ shared: SharedOptions) -> [String] {
    places(shared).flatMap { [$0.flag, $0.value] }
  }

  /// The command that repeats a run, from the arguments that the record has of it. A flag that
  /// says where files are, and that the run was not given, is added.
  static func again(_ arguments: String, _ shared: SharedOptions) -> String {
    let missing = places(shared).filter { !arguments.contains($0.flag) }
    return (["yearbook", arguments] + missing.map { line([$0.flag, $0.value]) })
      .joined(separator: " ")
  }

  /// The arguments of a run for the record, quoted. Connection strings are left out: they can hold
  /// a password.
  static func recorded(_ arguments: some Sequence<String>) -> String {
    var words: [String] = []
    var isSecret = false
    for word in arguments {
      if isSecret {
        isSecret = false
      } else if secretFlags.contains(word) {
        isSecret = true
      } else if !secretFlags.contains(where: { word.hasPrefix($0 + "=") }) {
        words.append(word)
      }
    }
    return line(words)
  }

  /// Flags whose value can hold a password.
  static let secretFlags = ["--source", "--record"]

  private static func places(_ shared: SharedOptions) -> [(flag: String, value: String)] {
    [
      ("--config", shared.config), ("--pipelines", shared.pipelines),
      ("--templates", shared.templates),
    ].compactMap { flag, value in value.map { (flag, $0) } }
  }
}
