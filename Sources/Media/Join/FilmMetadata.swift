/// What a film's file says about the film.
package struct FilmMetadata: Hashable, Sendable {
  package var title: String
  /// The tenant's name; players show it as the artist.
  package var artist: String?
  /// The year or month: `2026`.
  package var date: String?
  /// The ISO 639-2 code of the captions' and the sound's language: `por`.
  package var language: String?

  /// Metadata with these values.
  package init(
    title: String, artist: String? = nil, date: String? = nil, language: String? = nil
  ) {
    self.title = title
    self.artist = artist
    self.date = date
    self.language = language
  }
}

/// A named place in a film, on the sync grid.
package struct FilmChapter: Hashable, Sendable {
  /// Its start, in grid steps from the start of the film.
  package var startStep: Int
  package var title: String

  /// A chapter that starts at this grid step.
  package init(startStep: Int, title: String) {
    self.startStep = startStep
    self.title = title
  }
}

/// A line of text shown from `start` to `end`, in milliseconds from the start of the film.
package struct FilmCaption: Hashable, Sendable {
  package var start: Int
  package var end: Int
  package var text: String

  /// A caption between these times, in milliseconds.
  package init(start: Int, end: Int, text: String) {
    self.start = start
    self.end = end
    self.text = text
  }
}

/// The result of a join.
package struct FilmSummary: Hashable, Sendable, Codable {
  /// The length of the film, in grid steps.
  package var gridSteps: Int
  package var bytes: Int
  /// The length, rounded to the nearest millisecond.
  package var milliseconds: Int { FilmFormat.milliseconds(ofSteps: gridSteps) }
}
