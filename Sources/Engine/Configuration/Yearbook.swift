/// The program's version.
package enum Yearbook {
  package static let version = "0.1.0"
}
