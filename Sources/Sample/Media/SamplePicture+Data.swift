extension SamplePicture {
  mutating func dashboard() -> String {
    let isDark = random.oneIn(2)
    let back = isDark ? "#11151c" : "#f4f6f9"
    let card = isDark ? "#1a202b" : "#ffffff"
    let ink = isDark ? "#e8edf4" : "#1d2733"
    let dim = isDark ? "#77839a" : "#7b8794"
    var svg = SampleSVG(1280, 800, background: back)
    svg.paragraph(idea.name, 56, 84, columns: 58, lines: 1, size: 38, ink, weight: 700)
    svg.text(idea.tags.joined(separator: "  ·  "), 56, 122, size: 20, dim)
    for tile in 0..<4 {
      let x = 56 + tile * 298
      svg.rect(x, 156, 274, 128, card, radius: 16)
      svg.text(["p50", "p99", "req/s", "err %"][tile], x + 24, 196, size: 18, dim)
      let value = [
        "\(2 + random.below(9)).\(random.below(9)) ms", "\(18 + random.below(60)) ms",
        "\(1 + random.below(9)),\(100 + random.below(899))", "0.0\(1 + random.below(8))",
      ][tile]
      svg.text(value, x + 24, 252, size: 42, tile == 2 ? accent : ink, weight: 700)
    }
    svg.rect(56, 312, 764, 432, card, radius: 16)
    var line = ""
    var area = "M96 690"
    var y = 560
    for step in 0..<24 {
      y = max(380, min(670, y + random.below(90) - 48))
      line += "\(step == 0 ? "M" : "L")\(96 + step * 30) \(y) "
      area += " L\(96 + step * 30) \(y)"
    }
    for row in 0..<4 { svg.rect(96, 390 + row * 100, 690, 1, dim, opacity: "0.35") }
    svg.body(appending: "<g opacity=\"0.18\">")
    svg.path(area + " L786 690 Z", fill: accent)
    svg.body(appending: "</g>")
    svg.path(line, stroke: accent, width: 5)
    svg.rect(848, 312, 376, 432, card, radius: 16)
    let names = idea.tags.isEmpty ? ["a", "b", "c"] : idea.tags + ["cache", "io", "gc"]
    for (row, name) in names.prefix(5).enumerated() {
      let y = 364 + row * 76
      svg.text(name, 876, y, size: 20, ink)
      svg.rect(876, y + 14, 320, 16, dim, radius: 8, opacity: "0.25")
      svg.rect(876, y + 14, 300 - row * 48 - random.below(40), 16, accent, radius: 8)
    }
    return svg.document
  }

  mutating func phone() -> String {
    var svg = SampleSVG(720, 1280, background: "#f7f4ef")
    svg.text("9:\(10 + random.below(49))", 48, 58, size: 26, "#1c1c1e", weight: 600)
    svg.rect(620, 38, 52, 24, "#1c1c1e", radius: 7)
    let below = svg.paragraph(
      idea.name, 48, 150, columns: 26, lines: 2, size: 46, "#1c1c1e", weight: 700)
    svg.rect(48, below, 624, 360, accent, radius: 36)
    let middle = below + 180
    for ring in 0..<5 {
      svg.circle(360, middle, 40 + ring * 32, "#ffffff", opacity: "0.\(28 - ring * 5)")
    }
    svg.circle(360, middle, 30, "#ffffff")
    svg.path(
      "M350 \(middle - 14) L372 \(middle) L350 \(middle + 14) Z", fill: accent)
    var y = below + 420
    for (row, tag) in (idea.tags + [idea.language ?? "demo"]).prefix(4).enumerated() {
      svg.rect(48, y, 624, 104, "#ffffff", radius: 26)
      svg.circle(104, y + 52, 28, accent, opacity: "0.\(90 - row * 20)")
      svg.text(tag, 156, y + 48, size: 27, "#1c1c1e", weight: 600)
      svg.rect(156, y + 64, 220 + random.below(180), 12, "#ddd6cb", radius: 6)
      svg.text("\(1 + random.below(98)) %", 640, y + 62, size: 24, "#8e8e93", anchor: "end")
      y += 124
    }
    svg.rect(260, 1254, 200, 8, "#1c1c1e", radius: 4)
    return svg.document
  }
}
