extension SamplePicture {
  /// A city map with a route on it.
  mutating func map() -> String {
    let isDark = random.oneIn(3)
    let land = isDark ? "#1d232b" : "#eef0ea"
    let road = isDark ? "#37404b" : "#ffffff"
    let ink = isDark ? "#e8edf4" : "#26312b"
    var svg = SampleSVG(1280, 800, background: land)
    let (left, right) = (520 + random.below(120), 500 + random.below(160))
    svg.path(
      "M-40 \(left) C 300 \(380 + random.below(90)) 700 760 1320 \(right)",
      stroke: isDark ? "#20405c" : "#a9d0e6", width: 76)
    for _ in 0..<5 {
      svg.rect(
        random.below(1100), random.below(640), 90 + random.below(160), 70 + random.below(110),
        isDark ? "#21382c" : "#cfe6cd", radius: 12)
    }
    for step in 0..<9 {
      let place = step * 160 + random.below(60)
      svg.path("M\(place) -20 L\(place + 40 - random.below(80)) 820", stroke: road, width: 12)
      let height = step * 100 + random.below(40)
      svg.path("M-20 \(height) L1300 \(height + 40 - random.below(80))", stroke: road, width: 9)
    }
    var route = "M120 \(620 + random.below(80))"
    for stop in 1..<8 { route += " L\(120 + stop * 130) \(180 + random.below(440))" }
    svg.path(route, stroke: accent, width: 11)
    for (index, stop) in route.split(separator: "L").enumerated() {
      let place = stop.split(separator: " ").compactMap { Int($0.drop { $0 == "M" }) }
      guard place.count == 2 else { continue }
      svg.circle(place[0], place[1], index == 0 ? 20 : 13, "#ffffff")
      svg.circle(place[0], place[1], index == 0 ? 13 : 8, accent)
    }
    svg.rect(36, 36, 560, 128, isDark ? "#11151c" : "#ffffff", radius: 20, opacity: "0.96")
    svg.paragraph(idea.name, 64, 88, columns: 34, lines: 1, size: 30, ink, weight: 700)
    svg.text(
      "\(3 + random.below(20)) km · \(4 + random.below(28)) min", 64, 134, size: 22, accent,
      weight: 600)
    return svg.document
  }

  /// Boxes and arrows on squared paper.
  mutating func diagram() -> String {
    var svg = SampleSVG(1280, 800, background: "#fbfaf6")
    for line in 0..<32 { svg.rect(line * 40, 0, 1, 800, "#e6e2d6") }
    for line in 0..<20 { svg.rect(0, line * 40, 1280, 1, "#e6e2d6") }
    svg.paragraph(idea.name, 72, 96, columns: 52, lines: 1, size: 38, "#2b2a27", weight: 700)
    let names = idea.tags + ["api", "queue", "db", "cache", "worker"]
    var places: [(x: Int, y: Int)] = []
    for box in 0..<6 {
      places.append(
        (110 + box % 3 * 400 + random.below(50), 210 + box / 3 * 270 + random.below(50)))
    }
    for box in 0..<5 {
      let (from, to) = (places[box], places[box + 1])
      let (start, end) = (from.y + 55, to.y + 55)
      svg.path(
        "M\(from.x + 120) \(start) C \(from.x + 290) \(start) \(to.x - 60) \(end) "
          + "\(to.x + 120) \(end)", stroke: "#6f6a5e", width: 4)
    }
    for (box, place) in places.enumerated() {
      let isMain = box == 2
      svg.rect(place.x - 3, place.y - 3, 246, 116, "#2b2a27", radius: 16)
      svg.rect(place.x, place.y, 240, 110, isMain ? accent : "#ffffff", radius: 14)
      svg.text(
        names[box % names.count], place.x + 120, place.y + 64, size: 26,
        isMain ? "#ffffff" : "#2b2a27", weight: 600, anchor: "middle")
    }
    svg.text("1.", 84, 740, size: 24, accent, weight: 700)
    svg.text(idea.description ?? "", 116, 740, size: 22, "#4c4a44")
    return svg.document
  }

