package import Basics
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

  /// The families that films need and this machine does not have, with the Debian package of each;
  /// then the scripts that none of its fonts has.
  package static func missing() -> [(family: String, package: String)] {
    prepare()
    let families: [(family: String, package: String)] = [
      ("Inter", "fonts-inter"), ("Noto Sans", "fonts-noto-core"),
      ("Noto Sans CJK JP", "fonts-noto-cjk"), ("Noto Color Emoji", "fonts-noto-color-emoji"),
      ("JetBrains Mono", "fonts-jetbrains-mono"),
    ].filter { !isInstalled($0.family) }
    // The scripts of a missing package are not named one by one.
    let absent = families.map(\.package)
    var waiting = FontSample.all.filter { !absent.contains($0.package) }
    for font in installed() { waiting.removeAll { font.has($0.text) } }
    return families + waiting.map { ("a font for \($0.script)", $0.package) }
  }

  /// Throws `configuration` unless every script of cards and films can be drawn: without a font its
  /// text would be missing or boxes, and nothing else would fail.
  package static func require() throws(Diagnostic) {
    // Looking through hundreds of fonts takes as long as drawing a card.
    if isComplete.withLock({ $0 }) { return }
    let missing = missing()
    try RasterFaults.checkRoom()
    guard !missing.isEmpty else { return isComplete.withLock { $0 = true } }
    throw Diagnostic(
      .configuration, "fonts are missing: \(missing.map(\.family).joined(separator: ", "))",
      hint: "apt-get install \(packages(missing.map(\.package)))")
  }

  static func packages(_ names: [String]) -> String {
    names.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }.joined(separator: " ")
  }

  /// What tells these fonts from others, for the keys of what is drawn with them: each font's
  /// family, style, version and number of characters. Where they lie, and when they were installed,
  /// does not matter.
  package static let digest: SHA256Digest = {
    prepare()
    let lines = Set(installed().map(\.identity)).sorted()
    return SHA256Digest(of: lines.joined(separator: "\n").utf8)
  }()

  private static func installed() -> [Font] {
    guard let set = FcConfigGetFonts(nil, FcSetSystem) else { return [] }
    return (0..<Int(set.pointee.nfont)).compactMap {
      set.pointee.fonts[$0].map { Font(pattern: $0) }
    }
  }

  /// An installed font, as fontconfig describes it.
  private struct Font {
    let pattern: OpaquePointer

    var identity: String {
      var version: Int32 = 0
      FcPatternGetInteger(pattern, FC_FONTVERSION, 0, &version)
      let count = charset.map { FcCharSetCount($0) } ?? 0
      return [text(FC_FAMILY), text(FC_STYLE), String(version), String(count)]
        .joined(separator: "\t")
    }

    private func text(_ object: String) -> String {
      var value: UnsafeMutablePointer<FcChar8>?
      guard FcPatternGetString(pattern, object, 0, &value) == FcResultMatch, let value else {
        return ""
      }
      return String(cString: value)
    }

    private var charset: OpaquePointer? {
      var value: OpaquePointer?
      return FcPatternGetCharSet(pattern, FC_CHARSET, 0, &value) == FcResultMatch ? value : nil
    }

    func has(_ text: String) -> Bool {
      guard let charset else { return false }
      return text.unicodeScalars.allSatisfy { FcCharSetHasChar(charset, $0.value) != 0 }
    }
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
  /// Whether every script was found. What is installed is read once in a process.
  private static let isComplete = Locked(false)
  private static let workspace = Locked<String?>(nil)

  /// Names a folder that this process can write to, where no other one is writable.
  package static func use(workspace folder: String) { workspace.withLock { $0 = folder } }

  /// Makes this the configuration of the process, before the first text is shaped.
  static func prepare() {
    isPrepared.withLock { isPrepared in
      if isPrepared { return }
      isPrepared = true
      RasterFaults.watch()
      RasterFaults.measureRoom()
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
      let folders = [own, "/tmp", "/dev/shm", "/var/tmp", RasterFonts.workspace.withLock { $0 }]
      for parent in folders.compactMap(\.self) {
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
}
