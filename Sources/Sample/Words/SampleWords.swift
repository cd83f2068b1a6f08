/// The names of one tenant's people and what they build, written by hand in their language.
struct SampleWords {
  /// A proof of concept.
  struct Idea {
    var name: String
    var description: String?
    var language: String?
    var tags: [String]

    init(_ name: String, _ description: String?, _ language: String?, _ tags: String) {
      self.name = name
      self.description = description
      self.language = language
      self.tags = tags.split(separator: ",").map(String.init)
    }
  }

  var people: [(first: String, last: String)]
  var ideas: [Idea]
  /// The subjects of dojos, at most 50 characters each.
  var subjects: [String]
  /// The messages in a dojo's chat.
  var messages: [String]
}
