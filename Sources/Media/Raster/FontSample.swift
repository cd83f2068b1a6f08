/// Two letters of a script that titles can have, and the Debian package of its font.
struct FontSample {
  var script: String
  var text: String
  var package = "fonts-noto-core"
  var isCode = false
  /// The locale chooses the Han variant.
  var locale = "en"

  /// Letters whose shape is not a frame, so that they cannot be taken for the box of a missing one.
  static let all = [
    FontSample(script: "Latin", text: "Ağ", package: "fonts-inter"),
    FontSample(script: "Greek", text: "Σλ"), FontSample(script: "Cyrillic", text: "Жя"),
    FontSample(script: "Armenian", text: "Աք"), FontSample(script: "Georgian", text: "აქ"),
    FontSample(script: "Hebrew", text: "אש"), FontSample(script: "Arabic", text: "عس"),
    FontSample(script: "Devanagari", text: "अक"), FontSample(script: "Bengali", text: "অক"),
    FontSample(script: "Tamil", text: "அக"), FontSample(script: "Telugu", text: "అక"),
    FontSample(script: "Thai", text: "กข"),
    FontSample(script: "Han", text: "永語", package: "fonts-noto-cjk", locale: "zh"),
    FontSample(script: "kana", text: "あカ", package: "fonts-noto-cjk", locale: "ja"),
    FontSample(script: "hangul", text: "한글", package: "fonts-noto-cjk", locale: "ko"),
    FontSample(script: "emoji", text: "🎉🚀", package: "fonts-noto-color-emoji"),
    FontSample(script: "code", text: "{x", package: "fonts-jetbrains-mono", isCode: true),
  ]
}
