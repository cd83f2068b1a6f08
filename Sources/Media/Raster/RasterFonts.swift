import Basics
import CLibRSVG

/// The fonts of films and drawings. They do not depend on the configuration of the machine or its
/// user.
///
/// Only Debian's packages `fonts-inter`, `fonts-noto-core`, `fonts-noto-cjk`,
/// `fonts-noto-color-emoji` and `fonts-jetbrains-mono` are used. Hinting and sub-pixel colours are
/// off.
package enum RasterFonts {
  /// The font families for text. The first family that has a glyph is used. `locale` chooses the
  /// Han variant.
  package static func text(locale: String = "en") -> String {
    "Inter, Noto Sans, \(cjk(locale)), Noto Color Emoji"
  }

  /// The font families for code, chosen like those for text.
  package static func code(locale: String = "en") -> String {
    "JetBrains Mono, Noto Sans Mono, \(cjk(locale)), Noto Color Emoji"
  }

  /// The families that films need and this machine does not have, with the Debian package of each.
  package static func missing() -> [(family: String, package: String)] {
    prepare()
    return [
      ("Inter", "fonts-inter"), ("Noto Sans", "fonts-noto-core"),
      ("Noto Sans CJK JP", "fonts-noto-cjk"), ("Noto Color Emoji", "fonts-noto-color-emoji"),
      ("JetBrains Mono", "fonts-jetbrains-mono"),
    ].filter { !isInstalled($0.0) }
  }

  private static func cjk(_ locale: String) -> String {
    let regions: [(prefix: String, family: String)] = [
      ("zh-TW", "TC"), ("zh-Hant", "TC"), ("zh-HK", "HK"), ("zh", "SC"), ("ko", "KR"),
    ]
    let region = regions.first { locale.hasPrefix($0.prefix) }?.family ?? "JP"
    return "Noto Sans CJK \(region)"
  }

  private static func isInstalled(_ family: String) -> Bool {
    guard let pattern = FcPatternCreate(), let names = FcObjectSetCreate() else { return false }
    defer {
      FcPatternDestroy(pattern)
      FcObjectSetDestroy(names)
    }
    FcPatternAddString(pattern, FC_FAMILY, family)
    guard let found = FcFontList(nil, pattern, names) else { return false }
    defer { FcFontSetDestroy(found) }
    return found.pointee.nfont > 0
  }

  private static let isPrepared = Locked(false)

  /// Makes this the configuration of the process, before the first text is shaped.
  static func prepare() {
    isPrepared.withLock { isPrepared in
      if isPrepared { return }
      isPrepared = true
      guard let config = FcConfigCreate() else { return }
      if FcConfigParseAndLoadFromMemory(config, configuration, 0) == 1,
        FcConfigBuildFonts(config) == 1
      {
        FcConfigSetCurrent(config)
      }
      FcConfigDestroy(config)
    }
  }

  /// Debian's own cache is read, so that a start needs no scan. If it is stale, the user's cache is
  /// written.
  private static let configuration = """
    <?xml version="1.0"?>
    <!DOCTYPE fontconfig SYSTEM "fonts.dtd">
    <fontconfig>
      <dir>/usr/share/fonts/opentype/inter</dir>
      <dir>/usr/share/fonts/opentype/noto</dir>
      <dir>/usr/share/fonts/truetype/noto</dir>
      <dir>/usr/share/fonts/truetype/jetbrains-mono</dir>
      <cachedir>/var/cache/fontconfig</cachedir>
      <cachedir prefix="xdg">fontconfig</cachedir>
      <selectfont><rejectfont>
        <glob>/usr/share/fonts/opentype/noto/NotoSerif*</glob>
        <glob>/usr/share/fonts/truetype/noto/NotoSerif*</glob>
        <glob>/usr/share/fonts/truetype/noto/NotoSansDisplay*</glob>
      </rejectfont></selectfont>
      <alias binding="same"><family>emoji</family>
        <prefer><family>Noto Color Emoji</family></prefer></alias>
      <alias binding="same"><family>sans-serif</family>
        <prefer><family>Inter</family><family>Noto Sans</family></prefer></alias>
      <alias binding="same"><family>monospace</family>
        <prefer><family>JetBrains Mono</family></prefer></alias>
      <match target="pattern">
        <edit name="antialias" mode="append"><bool>true</bool></edit>
      </match>
      <match target="font">
        <edit name="hintstyle" mode="assign"><const>hintnone</const></edit>
        <edit name="embeddedbitmap" mode="assign"><bool>true</bool></edit>
        <edit name="rgba" mode="assign"><const>none</const></edit>
      </match>
      <match target="font">
        <test name="outline" compare="eq"><bool>false</bool></test>
        <edit name="pixelsizefixupfactor" mode="assign"><divide>
          <name target="pattern">pixelsize</name><name target="font">pixelsize</name>
        </divide></edit>
        <edit name="matrix" mode="assign"><times><name>matrix</name><matrix>
          <name>pixelsizefixupfactor</name><double>0</double>
          <double>0</double><name>pixelsizefixupfactor</name>
        </matrix></times></edit>
        <edit name="size" mode="assign"><divide>
          <name>size</name><name>pixelsizefixupfactor</name>
        </divide></edit>
      </match>
      <config><rescan><int>0</int></rescan></config>
    </fontconfig>
    """
}
