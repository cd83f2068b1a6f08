extension RasterFonts {
  static func escaped(_ path: String) -> String {
    path.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
  }

  /// Debian's own cache is read, so that a start needs no scan.
  static func configuration(_ cache: String) -> String {
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
