import CLibAV
import CLibRSVG

/// The versions of the loaded libraries that decode, draw and encode.
package enum MediaLibraries {
  /// Names and versions, sorted by name.
  package static var versions: [(name: String, version: String)] {
    [
      ("libavcodec", text(avcodec_version())),
      ("libavformat", text(avformat_version())),
      ("libavutil", text(avutil_version())),
      (
        "librsvg", "\(rsvg_major_version).\(rsvg_minor_version).\(rsvg_micro_version)"
      ),
      ("libswresample", text(swresample_version())),
      ("libswscale", text(swscale_version())),
    ]
  }

  /// libav packs a version as major << 16 | minor << 8 | micro (AV_VERSION_INT).
  private static func text(_ version: UInt32) -> String {
    "\(version >> 16).\(version >> 8 & 255).\(version & 255)"
  }
}
