package import Diagnostics

/// A film for HTTP Live Streaming (RFC 8216): one fragmented MP4 of the same segments, and
/// playlists that say where each part is in the file.
///
/// A part begins with a key picture and lasts at least 4 s, unless the film ends before.
package struct FilmStream: Hashable, Sendable {
  /// A part that players fetch by itself. `offset` and `bytes` are in bytes.
  package struct Part: Hashable, Sendable {
    /// Video frames.
    package var frames: Int
    package var offset: Int
    package var bytes: Int
  }

  package var width: Int
  package var height: Int
  /// The codecs as in RFC 6381: `avc1.64001f,mp4a.40.2`.
  package var codecs: String
  /// The size of the header before the first part, in bytes.
  package var header: Int
  package var parts: [Part]

  /// The least number of video frames of a part.
  static let framesPerPart = 120

  /// The playlist of the parts of `file`, a name in the playlist's folder.
  package func playlist(of file: String) -> String {
    var text = FilmStream.head(target: parts.map(\.frames).max() ?? 1)
    text += "#EXT-X-INDEPENDENT-SEGMENTS\n"
    text += "#EXT-X-MAP:URI=\"\(file)\",BYTERANGE=\"\(header)@0\"\n"
    for part in parts {
      text += "#EXTINF:\(FilmStream.seconds(part.frames)),\n"
      text += "#EXT-X-BYTERANGE:\(part.bytes)@\(part.offset)\n\(file)\n"
    }
    return text + "#EXT-X-ENDLIST\n"
  }

  /// The playlist of captions in one WebVTT file.
  package func captionPlaylist(of file: String) -> String {
    let frames = parts.reduce(0) { $0 + $1.frames }
    return FilmStream.head(target: frames)
      + "#EXTINF:\(FilmStream.seconds(frames)),\n\(file)\n#EXT-X-ENDLIST\n"
  }

  /// The playlist that players open.
  ///
  /// - Parameters:
  ///   - captions: The name of their playlist, the name that players show, and their BCP 47
  ///     language.
  package func mainPlaylist(
    stream: String, captions: (file: String, name: String, language: String)?
  ) -> String {
    let rates = parts.map { $0.bytes * 8 * FilmFormat.frameRate / max(1, $0.frames) }
    let frames = parts.reduce(0) { $0 + $1.frames }
    let bytes = parts.reduce(0) { $0 + $1.bytes }
    var text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
    if let captions {
      let name = captions.name.filter { $0 != "\"" && !$0.isNewline }
      text +=
        "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"captions\",NAME=\"\(name)\""
        + ",LANGUAGE=\"\(captions.language)\",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO"
        + ",URI=\"\(captions.file)\"\n"
    }
    text +=
      "#EXT-X-STREAM-INF:BANDWIDTH=\(rates.max() ?? 0)"
      + ",AVERAGE-BANDWIDTH=\(bytes * 8 * FilmFormat.frameRate / max(1, frames))"
      + ",CODECS=\"\(codecs)\",RESOLUTION=\(width)x\(height),FRAME-RATE=30.000"
      + (captions == nil ? "" : ",SUBTITLES=\"captions\"") + "\n\(stream)\n"
    return text
  }

  private static func head(target frames: Int) -> String {
    // The target is the longest part, rounded to the nearest second.
    let target = (frames + FilmFormat.frameRate - 1) / FilmFormat.frameRate
    return "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:\(target)\n"
      + "#EXT-X-PLAYLIST-TYPE:VOD\n"
  }

  /// Frames as seconds with six decimals.
  private static func seconds(_ frames: Int) -> String {
    let micros = frames * 1_000_000 / FilmFormat.frameRate
    let fraction = String(micros % 1_000_000)
    return "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
  }

  /// `avc1.` with the profile, constraints and level of H.264's extradata in Annex B.
  static func codecs(_ extradata: [UInt8]) -> String {
    let start = extradata.indices.first { index in
      extradata[index...].starts(with: [0, 0, 1]) && index + 6 < extradata.count
        && extradata[index + 3] & 31 == 7
    }
    guard let start else { return "avc1,mp4a.40.2" }
    let digits = extradata[start + 4..<start + 7].map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return "avc1.\(digits.joined()),mp4a.40.2"
  }
}

extension FilmJoiner {
  /// Writes the segments as a fragmented MP4 for streaming; nothing is encoded.
  ///
  /// - Throws: Like `join`.
  package static func stream(
    segments: [String], soundtrack: [String] = [], metadata: FilmMetadata, to path: String
  ) throws(Diagnostic) -> FilmStream {
    guard let firstPath = segments.first else {
      throw Diagnostic(.bug, "a film needs at least one segment")
    }
    let first = try contents(firstPath, soundtrack, 0)
    let muxer = try Muxer(format: "mp4", path: path)
    let film = try FilmTracks(
      muxer: muxer, header: first.header, metadata: metadata, hasCaptions: false)
    try film.beginStream()
    var stream = FilmStream(
      width: first.header.width, height: first.header.height,
      codecs: FilmStream.codecs(first.header.videoExtradata), header: 0, parts: [])
    var begun = 0
    var end = 0
    func close(at frame: Int) throws(Diagnostic) {
      if stream.parts.isEmpty {
        // The header waits for the first packets, which show where the sound begins.
        try muxer.flush()
        stream.header = muxer.position
      }
      let offset = muxer.position
      try muxer.flush()
      stream.parts.append(
        FilmStream.Part(frames: frame - begun, offset: offset, bytes: muxer.position - offset))
      begun = frame
    }
    for (index, segmentPath) in segments.enumerated() {
      let segment = index == 0 ? first : try contents(segmentPath, soundtrack, index)
      try check(segment.header, against: first.header, path: segmentPath)
      try film.append(segment, at: end / FilmFormat.framesPerStep) { frame throws(Diagnostic) in
        if frame - begun >= FilmStream.framesPerPart { try close(at: frame) }
      }
      end += segment.header.gridSteps * FilmFormat.framesPerStep
    }
    try close(at: end)
    try muxer.finish()
    return stream
  }
}
