import Foundation
import Media
import Postgres
import TestSupport

/// An installation with films: a tenant `acme` with a dojo's recording and a POC's screenshot, and
/// `zeta` with one of its own.
extension Installation {
  static func withFilms<T>(_ body: (Installation) throws -> T) throws -> T {
    try with { here in
      for name in ["annual", "common", "video"] {
        try FileManager.default.copyItem(
          atPath: "\(Places.project)/pipelines/\(name)", toPath: "\(here.folder)/pipelines/\(name)")
      }
      // Small pictures, so that a film takes seconds.
      try here.write(
        "pipelines/video/pipeline.yaml",
        text("pipelines/video/pipeline.yaml").replacing("preset: 720p30", with: "preset: 360p30"))
      for slug in ["acme", "zeta"] {
        try here.addTenant(slug, people: 2)
        try here.addPOC("First", of: slug, key: "\(slug)/shots/1.png")
        try here.picture("\(slug)/shots/1.png", hue: slug == "acme" ? 20 : 200)
      }
      try here.platform.connect().execute(
        """
        WITH room AS (
          INSERT INTO app.room (userid, tenantid, date, name, created)
          SELECT u.id, u.tenantid, '2025-06-01', 'Life', '2025-06-01' FROM app."user" u
          JOIN app.tenant t ON t.id = u.tenantid AND t.slug = 'acme' WHERE u.username = 'u1'
          RETURNING id, tenantid
        )
        INSERT INTO app.dojo_recording (roomid, tenantid, started, stopped, object_key, created)
        SELECT id, tenantid, '2025-06-01 10:00Z', '2025-06-01 11:00Z', 'acme/dojo.webm', '2025-06-01'
        FROM room
        """)
      try here.recording("acme/dojo.webm", seconds: 12)
      return try body(here)
    }
  }

  /// Adds a favourite POC with a screenshot.
  func addPOC(_ name: String, of slug: String, key: String) throws {
    try platform.connect().query(
      """
      WITH poc AS (
        INSERT INTO app.pocuser (userid, tenantid, name, language, favorite, created)
        SELECT u.id, u.tenantid, $1, 'Swift', 'Y', '2025-05-05' FROM app."user" u
        JOIN app.tenant t ON t.id = u.tenantid AND t.slug = $2 WHERE u.username = 'u1'
        RETURNING id, tenantid
      )
      INSERT INTO app.poc_screenshot (pocid, tenantid, object_key, created)
      SELECT id, tenantid, $3, '2025-05-05' FROM poc
      """, [name, slug, key])
  }

  func picture(_ key: String, hue: Int) throws {
    let svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 180">
      <rect width="320" height="180" fill="hsl(\(hue),80%,50%)"/></svg>
      """
    try write("media/\(key)", "")
    try Data(Rasteriser.draw(svg, width: 320, height: 180).png()).write(
      to: URL(fileURLWithPath: "\(folder)/media/\(key)"))
  }

  func recording(_ key: String, seconds: Int) throws {
    try write("media/\(key)", "")
    let writer = try RecordingWriter(
      shape: .webmVP8, width: 320, height: 180, hasAudio: false, path: "\(folder)/media/\(key)")
    for index in 0..<seconds * 15 {
      var frame = VideoFrame(width: 320, height: 180, luma: 60, cb: 140, cr: 110)
      for place in frame.y.indices where (place + index * 4) / 20 % 2 == 0 {
        frame.y[place] = UInt8(90 + place / 320 % 100)
      }
      try writer.append(frame, at: index * 1_000 / 15)
    }
    try writer.finish()
  }

  static let film = ["run", "video", "--tenant", "acme", "--period", "2025"]

  /// Runs the tenant's film below other programs: a filter, a shell with limits.
  func film(
    below words: [String], _ arguments: [String] = Installation.film, environment: [String] = []
  ) throws -> (status: Int32, output: String) {
    try Program.run(
      words + [Places.yearbook] + arguments
        + ["--pipelines", "\(folder)/pipelines", "--templates", "\(folder)/templates"],
      in: folder, environment: self.environment + environment)
  }

  /// What is kept of media, by the words of its stage: whether any of it is a failure.
  func keptFacts() throws -> [String] {
    try record.connect().query(
      "SELECT inputs->>'stage' AS stage FROM yearbook.result"
        + " WHERE inputs->>'stage' IN ('recording facts', 'picture facts', 'page picture')"
        + " ORDER BY 1"
    ).map { try $0.string("stage") }
  }
}
