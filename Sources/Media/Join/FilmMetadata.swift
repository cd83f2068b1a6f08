/// What a film says of itself.
public struct FilmMetadata: Hashable, Sendable {
  public var title: String
  /// Shown by players as the artist: the tenant's name.
  public var artist: String?
  /// The year or month: `2026`.
  public var date: String?
  /// ISO 639-2 of captions and sound: `por`.
  public var language: String?

  public init(
    title: String, artist: String? = nil, date: String? = nil, language: String? = nil
  ) {
    self.title = title
    self.artist = artist
    self.date = date
    self.language = language
  }
}

/// A named place in a film, on the grid.
public struct FilmChapter: Hashable, Sendable {
  /// Where it starts, in grid steps from the film's start.
  public var startStep: Int
  public var title: String

  public init(startStep: Int, title: String) {
    self.startStep = startStep
    self.title = title
  }
}

/// A line of text shown from `start` to `end`, in milliseconds from the film's start.
public struct FilmCaption: Hashable, Sendable {
  public var start: Int
  public var end: Int
  public var text: String

  public init(start: Int, end: Int, text: String) {
    self.start = start
    self.end = end
    self.text = text
  }
}

/// What a join made.
public struct FilmSummary: Hashable, Sendable, Codable {
  /// The film's length.
  public var gridSteps: Int
  public var bytes: Int
  /// The length in milliseconds, to the nearest.
  public var milliseconds: Int { FilmFormat.milliseconds(ofSteps: gridSteps) }
}
