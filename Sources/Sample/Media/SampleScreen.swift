/// What a recording shows: an editor in which code is typed, and the people around it.
struct SampleScreen {
  let recording: SampleRecording
  let accent: String
  let people: [String]
  let subject: String

  private static let skins = ["#f4b183", "#8fd3c8", "#f2d16b", "#b8a1e3", "#f29ca3"]

  /// The picture at this time, in milliseconds.
  func svg(at time: Int) -> String {
    let isPortrait = recording.height > recording.width
    let (width, height) =
      isPortrait ? (720, 1280) : (1280, 1280 * recording.height / recording.width)
    var svg = SampleSVG(width, height, background: "#1b1f27")
    let strip = isPortrait ? 300 : 250
    svg.rect(0, 0, width, 54, "#12151b")
    svg.circle(32, 27, 9, time / 500 % 2 == 0 ? "#ff5f57" : "#7a2e2b")
    svg.text(subject, 56, 36, size: 24, "#d7dae0", weight: 600)
    svg.text(
      clock(time), width - 28, 36, size: 24, "#8a94a3", family: SampleSVG.mono, anchor: "end")
    code(&svg, time, top: 54, width: isPortrait ? width : width - strip)
    for (number, person) in people.prefix(isPortrait ? 2 : 3).enumerated() {
      let x = isPortrait ? number * (width / 2) : width - strip
      let y = isPortrait ? height - strip : 54 + number * ((height - 54) / 3)
      let w = isPortrait ? width / 2 : strip
      let h = isPortrait ? strip : (height - 54) / 3
      face(&svg, number, person, time, x, y, w, h)
    }
    return svg.document
  }

  /// Who speaks in which second. People take turns.
  static func speaker(at time: Int, of people: Int) -> Int { time / 1900 % max(1, people) }

  private func clock(_ time: Int) -> String {
    let seconds = time / 1000
    return "0:\(seconds < 10 ? "0" : "")\(seconds)"
  }

  private func code(_ svg: inout SampleSVG, _ time: Int, top: Int, width: Int) {
    let total = recording.code.reduce(0) { $0 + $1.count + 4 }
    // All code is typed after nine tenths of the time. The rest shows the result.
    var left = total * time / max(1, recording.seconds * 900)
    let size = recording.height > recording.width ? 26 : 28
    for (row, line) in recording.code.enumerated() {
      let y = top + 62 + row * size * 2
      if y > svg.height - 80 { return }
      let shown = line.prefix(max(0, left))
      left -= line.count + 4
      svg.text(
        "\(row + 1)", 44, y, size: size - 6, "#4b5462", family: SampleSVG.mono, anchor: "end")
      svg.text(String(shown), 66, y, size: size, colour(line), family: SampleSVG.mono)
      if left < 0 {
        let column = SampleSVG.columns(String(shown).replacingTabs)
        if time / 400 % 2 == 0 {
          svg.rect(68 + column * size * 6 / 10, y - size + 4, 3, size + 6, "#ffffff")
        }
        return
      }
    }
    svg.rect(
      66, svg.height - (recording.height > recording.width ? 380 : 92), 300, 52, accent, radius: 26)
    svg.text(
      "✓ 12 / 12", 216, svg.height - (recording.height > recording.width ? 345 : 57), size: 26,
      "#ffffff", weight: 700, anchor: "middle")
  }

  private func colour(_ line: String) -> String {
    let first = line.drop { $0 == " " || $0 == "\t" }.prefix(2)
    if first == "//" || first == "# " { return "#7d8590" }
    if first == "de" || first == "fn" || first == "fu" || first == "te" || first == "it" {
      return "#82aaff"
    }
    if first == "as" || first == "ex" || first == "#e" || first == "to" { return "#c3e88d" }
    return "#d7dae0"
  }

  private func face(
    _ svg: inout SampleSVG, _ number: Int, _ person: String, _ time: Int, _ x: Int, _ y: Int,
    _ width: Int, _ height: Int
  ) {
    let isSpeaking = Self.speaker(at: time, of: people.count) == number
    let back = ["#26313f", "#33293d", "#2b3a33"][number % 3]
    svg.rect(x + 6, y + 6, width - 12, height - 12, back, radius: 14)
    // Heads nod a little: a triangle wave, each at its own pace.
    let phase = (time / 8 + number * 37) % 160
    let nod = (phase < 80 ? phase : 160 - phase) / 10
    let (cx, cy) = (x + width / 2, y + height / 2 - 14 + nod)
    let r = min(width, height) / 5
    svg.path(
      "M\(cx - r * 2) \(y + height - 8) Q\(cx) \(cy + r / 2) \(cx + r * 2) \(y + height - 8) Z",
      fill: accent)
    svg.circle(cx, cy, r, Self.skins[number % Self.skins.count])
    svg.path(
      "M\(cx - r) \(cy - r / 4) Q\(cx) \(cy - r * 2) \(cx + r) \(cy - r / 4) "
        + "Q\(cx) \(cy - r * 3 / 4) \(cx - r) \(cy - r / 4) Z",
      fill: ["#3b2a20", "#191919", "#5a3b1c"][number % 3])
    let blinks = (time + number * 700) % 2600 < 130
    for side in [-1, 1] {
      svg.rect(
        cx + side * r * 2 / 5 - 4, cy + (blinks ? 2 : -2), 8, blinks ? 2 : 8, "#2b2320", radius: 4)
    }
    let open = isSpeaking ? 4 + (time / 90 * 7) % 15 : 3
    svg.rect(cx - r / 3, cy + r / 2 - open / 2, r * 2 / 3, open, "#7c2f36", radius: 3)
    if isSpeaking {
      svg.body(
        appending: "<rect x=\"\(x + 6)\" y=\"\(y + 6)\" width=\"\(width - 12)\" "
          + "height=\"\(height - 12)\" rx=\"14\" fill=\"none\" stroke=\"\(accent)\" stroke-width=\"5\"/>"
      )
    }
    svg.text(person, x + 20, y + height - 20, size: 22, "#ffffff", weight: 600)
  }
}

extension String {
  fileprivate var replacingTabs: String {
    split(separator: "\t", omittingEmptySubsequences: false)
      .joined(separator: "    ")
  }
}
