/// A picture of a POC that looks like a screenshot.
struct SamplePicture {
  enum Design: CaseIterable {
    case terminal, website, editor, dashboard, phone, map, diagram, board, notebook, chat
  }

  let idea: SampleWords.Idea
  let design: Design
  let accent: String
  var random: SampleRandom

  var size: (width: Int, height: Int) {
    design == .phone || design == .chat ? (720, 1280) : (1280, 800)
  }

  init(_ idea: SampleWords.Idea, design: Design, accent: String, seed: UInt64, purpose: String) {
    self.idea = idea
    self.design = design
    self.accent = accent
    random = SampleRandom(seed: seed, purpose)
  }

  /// The picture as SVG.
  mutating func svg() -> String {
    switch design {
    case .terminal: terminal()
    case .website: website()
    case .editor: editor()
    case .dashboard: dashboard()
    case .phone: phone()
    case .map: map()
    case .diagram: diagram()
    case .board: board()
    case .notebook: notebook()
    case .chat: chat()
    }
  }

  private static let palettes: [(back: String, ink: String, dim: String, good: String)] = [
    ("#1e2127", "#d7dae0", "#7d8590", "#8bd49c"), ("#002b36", "#dfe6d8", "#6c8289", "#b9c44b"),
    ("#fdf6e3", "#3b4a50", "#93a1a1", "#5b8a00"), ("#241b2f", "#f4eee4", "#8a7ca3", "#72f1b8"),
    ("#101418", "#e6edf3", "#6e7781", "#58c4dc"),
  ]

  private mutating func terminal() -> String {
    let palette = random.pick(Self.palettes)
    var svg = SampleSVG(1280, 800, background: palette.back)
    svg.rect(0, 0, 1280, 44, "#000000", opacity: "0.18")
    for (place, colour) in ["#ff5f57", "#febc2e", "#28c840"].enumerated() {
      svg.circle(26 + place * 26, 22, 8, colour)
    }
    svg.text("~/poc", 640, 29, size: 18, palette.dim, family: SampleSVG.mono, anchor: "middle")
    let tool = [
      "Rust": "cargo test", "Go": "go test ./…", "Python": "pytest -q", "Swift": "swift test",
    ]
    let command = idea.language.flatMap { tool[$0] } ?? "make test"
    var y = 100
    func line(_ text: String, _ colour: String) {
      svg.text(text, 44, y, size: 23, colour, family: SampleSVG.mono)
      y += 36
    }
    line("$ \(command)", palette.ink)
    y += 8
    line("   \(idea.name)", palette.ink)
    y += 8
    let parts = idea.tags.isEmpty ? ["core"] : idea.tags
    let total = 7 + random.below(5)
    for number in 0..<total {
      let part = parts[number % parts.count]
      let checks = ["parse", "empty", "roundtrip", "limits", "unicode", "timeout", "order"]
      let name = "\(part)::\(checks[number % checks.count])"
      let gap = String(repeating: " ", count: max(2, 46 - SampleSVG.columns(name)))
      line("   ✓ \(name)\(gap)\(1 + random.below(40)) ms", number == 4 ? palette.dim : palette.good)
    }
    y += 12
    line(
      "\(total * (2 + random.below(6))) passed, 0 failed in 0.\(10 + random.below(89)) s",
      palette.ink)
    svg.text("$", 44, y + 6, size: 23, palette.ink, family: SampleSVG.mono)
    svg.rect(70, y - 15, 13, 26, palette.ink)
    return svg.document
  }

  private mutating func website() -> String {
    var svg = SampleSVG(1280, 800, background: "#ffffff")
    svg.rect(0, 0, 1280, 64, "#eceff3")
    for (place, colour) in ["#ff5f57", "#febc2e", "#28c840"].enumerated() {
      svg.circle(28 + place * 24, 32, 7, colour)
    }
    svg.rect(130, 14, 760, 36, "#ffffff", radius: 18)
    svg.text("localhost:\(3000 + random.below(6000))", 156, 38, size: 17, "#5f6b7a")
    svg.rect(0, 64, 1280, 330, accent)
    svg.circle(1130, 150, 190, "#ffffff", opacity: "0.10")
    svg.circle(1010, 350, 110, "#ffffff", opacity: "0.08")
    let below = svg.paragraph(
      idea.name, 72, 176, columns: 30, lines: 2, size: 54, "#ffffff", weight: 700)
    svg.paragraph(
      idea.description ?? idea.tags.joined(separator: " · "), 72, below + 2, columns: 62, lines: 2,
      size: 24, "#f3f6fa")
    for card in 0..<3 {
      let x = 72 + card * 388
      svg.rect(x, 436, 360, 316, "#f6f8fa", radius: 18)
      svg.rect(x + 28, 464, 60, 60, accent, radius: 14, opacity: ["1", "0.7", "0.45"][card])
      let tag = card < idea.tags.count ? idea.tags[card] : idea.language ?? "web"
      svg.text(tag, x + 28, 570, size: 26, "#1f2933", weight: 600)
      for row in 0..<4 {
        svg.rect(x + 28, 596 + row * 30, 300 - random.below(120), 12, "#d3dae3", radius: 6)
      }
    }
    return svg.document
  }

  private mutating func editor() -> String {
    let code = SampleCode.of(idea.language)
    var svg = SampleSVG(1280, 800, background: "#1b1f27")
    svg.rect(0, 0, 252, 800, "#15181f")
    svg.rect(0, 0, 1280, 46, "#12151b")
    svg.rect(252, 0, 250, 46, "#1b1f27")
    svg.rect(252, 0, 250, 3, accent)
    svg.text("main.\(code.ending)", 276, 30, size: 18, "#d7dae0", family: SampleSVG.mono)
    for (row, name) in (idea.tags + ["tests", "docs", "README.md"]).enumerated() {
      svg.text(name, 30, 96 + row * 38, size: 18, row == 0 ? "#d7dae0" : "#7d8590")
    }
    let title = "// \(idea.name)"
    for (row, line) in ([title, ""] + code.lines).enumerated() {
      let y = 92 + row * 37
      svg.text("\(row + 1)", 306, y, size: 16, "#434b58", family: SampleSVG.mono, anchor: "end")
      svg.line(SampleCode.coloured(line), 330, y, size: 20)
    }
    svg.rect(0, 772, 1280, 28, accent)
    svg.text("main ✓   \(idea.language ?? "text")   UTF-8", 20, 792, size: 16, "#ffffff")
    return svg.document
  }
}
