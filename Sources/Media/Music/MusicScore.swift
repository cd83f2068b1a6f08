/// How a film's music sounds. Every style is synthesised; nothing is recorded or licensed.
package enum MusicStyle: String, Hashable, Sendable, CaseIterable {
  /// Long chords and few notes.
  case calm
  /// A plucked melody over chords and a bass.
  case bright
  /// A drum on every beat, and a busy bass.
  case pulse
}

/// A sound at a place of the film.
struct MusicNote: Hashable, Sendable {
  var voice: MusicVoice
  /// The MIDI number of its pitch: 69 is 440 Hz.
  var pitch: Int
  /// Samples from the film's start.
  var start: Int
  /// How long it is held, in samples; struck voices decay by themselves.
  var length: Int
  /// Loudness in thousandths.
  var level: Int
  /// 0 (left) … 100 (right)
  var pan: Int
}

/// What the music must know about one scene.
package struct MusicScene: Hashable, Sendable {
  /// Where the scene is in its film.
  package enum Place: String, Hashable, Sendable {
    /// The first scene: it introduces the theme.
    case opening
    /// A scene that begins a chapter.
    case chapter
    case item
    /// The last scene: it brings the music to rest.
    case closing
  }

  /// Its length in grid steps. A step is a beat: so every cut is on a beat.
  package var steps: Int
  package var place: Place
  /// How busy its chapter is, 0 … 3.
  package var activity: Int
  /// Decides its melody. The same seed has the same melody wherever the scene is.
  package var seed: UInt64

  /// A scene of this length.
  package init(steps: Int, place: Place, activity: Int, seed: UInt64) {
    self.steps = steps
    self.place = place
    self.activity = min(3, max(0, activity))
    self.seed = seed
  }
}

/// All notes of a film, in the order of time.
///
/// **Beats.** A grid step (25,600 samples, 112.5 beats a minute) is a beat, so cuts are on beats
/// without planning. Chords change with the scenes, and every four beats within a long scene.
///
/// **What a new scene changes.** The notes of a scene depend on its own seed, its chapter's
/// activity and its number within the chapter. Scenes before it, and other chapters, keep theirs.
package struct MusicScore: Hashable, Sendable {
  package let style: MusicStyle
  /// The length of the film in grid steps.
  package let steps: Int
  let notes: [MusicNote]

  /// The longest time, in samples, from a note's start to its last sample.
  static let longestNote = 8 * FilmFormat.samplesPerStep

  /// Writes the music of these scenes.
  ///
  /// - Parameter seed: The film's: it decides the key, the mode and the chords.
  package init(scenes: [MusicScene], style: MusicStyle, seed: UInt64) {
    self.style = style
    var composer = MusicComposer(style: style, seed: seed)
    for scene in scenes { composer.add(scene) }
    steps = composer.step
    notes = composer.notes.enumerated().sorted {
      ($0.element.start, $0.offset) < ($1.element.start, $1.offset)
    }.map(\.element)
  }

  /// The notes that can be heard in this range of samples.
  func notes(in range: Range<Int>) -> [MusicNote] {
    func first(from sample: Int) -> Int {
      var (low, high) = (0, notes.count)
      while low < high {
        let middle = (low + high) / 2
        if notes[middle].start < sample { low = middle + 1 } else { high = middle }
      }
      return low
    }
    return notes[
      first(from: range.lowerBound - MusicScore.longestNote)..<first(from: range.upperBound)
    ].filter { $0.start + $0.voice.count(held: $0.length) > range.lowerBound }
  }

  /// Everything that decides the sound in this range of samples, with times from its start.
  package func text(of range: Range<Int>) -> String {
    notes(in: range).map { note in
      "\(note.voice.rawValue) \(note.pitch) \(note.start - range.lowerBound) \(note.length)"
        + " \(note.level) \(note.pan)"
    }.joined(separator: "\n")
  }
}

/// Numbers from a seed (SplitMix64): the same on every machine.
struct MusicDice: Sendable {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}
