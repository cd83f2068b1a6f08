import Diagnostics

/// PostgreSQL's own parse of a statement, as the catalog prints it (type `pg_node_tree`).
///
/// A node is `{TAG :field value … :field value …}`. A value is a node, a list in parentheses, or
/// words; a character that would end a word is escaped by a backslash.
struct NodeTree {
  indirect enum Value {
    case node(NodeTree)
    case list([Value])
    case word(String)
  }

  let tag: String
  private(set) var fields: [(name: String, values: [Value])] = []

  /// The nodes of `text`, which is one node or a list of nodes.
  static func nodes(of text: String) throws(Diagnostic) -> [NodeTree] {
    var reader = Reader(text)
    var values: [Value] = []
    while let value = try reader.value(depth: 0) { values.append(value) }
    return values.flatMap(\.nodes)
  }

  /// The values of a field; none if there is no such field.
  subscript(_ name: String) -> [Value] { fields.first { $0.name == name }?.values ?? [] }

  /// The number in a field.
  func number(_ name: String) -> Int? {
    guard case .word(let word)? = self[name].first else { return nil }
    return Int(word)
  }

  /// Calls `body` with this node and all nodes below it.
  func forEach(_ body: (NodeTree) -> Void) {
    body(self)
    for field in fields {
      for value in field.values { for node in value.nodes { node.forEach(body) } }
    }
  }

  /// A constant's bytes: `LENGTH [ BYTE … ]`, in the order of memory; `nil` for NULL.
  var constantBytes: [UInt8]? {
    let words = self["constvalue"].compactMap { value -> String? in
      if case .word(let word) = value { word } else { nil }
    }
    guard let open = words.firstIndex(of: "["), let close = words.lastIndex(of: "]"), open < close
    else { return nil }
    return words[(open + 1)..<close].compactMap { Int($0).map { UInt8(truncatingIfNeeded: $0) } }
  }
}

extension NodeTree.Value {
  /// The nodes that stand here, not those below them.
  var nodes: [NodeTree] {
    switch self {
    case .node(let node): [node]
    case .list(let values): values.flatMap(\.nodes)
    case .word: []
    }
  }
}

extension NodeTree {
  /// Reads tokens as PostgreSQL's `pg_strtok` does.
  private struct Reader {
    private let bytes: [UInt8]
    private var place = 0

    /// Deeper trees are refused before the stack ends.
    private static let deepest = 2_000

    init(_ text: String) { bytes = Array(text.utf8) }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    /// The next value; `nil` at the end of the text, of a list or of a node.
    mutating func value(depth: Int) throws(Diagnostic) -> Value? {
      guard depth < Self.deepest else {
        throw Diagnostic(.configuration, "the query is nested too deeply")
      }
      skipSpace()
      switch next {
      case nil, UInt8(ascii: ")"), UInt8(ascii: "}"): return nil
      case UInt8(ascii: "("):
        place += 1
        var values: [Value] = []
        while let value = try value(depth: depth + 1) { values.append(value) }
        try expect(UInt8(ascii: ")"))
        return .list(values)
      case UInt8(ascii: "{"):
        place += 1
        return .node(try node(depth: depth + 1))
      default: return .word(word())
      }
    }

    private mutating func node(depth: Int) throws(Diagnostic) -> NodeTree {
      skipSpace()
      var node = NodeTree(tag: word())
      while true {
        skipSpace()
        if next == UInt8(ascii: ":") {
          place += 1
          node.fields.append((word(), []))
        } else if let value = try value(depth: depth) {
          // A value without a field would be lost to those who look for it.
          if node.fields.isEmpty { node.fields.append(("", [])) }
          node.fields[node.fields.count - 1].values.append(value)
        } else {
          try expect(UInt8(ascii: "}"))
          return node
        }
      }
    }

    private mutating func expect(_ byte: UInt8) throws(Diagnostic) {
      guard next == byte else {
        throw Diagnostic(.bug, "PostgreSQL's parse of a query has a form that is not known")
      }
      place += 1
    }

    private mutating func skipSpace() {
      while let next, Self.isSpace(next) { place += 1 }
    }

    private mutating func word() -> String {
      let start = place
      var isEscaped = false
      while place < bytes.count, !Self.isSpace(bytes[place]), !Self.ends(bytes[place]) {
        if bytes[place] == UInt8(ascii: "\\") {
          isEscaped = true
          place += 1
        }
        place += 1
      }
      place = min(place, bytes.count)
      guard isEscaped else { return String(decoding: bytes[start..<place], as: UTF8.self) }
      var word: [UInt8] = []
      var index = start
      while index < place {
        if bytes[index] == UInt8(ascii: "\\"), index + 1 < place { index += 1 }
        word.append(bytes[index])
        index += 1
      }
      return String(decoding: word, as: UTF8.self)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t")
    }

    private static func ends(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") || byte == UInt8(ascii: "{")
        || byte == UInt8(ascii: "}")
    }
  }
}
