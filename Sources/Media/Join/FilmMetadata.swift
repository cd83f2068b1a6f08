/// What a film says of itself.
package struct FilmMetadata: Hashable, Sendable {
  package var title: String
  /// Shown by players as the artist: the tenant's name.
  package var artist: String?
  /// The year or month: `2026`.
  package var date: String?
  /// ISO 639-2 of captions and sound: `por`.
  package var language: String?

  package init(
    title: String, artist: String? = nil, date: String? = nil, language: String? = nil
  ) {
    self.title = title
    self.artist = artist
    self.date = date
    self.language = language
  }
}

/// A named place in a film, on the grid.
package struct FilmChapter: Hashable, Sendable {
  /// Where it starts, in grid steps from the film's start.
  package var startStep: Int
  package var title: String

  package init(startStep: Int, title: String) {
    self.startStep = startStep
    self.title = title
  }
}

/// A line of text shown from `start` to `end`, in milliseconds from the film's start.
package struct FilmCaption: Hashable, Sendable {
  package var start: Int
  package var end: Int
  package var text: String

  package init(start: Int, end: Int, text: String) {
    self.start = start
    self.end = end
    self.text = text
  }
}

/// What a join made.
package struct FilmSummary: Hashable, Sendable, Codable {
  /// The film's length.
  package var gridSteps: Int
  package var bytes: Int
  /// The length in milliseconds, to the nearest.
  package var milliseconds: Int { FilmFormat.milliseconds(ofSteps: gridSteps) }
}
