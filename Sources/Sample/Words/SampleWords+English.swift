extension SampleWords {
  static let english = SampleWords(
    people: [
      ("Maya", "O'Connell"), ("Darius", "Whitfield"), ("Priya", "Raghunathan"),
      ("Chloé", "Beaumont"),
      ("Tobias", "Ng"), ("Aaliyah", "Freeman-Brooks"), ("Seán", "Mac Aodha"),
      ("Wren", "Castellanos"),
      ("Ibrahim", "Al-Khouri"), ("Lucinda", "Park"),
    ],
    ideas: [
      Idea(
        "Tiny vector search",
        "Cosine similarity over memory-mapped floats; 1M rows on a laptop, no server.",
        "Rust", "search,embeddings,mmap"),
      Idea(
        "Surf report CLI", "Tides, swell and wind for five beaches in one honest line.", "Go",
        "cli,weather"),
      Idea(
        "<script>alert('hi')</script> and friends",
        "What our sanitiser does with the forty nastiest strings we could find.", "TypeScript",
        "security,html"),
      Idea(
        "Collaborative whiteboard", "CRDT strokes over WebRTC; survives a subway ride.",
        "TypeScript",
        "crdt,webrtc,canvas"),
      Idea(
        "A database in an afternoon", "B-tree pages, a write-ahead log and a very small SQL.",
        "Zig",
        "storage,btree,wal"),
      Idea(
        "Rate limiter bake-off", "Token bucket, sliding window and GCRA under the same traffic.",
        "Go",
        "api,benchmark"),
      Idea(
        "Wildfire smoke alert",
        "Merges three public feeds and texts the asthma group before school.",
        "Python", "data,alerts,civic"),
      Idea(
        "Type-safe feature flags",
        "Flags as enums, so a removed flag fails the build instead of the night.",
        "Swift", "flags,codegen"),
      Idea(
        "Guitar pedal in WebAssembly", "Overdrive and delay with 3 ms latency in the browser.",
        "C++",
        "audio,wasm"),
      Idea(
        "The meeting that could be a form", nil, "JavaScript", "humor,forms"),
      Idea(
        "Diff for spreadsheets", "Cell-level three-way merge that an accountant can read.", "Rust",
        "diff,csv"),
      Idea(
        "Solar panel planner", "Shadows from open elevation data, hour by hour, roof by roof.",
        "Python",
        "maps,energy"),
      Idea(
        "Postgres as a job queue", "SKIP LOCKED, LISTEN and a dashboard: no new infrastructure.",
        "Elixir",
        "postgres,queues"),
      Idea(
        "Screen reader for logs", "Speaks only what changed and lowers its voice for noise.",
        "Swift",
        "accessibility,logs"),
      Idea(
        "Fuzzing our own parser", "Four crashes in the first minute, all of them ours.", "Rust",
        "fuzzing,testing"),
      Idea(
        "Offline translation cards",
        "A printed deck generated from the phrases a clinic really uses.",
        "Ruby", "print,health"),
      Idea(
        "Event sourcing a bike shop", "Repairs as facts; yesterday's stock in one query.", "Kotlin",
        "events,cqrs"),
      Idea(
        "Reproducible containers",
        "Same digest twice in a row, and what we had to forbid to get there.",
        "Nix", "build,containers"),
      Idea(
        "Photo dedup by eye", "Perceptual hashes and a human in the loop for the last two percent.",
        "Go",
        "images,hashing"),
      Idea(
        "Choir latency tester", "How far apart can two singers be? About 1,200 km of good fibre.",
        "C",
        "audio,network"),
      Idea(
        "Budget bot", "Says no, kindly, with a chart.", "Python", "chat,finance"),
      Idea(
        "Static site in one binary", "Markdown in, hyphenated and accessible pages out.", "Go",
        "html,cli"),
      Idea(
        "GPU game of life", "Two billion cells and a zoom that never stutters.", "WGSL",
        "gpu,simulation"),
      Idea(
        "Naming things", "A linter that asks what the thing does.", nil, "lint,humor"),
    ],
    subjects: [
      "Gilded Rose without fear", "Mob programming a URL shortener", "Property tests 101",
      "Mars rover, five constraints", "Legacy code: find the seams", "Tennis score kata",
      "Pairing on a tiny compiler", "Racing snails: event loops", "Accessible forms, live",
      "Bowling game, no mouse", "Trip service & test doubles", "Load testing our own API",
    ],
    messages: [
      "Green! Who drives next?", "Let's name it before we move it.", "Five minutes, switch seats.",
      "That test reads like a sentence ❤️", "Can we delete the comment now?",
    ])
}
