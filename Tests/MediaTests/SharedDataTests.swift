import Diagnostics
import Foundation
import Media
import Testing

/// Real recordings and pictures from outside, and broken ones.
private enum SharedData {
  static let project =
    "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  static let folder = project + "/../shared/data"

  static let isThere = FileManager.default.fileExists(atPath: folder + "/media/INDEX.csv")

  /// The length in seconds that ffmpeg's decoding reached, by file.
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
  private let folder = Folder()

  /// Recordings without anything that can be shown. All others are used.
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

  @Test func `A CMYK picture looks the same as the RGB picture`() throws {
    let root = MediaRoot(SharedData.folder + "/screenshots")
    let inks = try PictureReader.read(
      root.open("derived/cmyk.jpg"), maxWidth: 1_280, maxHeight: 1_280)
    let colours = try PictureReader.read(
      root.open("real/loki__result-loki.png"), maxWidth: 1_280, maxHeight: 1_280)
    #expect(inks.width == colours.width && inks.height == colours.height)
    #expect(try #require(Int(decibels(inks.pixels, colours.pixels))) > 28)
    // EXIF says how the picture must be turned.
    let turned = try PictureReader.read(
      root.open("derived/exif_orientation6.jpg"), maxWidth: 1_280, maxHeight: 1_280)
    #expect(turned.width == colours.height && turned.height == colours.width)
  }

  @Test(arguments: SharedData.files("pngsuite").filter { $0.hasSuffix(".png") })
  func `Each picture of the PNG suite is drawn, and the broken ones are refused`(file: String)
    throws
  {
    let object = try MediaRoot(SharedData.folder + "/pngsuite").open(file)
    // Two of the broken files only have wrong checksums. Their pictures are complete.
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

  /// The likeness of a recording's first picture to ffmpeg's in the same size, in decibels; empty
  /// if there is none.
  private func likeness(_ object: MediaObject, _ probe: RecordingProbe) -> String {
    guard let video = probe.video, video.width <= 4_096, video.height <= 4_096 else { return "" }
    do {
      let reader = try RecordingReader(
        object, start: 0, length: 34, maxWidth: max(16, video.width & ~1),
        maxHeight: max(16, video.height & ~1))
      guard let frame = try reader.next()?.frame else { return "" }
      let theirs = Run.tool(
        "ffmpeg", "-v", "error", "-flags", "bitexact", "-i",
        SharedData.folder + "/media/" + object.key,
        "-map", "0:v:0", "-frames:v", "1", "-y", "-vf",
        "scale=\(frame.width):\(frame.height):flags=bicubic+accurate_rnd+full_chroma_inp:out_color_matrix=bt709:out_range=tv",
        "-pix_fmt", "yuv420p", "-f", "rawvideo", folder.file("theirs"))
      guard theirs.status == 0 else { return "" }
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file("theirs"))))
      return decibels(frame.y, Array(bytes.prefix(frame.y.count)))
    } catch { return "" }
  }

  /// The likeness of a picture to ffmpeg's, in decibels, if it is drawn in its own size.
  private func likeness(_ picture: Bitmap, _ path: String) -> String {
    let theirs = Run.tool(
      "ffmpeg", "-v", "error", "-y", "-flags", "bitexact", "-i", path, "-frames:v", "1", "-vf",
      "premultiply=inplace=1,format=bgra", "-f", "rawvideo", folder.file("picture"))
    guard theirs.status == 0,
      let data = FileManager.default.contents(atPath: folder.file("picture"))
    else { return "" }
    return decibels(picture.pixels, [UInt8](data))
  }

  private func decibels(_ ours: [UInt8], _ theirs: [UInt8]) -> String {
    guard ours.count == theirs.count, !ours.isEmpty else { return "" }
    var sum = 0
    for index in ours.indices {
      let difference = Int(ours[index]) - Int(theirs[index])
      sum += difference * difference
    }
    if sum == 0 { return "99" }
    return String(Int((10 * log10(255 * 255 * Double(ours.count) / Double(sum))).rounded()))
  }

  /// `docs/media-files.md`: written with YEARBOOK_RECORD=1, and compared in the soak run.
  @Test(
    .enabled(if: Run.isSoak || Run.isRecording, "slow: needs YEARBOOK_SOAK or YEARBOOK_RECORD"))
  func `The table of media files says what is used`() throws {
    let measured = try SharedData.measured()
    var text = """
      # Media files: what is used, what is refused

      ## Where they lie

      An object key, as a row has it, is a path below the media root. It must begin with the tenant's prefix: its slug and a slash, as
      in `acme/shots/1.png`. If a tenant's folder has another name, `tenants.SLUG.media_prefix` in `yearbook.yaml` names it, such as
      `customers/0017/`. Nothing outside of that folder is opened. These keys are refused: a key of another tenant's object, a key
      with `..`, `.` or an empty part, a key that begins with a slash, and a key that leads through a symbolic link. A refused key
      gets a card in the film, no picture on a page, and the warning `media-refused`; for a link it is `media-missing` or
      `picture-missing`.

      If all tenants' objects are in the same folders, write:

      ```yaml
      media:
        root: /srv/media
        layout: shared      # the default is `tenants`
      ```

      Then only the rows say whose an object is: whoever can write a key of another tenant's object into a row can see it. A tenant
      with a `media_prefix` is still limited to it.

      ## What is used

      Made by a test (`YEARBOOK_RECORD=1 swift test --filter Recordings`) from a collection of recordings and pictures: from
      browsers, phones and cameras, from other projects' test data, and broken ones. A refused file gets a card in the film, a
      warning in the run's record, and its reason in the storyboard. “ffmpeg” is the length that the ffmpeg program's own decoding
      reached. dB is the likeness (PSNR, luma) of the first picture to the one that the ffmpeg program decodes and converts; 99
      means that they are equal.

      | recording | what it is | seconds | ffmpeg | dB | used or refused |
      | --- | --- | ---: | ---: | ---: | --- |

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
          + " \(codecs.joined(separator: ", ")) | \(seconds) | \(theirs) | \(likeness(object, probe)) | \(use) |\n"
      } catch {
        text += "| \(file) | | | \(theirs) | | refused: \(error.message) |\n"
      }
    }
    text += "\n| picture | drawn at most 1400 × 5600 | dB |\n| --- | --- | ---: |\n"
    for part in ["screenshots", "pngsuite"] {
      for file in SharedData.files(part) where !file.hasSuffix(".csv") {
        let object = try MediaRoot("\(SharedData.folder)/\(part)").open(file)
        do throws(Diagnostic) {
          let picture = try PictureReader.read(object, maxWidth: 1_400, maxHeight: 5_600)
          let likeness = likeness(picture, "\(SharedData.folder)/\(part)/\(file)")
          text += "| \(file) | \(picture.width) × \(picture.height) | \(likeness) |\n"
        } catch {
          text += "| \(file) | refused: \(error.message) | |\n"
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
