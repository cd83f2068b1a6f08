/// Writes notes scene by scene.
struct MusicComposer {
  /// The samples of a quarter of a beat.
  static let quarter = FilmFormat.samplesPerStep / 4

  private let style: MusicStyle
  /// The MIDI number of the key's note in the bass.
  private let root: Int
  /// The semitones of the seven notes of the mode.
  private let mode: [Int]
  /// Degrees of the mode, 0 … 6: one chord a scene.
  private let chords: [Int]
  private var scenesInChapter = 0

  private(set) var notes: [MusicNote] = []
  /// The length so far, in grid steps.
  private(set) var step = 0

  /// Major, Mixolydian and Dorian: none of them is sad.
  private static let modes = [
    [0, 2, 4, 5, 7, 9, 11], [0, 2, 4, 5, 7, 9, 10], [0, 2, 3, 5, 7, 9, 10],
  ]
  private static let progressions = [
    [[0, 5, 3, 4], [0, 4, 5, 3], [0, 3, 1, 4], [0, 2, 3, 4]],
    [[0, 6, 3, 0], [0, 3, 6, 4], [0, 5, 6, 3]],
    [[0, 3, 6, 2], [0, 6, 3, 4], [0, 2, 6, 3]],
  ]

  init(style: MusicStyle, seed: UInt64) {
    self.style = style
    var dice = MusicDice(seed)
    root = 36 + dice.below(9)
    let choice = dice.below(MusicComposer.modes.count)
    mode = MusicComposer.modes[choice]
    let ways = MusicComposer.progressions[choice]
    chords = ways[dice.below(ways.count)]
  }

  mutating func add(_ scene: MusicScene) {
    if scene.place != .item { scenesInChapter = 0 }
    var dice = MusicDice(scene.seed)
    var beat = 0
    while beat < scene.steps {
      // A rest of one or two beats stays with the chord before it.
      let beats = scene.steps - beat < 6 ? scene.steps - beat : 4
      let chord =
        scene.place == .closing
        ? (beat == 0 ? chords[3] : 0) : chords[(scenesInChapter + beat / 4) % chords.count]
      add(chord, at: step + beat, beats: beats, of: scene, isFirst: beat == 0, &dice)
      beat += beats
    }
    step += scene.steps
    scenesInChapter += 1
  }

  private mutating func add(
    _ chord: Int, at start: Int, beats: Int, of scene: MusicScene, isFirst: Bool,
    _ dice: inout MusicDice
  ) {
    let isRest = scene.place == .closing && !isFirst
    pad(chord, start, beats, isRest: isRest)
    bass(chord, start, beats, scene.activity, isRest: isRest)
    if isRest {
      for (index, degree) in [0, 2, 4, 7].enumerated() {
        pluck(chord + degree, octave: 3, at: quarters(start, index * 2), level: 260, &dice)
      }
      return
    }
    if isFirst, scene.place != .item {
      note(.bell, pitch(chord, octave: 4), quarters(start, 0), 1, level: 200, pan: 60)
    }
    melody(chord, start, beats, scene.activity, isFirst: isFirst, &dice)
    drums(start, beats, scene.activity)
  }

  // MARK: Parts

  private mutating func pad(_ chord: Int, _ start: Int, _ beats: Int, isRest: Bool) {
    let level = style == .calm ? 250 : style == .bright ? 190 : 170
    for (index, degree) in [0, 2, 4].enumerated() {
      // The voices stay near the middle, so that a change of chords moves little.
      var pitch = pitch(chord + degree, octave: 1)
      while pitch > root + 26 { pitch -= 12 }
      while pitch < root + 14 { pitch += 12 }
      note(
        .pad, pitch, quarters(start, 0), beats * FilmFormat.samplesPerStep, level: level,
        pan: 30 + 20 * index)
    }
  }

