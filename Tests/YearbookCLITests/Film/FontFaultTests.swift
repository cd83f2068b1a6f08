import Foundation
import Glibc
import TestSupport
import Testing

/// Fonts and their caches are the machine's.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(if: geteuid() == 0 && Places.program("unshare") != nil, "wants root and unshare"))
struct FontFaultTests {
  /// Runs a command where a file system of its own is mounted over a folder.
  private func below(_ options: String, _ folder: String) throws -> [String] {
    [
      try #require(Places.program("unshare")), "-m", "bash", "-c",
      "mount -t tmpfs -o \(options) none \(folder) && exec \"$@\"", "bash",
    ]
  }

  private static let none = "/usr/share/fonts"

  @Test func `Without fonts no film is published, and what draws nothing is`() throws {
    try Installation.withFilms { here in
      let shell = try below("size=1m", Self.none)
      let film = try here.film(below: shell)
      #expect(film.status == 78, "\(film.output)")
      #expect(film.output.contains("fonts are missing: Inter, Noto Sans,"), "\(film.output)")
      #expect(film.output.contains("apt-get install fonts-inter fonts-noto-core"))
      #expect(try here.payload().isEmpty)
      try here.write(
        "pipelines/nightly.yaml",
        """
        name: nightly
        tenants: active
        pipelines:
          - {run: video, periods: ["2025"]}
          - {run: rows, periods: ["2025"]}
        """)
      let nightly = try here.film(below: shell, ["run", "nightly", "--period", "2025"])
      #expect(nightly.status == 1, "\(nightly.output)")
      let made = try Set(here.payload().keys.map { $0.split(separator: "/")[2] })
      #expect(made == ["rows"])
      let doctor = try here.film(below: shell, ["doctor"])
      #expect(doctor.output.contains("fault    fonts"), "\(doctor.output)")
      for command in [["film", "render", "2"], ["sample", "--database", here.platform.conninfo]] {
        let to = command[0] == "film" ? ["--to", "\(here.folder)/s.png"] : []
        let drawn = try Program.run(
          shell + [Places.yearbook] + command + to, in: Places.project,
          environment: here.environment)
        #expect(drawn.status == 78, "\(drawn.output)")
        #expect(drawn.output.contains("fonts are missing"), "\(drawn.output)")
      }
      #expect(!FileManager.default.fileExists(atPath: "\(here.folder)/s.png"))
      let later = try here.yearbook(["retry"])
      #expect(later.status == 0, "\(later.output)")
      #expect(try here.payload()["tenants/acme/video/2025/data/film.mp4"] != nil)
    }
  }

  @Test(arguments: [
    "apt-get install fonts-noto-cjk": "opentype/noto",
    "apt-get install fonts-inter": "opentype/inter",
  ])
  func `One missing font is missed`(hint: String, folder: String) throws {
    let path = "/usr/share/fonts/\(folder)"
    guard FileManager.default.fileExists(atPath: path) else { return }
    try Installation.withFilms { here in
      let film = try here.film(below: below("size=1m", path))
      #expect(film.status == 78, "\(film.output)")
      #expect(film.output.contains(hint), "\(film.output)")
    }
  }

  /// A folder that everybody can write to.
  private func openFolder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    chmod(folder.path, 0o777)
    return folder
  }

  @Test func `A service without a home and without a font cache draws, and says nothing`() throws {
    let folder = try openFolder()
    let setpriv = try #require(Places.program("setpriv"))
    let nobody = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"]
    let shell = try below("mode=755", "/var/cache/fontconfig")
    let drawn = try Program.run(
      shell + ["/usr/bin/env", "-i", "HOME=/nonexistent"] + nobody + [
        Places.yearbook, "film", "render", "2", "--to", "\(folder.path)/a.png",
      ], in: Places.project)
    guard drawn.status != 126, drawn.status != 127 else { return }  // nobody cannot reach the build
    #expect(drawn.status == 0, "\(drawn.output)")
    #expect(drawn.output == "scene 2, written to \(folder.path)/a.png\n", "\(drawn.output)")
    let usual = try Program.run(
      [Places.yearbook, "film", "render", "2", "--to", "\(folder.path)/b.png"], in: Places.project)
    #expect(usual.status == 0)
    #expect(
      FileManager.default.contentsEqual(
        atPath: "\(folder.path)/a.png", andPath: "\(folder.path)/b.png"))
  }

  @Test func `With too little memory a card is drawn with its text, or not at all`() throws {
    let folder = try openFolder()
    let usual = try Program.run(
      [Places.yearbook, "film", "render", "4", "--to", "\(folder.path)/usual.png"],
      in: Places.project)
    #expect(usual.status == 0, "\(usual.output)")
    var failures = 0
    for size in [900_000, 700_000, 600_000, 500_000, 450_000, 400_000] {
      let path = "\(folder.path)/\(size).png"
      let drawn = try Program.run(
        [
          "/bin/bash", "-c", "ulimit -v \(size); exec \"$@\"", "bash", Places.yearbook, "film",
          "render", "4", "--to", path,
        ], in: Places.project, environment: ["SWIFT_BACKTRACE=enable=no"])
      if drawn.status == 0 {
        #expect(
          FileManager.default.contentsEqual(atPath: path, andPath: "\(folder.path)/usual.png"),
          "\(size)")
      } else {
        failures += 1
        #expect(!FileManager.default.fileExists(atPath: path), "\(size): \(drawn.output)")
      }
    }
    #expect(failures > 0)
  }

  @Test func `Without a font cache that fits, and nowhere to write one, nothing is said`() throws {
    try Installation.withFilms { here in
      let shell = try below("ro", "/var/cache/fontconfig")
      let quiet = try here.film(
        below: shell, Installation.film + ["--quiet"], environment: ["HOME=/nonexistent"])
      #expect(quiet.status == 0 && quiet.output.isEmpty, "\(quiet.output)")
      let left = try FileManager.default.contentsOfDirectory(atPath: "/tmp").filter {
        $0.hasPrefix("yearbook-fonts-")
      }
      #expect(left.isEmpty)
    }
  }
}
