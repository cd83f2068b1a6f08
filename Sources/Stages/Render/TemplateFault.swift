import Mustache

/// Mustache's faults in words.
enum TemplateFault {
  static func text(of error: any Error) -> String {
    guard let error = error as? MustacheTemplate.Error else {
      // The parser's own errors: it read beyond the end.
      return "a tag is not closed with '}}'"
    }
    switch error {
    case .sectionCloseNameIncorrect:
      return "this tag closes a section that is not the innermost open one"
    case .unfinishedName:
      return "the name in a tag is not well-formed, or the tag is not closed with '}}'"
    case .expectedSectionEnd: return "a section is not closed: its tag '{{/NAME}}' is missing"
    case .invalidSetDelimiter: return "a tag that sets other delimiters is not well-formed"
    case .transformAppliedToInheritanceSection: return "a block's name cannot have a transform"
    case .illegalTokenInsideInheritSection: return "only blocks can stand inside of '{{<NAME}}'"
    case .textInsideInheritSection: return "text cannot stand inside of '{{<NAME}}'"
    case .invalidConfigVariableSyntax: return "a tag '{{%…}}' is not well-formed"
    case .unrecognisedConfigVariable: return "a tag '{{%…}}' names an unknown setting"
    }
  }
}
