import CLibAV
package import Diagnostics

/// Joins segments into a film by copying their packets: nothing is encoded again.
///
/// Times are exact: a segment begins where the grid steps before it end. The AAC priming packet of
/// the first segment is kept, and an edit list hides it. The priming packets of the other segments
/// are dropped: they would overlap with the silence at the start and end of every segment.
package enum FilmJoiner {
  /// Writes an MP4 (H.264, AAC, `moov` first) of the segments, in this order, to `path`.
  ///
  /// Only one segment at a time is in memory.
  ///
  /// - Parameter soundtrack: For each segment the part of the soundtrack that replaces its sound;
  ///   an empty list keeps the segments' own sound.
  /// - Parameter chapters: In ascending order; an empty list writes no chapters.
  /// - Parameter captions: In ascending order, without overlaps; an empty list writes no text
  ///   track.
  /// - Throws: `data` for a segment that is truncated, damaged or from another encoder; `io`.
  package static func join(
    segments: [String], soundtrack: [String] = [], metadata: FilmMetadata,
    chapters: [FilmChapter] = [], captions: [FilmCaption] = [], to path: String
  ) throws(Diagnostic) -> FilmSummary {
    guard let firstPath = segments.first else {
      throw Diagnostic(.bug, "a film needs at least one segment")
    }
    let first = try contents(firstPath, soundtrack, 0)
    let muxer = try Muxer(format: "mp4", path: path)
    let film = try FilmTracks(
      muxer: muxer, header: first.header, metadata: metadata, hasCaptions: !captions.isEmpty)
    // Chapters are written with the header, so the film's length must be known first.
    var length = 0
    for segment in segments { length += try SegmentFile.gridSteps(of: segment) }
    try film.begin(chapters: chapters, gridSteps: length)
    var position = 0
    var captionWriter = CaptionWriter(captions)
    for (index, segmentPath) in segments.enumerated() {
      let segment = index == 0 ? first : try contents(segmentPath, soundtrack, index)
      try check(segment.header, against: first.header, path: segmentPath)
      let end = position + segment.header.gridSteps
      try captionWriter.write(before: end, to: film)
      try film.append(segment, at: position)
      position = end
    }
    try captionWriter.finish(at: position, to: film)
    try muxer.finish()
    return FilmSummary(gridSteps: position, bytes: try FileSource.size(of: path))
  }

  /// The segment with its part of the soundtrack, if there is one.
  static func contents(
    _ path: String, _ soundtrack: [String], _ index: Int
  ) throws(Diagnostic) -> SegmentFile.Contents {
    var segment = try SegmentFile.Contents(path: path)
    guard !soundtrack.isEmpty else { return segment }
    guard soundtrack.indices.contains(index) else {
      throw Diagnostic(.bug, "the soundtrack has fewer parts than the film has segments")
    }
    try segment.replaceSound(
      by: SoundFile.Contents(path: soundtrack[index]), path: soundtrack[index])
    return segment
  }

  static func check(
    _ header: SegmentFile.Header, against first: SegmentFile.Header, path: String
  ) throws(Diagnostic) {
    var expected = first
    expected.gridSteps = header.gridSteps
    if header == expected { return }
    throw Diagnostic(
      .data, "this segment has other parameters or another encoder than the film's first segment",
      at: .init(file: path), hint: "run again with --refresh: it encodes the film's scenes again")
  }
}
