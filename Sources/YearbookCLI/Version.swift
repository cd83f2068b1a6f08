import Engine

enum Version {
  static let text = Yearbook.version
}
