/// Short pieces of real code, for the pictures of editors.
struct SampleCode {
  var ending: String
  var lines: [String]

  /// The piece in a POC's language, or in a similar language.
  static func of(_ language: String?) -> SampleCode {
    switch language {
    case "Go"?: go
    case "Rust"?, "Zig"?, "C"?, "C++"?: rust
    case "Python"?, "Ruby"?, "Julia"?, "Elixir"?: python
    case "Kotlin"?, "Java"?, "Scala"?, "Swift"?: swift
    default: script
    }
  }

  private static let keywords: Set<String> = [
    "func", "return", "for", "if", "else", "let", "var", "const", "fn", "pub", "struct", "impl",
    "def", "class", "import", "from", "async", "await", "match", "use", "type", "select", "case",
    "guard", "in", "while", "export", "package", "with", "yield", "mut", "self", "range", "go",
  ]

  /// The parts of a line with their colours.
  static func coloured(_ line: String) -> [(text: String, colour: String)] {
    let bare = line.drop { $0 == " " }
    if bare.hasPrefix("//") || bare.hasPrefix("# ") { return [(line, "#6b7686")] }
    var parts: [(text: String, colour: String)] = []
    var word = ""
    var quote: Character?
    func end() {
      guard !word.isEmpty else { return }
      let isNumber = word.first?.isNumber == true
      let isType = word.first?.isUppercase == true
      let colour =
        keywords.contains(word)
        ? "#c792ea" : isNumber ? "#f78c6c" : isType ? "#ffcb6b" : "#d7dae0"
      parts.append((word, colour))
      word = ""
    }
    for character in line {
      if let open = quote {
        word.append(character)
        if character == open {
          parts.append((word, "#c3e88d"))
          word = ""
          quote = nil
        }
      } else if character == "\"" || character == "'" {
        end()
        quote = character
        word = String(character)
      } else if character.isLetter || character.isNumber || character == "_" {
        word.append(character)
      } else {
        end()
        parts.append(
          (String(character), character == "(" || character == ")" ? "#89ddff" : "#a6accd"))
      }
    }
    end()
    return parts
  }

  private static let go = SampleCode(
    ending: "go",
    lines: [
      "func (q *Queue) Serve(ctx context.Context) error {",
      "    for {",
      "        select {",
      "        case job := <-q.jobs:",
      "            if err := q.handle(ctx, job); err != nil {",
      "                q.retry(job, backoff(job.Tries))",
      "                continue",
      "            }",
      "            q.acked.Add(1)",
      "        case <-ctx.Done():",
      "            return q.drain(5 * time.Second)",
      "        }",
      "    }",
      "}",
      "",
      "// backoff doubles, with full jitter, up to a minute.",
    ])

  private static let rust = SampleCode(
    ending: "rs",
    lines: [
      "pub fn merge(left: &[Run], right: &[Run]) -> Vec<Run> {",
      "    let mut out = Vec::with_capacity(left.len() + right.len());",
      "    let (mut i, mut j) = (0, 0);",
      "    while i < left.len() && j < right.len() {",
      "        match left[i].key.cmp(&right[j].key) {",
      "            Less => { out.push(left[i]); i += 1 }",
      "            Greater => { out.push(right[j]); j += 1 }",
      "            Equal => {",
      "                out.push(left[i].join(&right[j]));",
      "                i += 1;",
      "                j += 1;",
      "            }",
      "        }",
      "    }",
      "    out.extend_from_slice(&left[i..]);",
      "    out",
      "}",
    ])

  private static let python = SampleCode(
    ending: "py",
    lines: [
      "def read(path: Path) -> Iterator[Reading]:",
      "    with path.open(newline=\"\") as file:",
      "        for row in csv.DictReader(file):",
      "            value = Decimal(row[\"value\"])",
      "            if value.is_finite():",
      "                yield Reading(row[\"station\"], value)",
      "",
      "",
      "def hottest(readings: Iterable[Reading], top: int = 5):",
      "    best = defaultdict(lambda: Decimal(\"-Infinity\"))",
      "    for reading in readings:",
      "        best[reading.station] = max(best[reading.station], reading.value)",
      "    return nlargest(top, best.items(), key=itemgetter(1))",
      "",
      "# one pass, constant memory",
    ])

  private static let swift = SampleCode(
    ending: "swift",
    lines: [
      "struct Ledger {",
      "    private(set) var entries: [Entry] = []",
      "",
      "    mutating func post(_ entry: Entry) throws(LedgerError) {",
      "        guard entry.debits == entry.credits else {",
      "            throw .unbalanced(entry.id)",
      "        }",
      "        entries.append(entry)",
      "    }",
      "",
      "    func balance(of account: Account) -> Decimal {",
      "        entries.lazy",
      "            .flatMap(\\.lines)",
      "            .filter { $0.account == account }",
      "            .reduce(0) { $0 + $1.amount }",
      "    }",
      "}",
    ])

  private static let script = SampleCode(
    ending: "ts",
    lines: [
      "export async function sync(local: Store, remote: Remote) {",
      "  const since = await local.cursor();",
      "  for await (const change of remote.changes(since)) {",
      "    const mine = await local.get(change.key);",
      "    if (!mine || happenedBefore(mine.clock, change.clock)) {",
      "      await local.put(change.key, change);",
      "    } else if (isConcurrent(mine.clock, change.clock)) {",
      "      await local.put(change.key, merge(mine, change));",
      "    }",
      "    await local.advance(change.clock);",
      "  }",
      "}",
      "",
      "// nothing is lost when the train enters the tunnel",
      "window.addEventListener('online', () => sync(db, api));",
    ])
}
