import Glibc

/// A tenant's colour: its own hue with fixed lightness and chroma, so that every tenant has the
/// same contrast.
///
/// The hue comes from the tenant's id: one of 19 steps on OKLCH's circle, without yellows, which
/// look muddy when they are dark. The light accent has a contrast of at least 4.5 : 1 on paper, the
/// dark one on ink.
package struct Accent: Hashable, Sendable {
  /// The hue of OKLCH in degrees.
  package var hue: Int

  /// The accent of a tenant. The same id always gives the same accent.
  package init(tenant id: String) {
    // FNV-1a, then a finaliser. Without it, similar ids would have similar hues.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
    hash ^= hash >> 33
    let step = Int(hash % 19)
    hue = (step < 4 ? step : step + 5) * 15
  }

  /// The accent of a hue in degrees, taken modulo 360.
  package init(hue: Int) { self.hue = ((hue % 360) + 360) % 360 }

  /// On paper: text, links and bars.
  package var light: String { colour(lightness: 0.48, chroma: 0.14) }
  /// On dark pages: text, links and bars.
  package var dark: String { colour(lightness: 0.78, chroma: 0.12) }
  /// In films, on ink: bright enough to read across a room.
  package var film: String { colour(lightness: 0.80, chroma: 0.13) }
  /// In films, the background of white text.
  package var filmGround: String { colour(lightness: 0.36, chroma: 0.10) }
  /// In films, the darkest shade: the background of cards, with a little of the hue.
  package var filmInk: String { colour(lightness: 0.19, chroma: 0.025) }

  /// On pages, the ground of a cover, in light and in dark: white text on it has a contrast of more
  /// than 7 : 1.
  package var cover: String { colour(lightness: 0.30, chroma: 0.09) }

  /// `#rrggbb` of this hue. If sRGB cannot show the chroma, it is lowered until it can.
  package func colour(lightness: Double, chroma: Double) -> String {
    let radians = Double(hue) * Double.pi / 180
    var reach = chroma
    while true {
      let linear = Accent.linear(
        lightness: lightness, a: reach * cos(radians), b: reach * sin(radians))
      if reach <= 0 || linear.allSatisfy({ (-0.0005...1.0005).contains($0) }) {
        return "#" + linear.map(Accent.hex).joined()
      }
      reach -= 0.005
    }
  }

  /// Oklab to linear sRGB: Björn Ottosson, “A perceptual color space for image processing”, 2020.
  private static func linear(lightness: Double, a: Double, b: Double) -> [Double] {
    let l = lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b
    let m = lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b
    let s = lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b
    let (l3, m3, s3) = (l * l * l, m * m * m, s * s * s)
    return [
      4.076_741_662_1 * l3 - 3.307_711_591_3 * m3 + 0.230_969_929_2 * s3,
      -1.268_438_004_6 * l3 + 2.609_757_401_1 * m3 - 0.341_319_396_5 * s3,
      -0.004_196_086_3 * l3 - 0.703_418_614_7 * m3 + 1.707_614_701_0 * s3,
    ]
  }

  private static func hex(_ linear: Double) -> String {
    let value = min(1, max(0, linear))
    let encoded = value <= 0.003_130_8 ? 12.92 * value : 1.055 * pow(value, 1 / 2.4) - 0.055
    let byte = Int((encoded * 255).rounded())
    return (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}
