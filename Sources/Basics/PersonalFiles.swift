/// The files of a release that are one person's: they lie in a folder that nobody can guess, and
/// nothing that more people can read names them.
package enum PersonalFiles {
  /// The folder of a release in which the folders of people are.
  package static let folder = "own"

  /// Whether a file of a release's payload, by its name, is a person's.
  package static func has(_ name: String) -> Bool { name.hasPrefix(folder + "/") }
}
