import Diagnostics

/// A sentence of a page: the first of its variants whose conditions hold. If none holds, the
/// sentence is left out.
package struct SentenceSpec: Sendable {
  /// One wording of the sentence, and when it is used.
  package struct Variant: Sendable {
    /// All of them must hold.
    package var conditions: [Condition]
    /// The key of the message. Its parameters are the figures, by name.
    package var message: String
    /// The figure whose value chooses the plural form.
    package var count: String?
    package var place: SpecPlace
  }

  package var name: String
  package var variants: [Variant]

  /// - Parameter peaks: the figures that are made with `peak`.
  init?(name: String, _ node: SpecNode, figures: [String], peaks: Set<String> = []) {
    self.name = name
    variants = node.list().compactMap {
      SentenceSpec.variant($0, figures: figures, peaks: peaks)
    }
    if variants.isEmpty { return nil }
  }

  private static func variant(
    _ node: SpecNode, figures: [String], peaks: Set<String>
  ) -> Variant? {
    guard let map = node.mapping(keys: ["when", "message", "count"]) else { return nil }
    let conditions = (map["when"]?.list() ?? []).compactMap {
      Condition($0, figures: figures, peaks: peaks)
    }
    guard let message = map.required("message")?.messageKey() else { return nil }
    let count = map["count"]?.word(of: figures)
    return Variant(
      conditions: conditions, message: message,
      count: count ?? conditions.lazy.compactMap(\.left?.figure).first, place: node.place)
  }
}

/// `posts.change > 0`, `talks >= 2`, `streak` (it is present and not zero), `not streak`, `not
/// language.tied`, or what is true of the period: `final` or `provisional`.
package struct Condition: Sendable, Equatable {
  /// The signs that a condition can use.
  package enum Comparison: String, Sendable, CaseIterable {
    case less = "<"
    case atMost = "<="
    case equal = "=="
    case different = "!="
    case atLeast = ">="
    case more = ">"

    fileprivate var isFromBelow: Bool { self == .atLeast || self == .equal }
  }

  /// A figure's value, its previous value, or a comparison of both.
  package struct Operand: Sendable, Equatable {
    /// Which number of the figure is meant.
    package enum Aspect: String, Sendable, CaseIterable {
      case value, previous
      /// (value − previous) ÷ previous; absent without a base.
      case change
      /// value − previous
      case difference
      /// value ÷ previous, rounded half up to one decimal; absent without a base.
      case times
      /// How many rows share the greatest value, if it is more than one; else zero.
      case tied
      /// The greatest value ÷ the sum of all, to six decimals.
      case share
      /// The greatest value itself.
      case peak

      /// Whether only a figure made with `peak` has it.
      package var isOfPeak: Bool { [.tied, .share, .peak].contains(self) }
    }

    package var figure: String
    package var aspect: Aspect

    package init(figure: String, aspect: Aspect) {
      self.figure = figure
      self.aspect = aspect
    }
  }

  /// What the left operand is compared with.
  package enum Side: Sendable, Equatable {
    case number(DecimalNumber)
    case operand(Operand)
  }

  /// What the condition requires of its left operand.
  package enum Test: Sendable, Equatable {
    case isPresent, isAbsent
    case compared(Comparison, Side)
    /// The period has ended, or some of its days are still to come.
    case isFinal, isProvisional
  }

  /// `nil` for what is true of the period.
  package var left: Operand?
  package var test: Test

  /// The words that say something of the period. No figure can have such a name.
  static let periodWords: [String: Test] = ["final": .isFinal, "provisional": .isProvisional]

  init?(_ node: SpecNode, figures: [String], peaks: Set<String> = []) {
    guard let text = node.string() else { return nil }
    let words = text.split(separator: " ").map(String.init)
    self.init(words, node, figures)
    for operand in operands where operand.aspect.isOfPeak && !peaks.contains(operand.figure) {
      node.report(
        "only a figure made with 'peak' has '\(operand.aspect.rawValue)',"
          + " and '\(operand.figure)' is not")
      return nil
    }
  }

  /// Whether a figure that is made with `peak` leads alone if the condition holds: it is not tied,
  /// or it has more than half of all.
  package func provesLeader(_ figure: String) -> Bool {
    guard left?.figure == figure else { return false }
    switch (left?.aspect, test) {
    case (.tied, .isAbsent): return true
    case (.share, .compared(let comparison, .number(let least))):
      let half = DecimalNumber(mantissa: 5, scale: 1)
      return comparison == .more ? least >= half : comparison.isFromBelow && least > half
    default: return false
    }
  }

  /// Whether it asks whether the period has ended.
  package var isOfPeriod: Bool { left == nil }

  /// The figures that it asks about.
  private var operands: [Operand] {
    var operands = [left].compactMap(\.self)
    if case .compared(_, .operand(let right)) = test { operands.append(right) }
    return operands
  }

  private init?(_ words: [String], _ node: SpecNode, _ figures: [String]) {
    switch words.count {
    case 1 where Condition.periodWords[words[0]] != nil:
      self.init(left: nil, test: Condition.periodWords[words[0]] ?? .isFinal)
    case 1:
      guard let operand = Condition.operand(words[0], node, figures) else { return nil }
      self.init(left: operand, test: .isPresent)
    case 2 where words[0] == "not":
      guard let operand = Condition.operand(words[1], node, figures) else { return nil }
      self.init(left: operand, test: .isAbsent)
    case 3:
      guard let left = Condition.operand(words[0], node, figures) else { return nil }
      guard let comparison = Comparison(rawValue: words[1]) else {
        let known = Comparison.allCases.map(\.rawValue).joined(separator: " ")
        node.report("expected one of \(known), found '\(words[1])'")
        return nil
      }
      if let number = DecimalNumber(words[2]) {
        self.init(left: left, test: .compared(comparison, .number(number)))
      } else if let right = Condition.operand(words[2], node, figures) {
        self.init(left: left, test: .compared(comparison, .operand(right)))
      } else {
        return nil
      }
    default:
      node.report(
        "expected 'FIGURE', 'not FIGURE', 'FIGURE > NUMBER' with spaces between, 'final' or"
          + " 'provisional', found '\(words.joined(separator: " "))'")
      return nil
    }
  }

  init(left: Operand?, test: Test) {
    self.left = left
    self.test = test
  }

  private static func operand(_ text: String, _ node: SpecNode, _ figures: [String]) -> Operand? {
    let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
    guard let figure = parts.first, figures.contains(figure) else {
      node.report(
        "no figure is named '\(parts.first ?? text)'",
        hint: NearestWords.hint(for: parts.first ?? text, in: figures))
      return nil
    }
    guard parts.count == 2 else { return Operand(figure: figure, aspect: .value) }
    guard let aspect = Operand.Aspect(rawValue: parts[1]) else {
      let known = Operand.Aspect.allCases.map(\.rawValue)
      node.report(
        "a figure has \(known.joined(separator: ", ")), not '\(parts[1])'",
        hint: NearestWords.hint(for: parts[1], in: known))
      return nil
    }
    return Operand(figure: figure, aspect: aspect)
  }
}
