import Diagnostics
import Foundation
import Media
import Testing

/// Files of the world outside: real recordings and pictures, and broken ones.
private enum SharedData {
  static let project =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  static let folder = project + "/../shared/data"

  static let isThere = FileManager.default.fileExists(atPath: folder + "/media/INDEX.csv")

  /// Seconds that ffmpeg's decoding reached, by file.
  static func measured() throws -> [String: String] {
    let text = try String(
      contentsOf: URL(fileURLWithPath: folder + "/media/INDEX.csv"), encoding: .utf8)
    var found: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline).dropFirst() {
      var fields = [""]
      var isQuoted = false
      for character in line {
        if character == "\"" {
          isQuoted.toggle()
        } else if character == ",", !isQuoted {
          fields.append("")
        } else {
          fields[fields.count - 1].append(character)
        }
      }
      if fields.count > 11 { found[fields[0]] = fields[11] }
    }
    return found
  }

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

  @Test(arguments: SharedData.files("pngsuite").filter { $0.hasSuffix(".png") })
  func `Each picture of the PNG suite is drawn, and the broken ones are refused`(file: String)
    throws
  {
    let object = try MediaRoot(SharedData.folder + "/pngsuite").open(file)
    // Two of the broken have wrong checksums and nothing else: what they show is whole.
    let isBroken =
      file.hasPrefix("png/x") && !["png/xcsn0g01.png", "png/xhdn0g08.png"].contains(file)
    do throws(Diagnostic) {
      _ = try PictureReader.read(object, maxWidth: 160, maxHeight: 90)
      #expect(!isBroken)
    } catch {
      #expect(error.code == .data)
      #expect(error.message != "the decoder crashed")
      #expect(isBroken)
    }
  }

  /// `docs/media-files.md`, made anew with YEARBOOK_RECORD=1 and compared in the long run.
  @Test(
    .enabled(if: Run.isSoak || Run.isRecording, "slow: wants YEARBOOK_SOAK or YEARBOOK_RECORD"))
  func `The table of media files says what is used`() throws {
    let measured = try SharedData.measured()
    var text = """
      # What becomes of files as they come

      Made by a test (`YEARBOOK_RECORD=1 swift test --filter Recordings`) from a collection of recordings and pictures:
      of browsers, phones and cameras, of other projects' test data, and broken ones. What is refused has a card
      in the film, a warning in the run's record and its reason in the storyboard. “ffmpeg” is the length that the
      ffmpeg program's own decoding reached.

      | recording | what it is | seconds | ffmpeg | used or refused |
      | --- | --- | ---: | ---: | --- |

      """
    for file in SharedData.files("media") {
      let object = try MediaRoot(SharedData.folder + "/media").open(file)
      let theirs = measured[file] ?? ""
      do throws(Diagnostic) {
        let probe = try RecordingProbe.probe(object)
        let codecs = [probe.video?.codec, probe.audio?.codec].compactMap { $0 }
        let remarks = probe.warnings.map(\.message)
        let use = (["used"] + remarks).joined(separator: "; ")
        let seconds = String(format: "%.2f", Double(probe.duration) / 1_000)
        text +=
          "| \(file) | \(probe.container.replacingOccurrences(of: "|", with: "/")):"
          + " \(codecs.joined(separator: ", ")) | \(seconds) | \(theirs) | \(use) |\n"
      } catch {
        text += "| \(file) | | | \(theirs) | refused: \(error.message) |\n"
      }
    }
    text += "\n| picture | drawn at most 1400 × 5600 | \n| --- | --- |\n"
    for part in ["screenshots", "pngsuite"] {
      for file in SharedData.files(part) where !file.hasSuffix(".csv") {
        let object = try MediaRoot("\(SharedData.folder)/\(part)").open(file)
        do throws(Diagnostic) {
          let picture = try PictureReader.read(object, maxWidth: 1_400, maxHeight: 5_600)
          text += "| \(file) | \(picture.width) × \(picture.height) |\n"
        } catch {
          text += "| \(file) | refused: \(error.message) |\n"
        }
      }
    }
    let path = SharedData.project + "/docs/media-files.md"
    if Run.isRecording {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    } else {
      #expect(try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8) == text)
    }
  }
}
