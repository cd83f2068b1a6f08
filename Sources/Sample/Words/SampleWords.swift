/// What the people of one tenant are called and what they build, written by hand in their language.
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
  /// What dojos are about, at most 50 characters.
  var subjects: [String]
  /// What is said in a dojo's chat.
  var messages: [String]
}