  /// A board of a game, or of a simulation.
  mutating func board() -> String {
    let back = random.pick(["#0e1016", "#16161d", "#12201b"])
    var svg = SampleSVG(1280, 800, background: back)
    let size = random.pick([32, 40, 50])
    let columns = 880 / size
    let rows = 720 / size
    for row in 0..<rows {
      for column in 0..<columns {
        let isAlive = (row * 7 + column * 3 + random.below(9)) % 5 < 2
        svg.rect(
          40 + column * size, 40 + row * size, size - 4, size - 4, isAlive ? accent : "#ffffff",
          radius: 5, opacity: isAlive ? random.pick(["1", "0.85", "0.6"]) : "0.06")
      }
    }
    svg.paragraph(idea.name, 960, 110, columns: 16, lines: 3, size: 34, "#f5f6f8", weight: 700)
    for (row, label) in ["t", "n", "fps"].enumerated() {
      svg.text(label, 960, 330 + row * 120, size: 20, "#8d93a3")
      svg.text(
        "\(30 + random.below(900))", 960, 376 + row * 120, size: 44, "#f5f6f8", weight: 700)
    }
    return svg.document
  }

  /// A notebook: a cell of code, and what it draws.
  mutating func notebook() -> String {
    var svg = SampleSVG(1280, 800, background: "#ffffff")
    let code = SampleCode.of(idea.language)
    svg.rect(0, 0, 1280, 64, "#f3f3f1")
    svg.text("\(idea.name).ipynb", 48, 42, size: 22, "#3b3b38", weight: 600)
    svg.text("[7]:", 36, 130, size: 18, accent, family: SampleSVG.mono)
    svg.rect(110, 96, 1120, 196, "#262b33", radius: 8)
    for (row, line) in code.lines.prefix(4).enumerated() {
      svg.line(SampleCode.coloured(line), 136, 138 + row * 40, size: 20)
    }
    svg.rect(150, 720, 1040, 2, "#3b3b38")
    svg.rect(150, 330, 2, 392, "#3b3b38")
    for dot in 0..<110 {
      let x = 170 + random.below(1000)
      let y = 690 - (x - 170) * (220 + random.below(140)) / 1000 - random.below(70)
      svg.circle(x, y, 5 + random.below(6), dot % 3 == 0 ? "#74747f" : accent, opacity: "0.62")
    }
    svg.path("M170 690 L1170 350", stroke: "#26262a", width: 3)
    svg.text(
      "r² = 0.\(70 + random.below(29))", 1160, 690, size: 24, "#26262a", weight: 600,
      anchor: "end")
    return svg.document
  }

  /// A chat with a bot.
  mutating func chat() -> String {
    var svg = SampleSVG(720, 1280, background: "#eef2f0")
    svg.rect(0, 0, 720, 132, accent)
    svg.circle(76, 72, 38, "#ffffff", opacity: "0.25")
    svg.paragraph(idea.name, 134, 84, columns: 30, lines: 1, size: 30, "#ffffff", weight: 700)
    var y = 180
    let said = [idea.description ?? idea.name] + idea.tags + ["ok!", "🎉", "12 / 12 ✓"]
    for (row, text) in said.prefix(6).enumerated() {
      let isOwn = row % 2 == 1
      let lines = min(3, SampleSVG.columns(text) / 30 + 1)
      let width = min(560, 80 + SampleSVG.columns(text) * 16)
      let height = 52 + lines * 36
      svg.rect(
        isOwn ? 680 - width : 40, y, width, height, isOwn ? accent : "#ffffff", radius: 28,
        opacity: isOwn ? "0.9" : "1")
      svg.paragraph(
        text, (isOwn ? 680 - width : 40) + 30, y + 52, columns: 31, lines: lines, size: 26,
        isOwn ? "#ffffff" : "#1f2a25")
      y += height + 26
    }
    svg.rect(40, 1184, 640, 68, "#ffffff", radius: 34)
    svg.text("…", 80, 1228, size: 24, "#8a938e")
    return svg.document
  }
}
