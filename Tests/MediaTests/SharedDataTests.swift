import Diagnostics
import Foundation
import Media
import Testing

/// Files of the world outside: real recordings and pictures, and broken ones.
private enum SharedData {
  static let folder: String = {
    let project = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    return "/" + project + "/../shared/data"
  }()

  static let isThere = FileManager.default.fileExists(atPath: folder + "/media/INDEX.csv")

  static func files(_ part: String) -> [String] {
    guard let all = FileManager.default.enumerator(atPath: folder + "/" + part) else { return [] }
    return all.compactMap { $0 as? String }.filter { $0.contains("/") }.sorted()
  }
}

@Suite(.enabled(if: SharedData.isThere, "needs ../shared/data"))
struct `Recordings and pictures of the world` {
  /// Those that hold nothing that could be shown; all others are used.
  private static let useless: Set<String> = [
    "browser/firefox153_first_chunk_lost.webm", "derived/html_error_page.webm",
    "derived/truncated_no_moov.mp4", "derived/wmv.wmv", "derived/zero_bytes.mp4",
    "samples/exiftool_ASF.wmv", "samples/exiftool_Pentax.avi", "samples/exiftool_QuickTime.mov",
    "samples/exiftool_RIFF.avi", "samples/libwebm_cues_before_clusters.webm",
    "samples/libwebm_estimate_duration.webm",
    "samples/libwebm_invalid_chapters_truncated_chapter_string_2.mkv",
    "samples/libwebm_invalid_fixed_lacing_bad_lace_size.mkv",
    "samples/libwebm_invalid_invalid_vp9_bitstream-bug_1417.webm",
    "samples/libwebm_invalid_primarychromaticity_fieldtoolarge.webm",
    "samples/libwebm_invalid_projection_float_overflow.webm",
    "samples/mp4parse_zero_empty_stsc.mp4", "samples/small_FlashVideo.flv",
  ]

  @Test(arguments: SharedData.files("media"))
  func `Each recording is used or refused with a reason`(file: String) throws {
    let object = try MediaRoot(SharedData.folder + "/media").open(file)
    do {
      let probe = try RecordingProbe.probe(object)
      #expect(!Self.useless.contains(file))
      #expect(probe.duration > 0)
      let reader = try RecordingReader(
        object, start: min(probe.duration / 2, 3_000), length: 100, maxWidth: 64, maxHeight: 64)
      let moment = try #require(try reader.next())
      #expect((moment.frame == nil) == (probe.video == nil))
    } catch let error as Diagnostic {
      #expect(Self.useless.contains(file), "\(error)")
      #expect(error.code == .data)
      #expect(error.message != "the decoder crashed")
    }
  }

  @Test(arguments: SharedData.files("screenshots"))
  func `Each picture is drawn or refused with a reason`(file: String) throws {
    let object = try MediaRoot(SharedData.folder + "/screenshots").open(file)
    do throws(Diagnostic) {
      let bitmap = try PictureReader.read(object, maxWidth: 160, maxHeight: 90)
      #expect(bitmap.width <= 160 && bitmap.height <= 90)
    } catch {
      #expect(error.code == .data)
      #expect(error.message != "the decoder crashed")
      #expect(!file.hasPrefix("real/") || error.message.hasPrefix("it is no PNG"))
    }
  }
}
