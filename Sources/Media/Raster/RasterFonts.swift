import Basics
import CLibRSVG
package import Diagnostics
import Glibc

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

  /// Throws `configuration` unless every script of cards and films can be drawn: without a font its
  /// text would be missing or boxes, and nothing else would fail.
  package static func require() throws(Diagnostic) {
    let missing = missing()
    guard !missing.isEmpty else { return }
    throw Diagnostic(
      .configuration, "fonts are missing: \(missing.map(\.family).joined(separator: ", "))",
      hint: "apt-get install \(missing.map(\.package).joined(separator: " "))")
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
      let cache = TemporaryCache()
      if FcConfigParseAndLoadFromMemory(config, configuration(cache.path), 0) == 1,
        FcConfigBuildFonts(config) == 1
      {
        FcConfigSetCurrent(config)
      }
      FcConfigDestroy(config)
    }
  }

  /// A folder for the caches that fontconfig writes while it scans fonts, removed after that.
  ///
  /// fontconfig wants to write caches where it finds none that fit. It writes a complaint to the
  /// standard error if it may not, on each start. The user's folder may be closed to a service, and
  /// a folder with a known name in /tmp could be somebody else's.
  private struct TemporaryCache: ~Copyable {
    let path: String

    /// `path` is empty if no folder can be made.
    init() {
      let own = getenv("TMPDIR").map { String(cString: $0) }
      for parent in [own, "/tmp", "/dev/shm"].compactMap(\.self) {
        var name = Array("\(parent)/yearbook-fonts-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { continue }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return
      }
      path = ""
    }

    deinit {
      if path.isEmpty { return }
      // Flat: fontconfig keeps one file for each folder of fonts. A file that stays is harmless.
      if let folder = opendir(path) {
        while let entry = readdir(folder) {
          withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { name in
              _ = unlinkat(dirfd(folder), name, 0)
            }
          }
        }
        closedir(folder)
      }
      rmdir(path)
    }
  }

  private static func escaped(_ path: String) -> String {
    path.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
  }

  /// Debian's own cache is read, so that a start needs no scan.
  private static func configuration(_ cache: String) -> String {
    """
    <?xml version="1.0"?>
    <!DOCTYPE fontconfig SYSTEM "fonts.dtd">
    <fontconfig>
      <dir>/usr/share/fonts/opentype/inter</dir>
      <dir>/usr/share/fonts/opentype/noto</dir>
      <dir>/usr/share/fonts/truetype/noto</dir>
      <dir>/usr/share/fonts/truetype/jetbrains-mono</dir>
      <cachedir>/var/cache/fontconfig</cachedir>
      \(cache.isEmpty ? "" : "<cachedir>\(escaped(cache))</cachedir>")
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
}
