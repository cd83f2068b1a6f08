/// The program's own name and number.
package enum Yearbook {
  package static let version = "0.1.0"
}