  private mutating func bass(
    _ chord: Int, _ start: Int, _ beats: Int, _ activity: Int, isRest: Bool
  ) {
    var low = pitch(chord, octave: 0)
    if low > root + 7 { low -= 12 }
    if style == .calm || isRest {
      note(.bass, low, quarters(start, 0), beats * FilmFormat.samplesPerStep, level: 300, pan: 50)
      return
    }
    let every = style == .pulse && activity >= 2 ? 2 : style == .pulse || activity >= 2 ? 4 : 8
    for place in stride(from: 0, to: beats * 4, by: every) {
      let isUp = style == .pulse && place % 8 == 6
      note(
        .bass, isUp ? low + 12 : low, quarters(start, place), every * MusicComposer.quarter,
        level: place % 8 == 0 ? 330 : 270, pan: 50)
    }
  }

  private mutating func melody(
    _ chord: Int, _ start: Int, _ beats: Int, _ activity: Int, isFirst: Bool,
    _ dice: inout MusicDice
  ) {
    let grid = style == .calm ? 4 : style == .pulse && activity >= 3 ? 1 : 2
    let chance =
      switch style {
      case .calm: [22, 34, 46, 60][activity]
      case .bright: [42, 56, 70, 84][activity]
      case .pulse: [34, 46, 58, 52][activity]
      }
    var degree = [0, 2, 4][dice.below(3)]
    for place in stride(from: 0, to: beats * 4, by: grid) {
      // A scene begins with a note of its own, on the cut.
      let sounds = (isFirst && place == 0) || dice.chance(chance)
      let step = [-2, -1, 1, 2, 2, 3][dice.below(6)]
      if !sounds { continue }
      // On beats the notes of the chord, between them any of the five that fit everywhere.
      let tones = place % 4 == 0 ? [0, 2, 4, 7] : [0, 1, 2, 4, 5]
      let tone = tones[((degree % tones.count) + tones.count) % tones.count]
      pluck(
        chord + tone, octave: 2, at: quarters(start, place), level: place % 4 == 0 ? 300 : 220,
        &dice)
      degree += step
    }
  }

  /// A struck note and its two echoes.
  private mutating func pluck(
    _ degree: Int, octave: Int, at sample: Int, level: Int, _ dice: inout MusicDice
  ) {
    let pitch = pitch(degree, octave: octave)
    let pan = 25 + dice.below(51)
    note(.pluck, pitch, sample, 1, level: level, pan: pan)
    note(.pluck, pitch, sample + 3 * MusicComposer.quarter, 1, level: level / 3, pan: 100 - pan)
    note(.pluck, pitch, sample + 6 * MusicComposer.quarter, 1, level: level / 8, pan: pan)
  }

  private mutating func drums(_ start: Int, _ beats: Int, _ activity: Int) {
    guard style != .calm else { return }
    for place in 0..<beats * 4 {
      let sample = quarters(start, place)
      if style == .pulse, place % 4 == 0 { note(.kick, 36, sample, 1, level: 420, pan: 50) }
      let isShaken = style == .pulse ? place % 4 == 2 : activity >= 1 && place % 2 == 0
      if isShaken || (activity >= 3 && place % 2 == 1) {
        note(.shaker, 60, sample, 1, level: place % 4 == 2 ? 110 : 60, pan: 62)
      }
    }
  }

  // MARK: Places and pitches

  private func quarters(_ step: Int, _ quarter: Int) -> Int {
    step * FilmFormat.samplesPerStep + quarter * MusicComposer.quarter
  }

  private func pitch(_ degree: Int, octave: Int) -> Int {
    root + 12 * (octave + degree / 7) + mode[degree % 7]
  }

  private mutating func note(
    _ voice: MusicVoice, _ pitch: Int, _ start: Int, _ length: Int, level: Int, pan: Int
  ) {
    notes.append(
      MusicNote(
        voice: voice, pitch: pitch, start: start, length: length, level: level, pan: pan))
  }
}
