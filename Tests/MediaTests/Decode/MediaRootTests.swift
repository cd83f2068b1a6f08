import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Media

/// Keys come from rows that a tenant can write. Each case runs both ways: by the kernel's `openat2`
/// and folder by folder.
@Suite struct `Opening objects` {
  let folder = Folder()

  init() throws {
    for name in ["acme/shots", "acme/a", "zeta/shots", "acme-2"] {
      try FileManager.default.createDirectory(
        atPath: folder.file(name), withIntermediateDirectories: true)
    }
    for name in ["acme/shots/1.png", "zeta/shots/secret.png", "acme-2/secret.png", "top.png"] {
      try Data("hello".utf8).write(to: URL(fileURLWithPath: folder.file(name)))
    }
    let links = [
      ("acme/link.png", "shots/1.png"), ("acme/other.png", "../zeta/shots/secret.png"),
      ("acme/others", "../zeta"), ("acme/etc", "/etc"), ("linked", "zeta"),
      ("acme/proc", "/proc/self/root"),
    ]
    for (link, target) in links {
      try FileManager.default.createSymbolicLink(
        atPath: folder.file(link), withDestinationPath: target)
    }
    #expect(mkfifo(folder.file("acme/fifo"), 0o600) == 0)
  }

  private func refusal(_ root: MediaRoot, _ key: String, _ way: MediaRoot.Way) -> String? {
    do {
      _ = try root.open(key, by: way)
      return nil
    } catch {
      #expect(error.code == .data, "\(error)")
      return error.message
    }
  }

  @Test(arguments: MediaRoot.Way.allCases)
  func `A key opens a regular file below its owner's folder`(way: MediaRoot.Way) throws {
    let object = try MediaRoot(folder.path, prefix: "acme/").open("acme/shots/1.png", by: way)
    #expect(object.size == 5)
    #expect(object.key == "acme/shots/1.png")
    var bytes: [UInt8] = []
    try object.forEachBlock { bytes += $0 }
    #expect(bytes == Array("hello".utf8))
    #expect(object.modified > 1_700_000_000_000_000_000)
    let deep = MediaRoot(folder.path, prefix: "acme/shots/")
    #expect(try deep.open("acme/shots/1.png", by: way).size == 5)
    // Without an owner, every folder is open.
    #expect(try MediaRoot(folder.path).open("zeta/shots/secret.png", by: way).size == 5)
    #expect(try MediaRoot(folder.path).open("top.png", by: way).size == 5)
  }

  @Test(
    arguments: MediaRoot.Way.allCases,
    [
      ("zeta/shots/secret.png", "this key does not begin with 'acme/', the folder of its owner"),
      ("acme-2/secret.png", "this key does not begin with 'acme/', the folder of its owner"),
      ("top.png", "this key does not begin with 'acme/', the folder of its owner"),
      ("acme", "this key does not begin with 'acme/', the folder of its owner"),
      ("ACME/shots/1.png", "this key does not begin with 'acme/', the folder of its owner"),
      ("acme/../zeta/shots/secret.png", "this key leads out of the media folder"),
      ("acme/shots/../../zeta/shots/secret.png", "this key leads out of the media folder"),
      ("acme/shots/../shots/1.png", "this key leads out of the media folder"),
      ("../acme/shots/1.png", "this key leads out of the media folder"),
      ("acme/..", "this key leads out of the media folder"),
      ("/etc/passwd", "this key leads out of the media folder"),
      ("/acme/shots/1.png", "this key leads out of the media folder"),
      ("acme//shots/1.png", "this key has an empty part or a '.' between its slashes"),
      ("acme/./shots/1.png", "this key has an empty part or a '.' between its slashes"),
      ("./acme/shots/1.png", "this key has an empty part or a '.' between its slashes"),
      ("acme/shots/1.png/", "this key has an empty part or a '.' between its slashes"),
      ("acme/", "this key has an empty part or a '.' between its slashes"),
      ("", "an object's key is empty or holds a zero byte"),
      ("acme/shots/1.png\0", "an object's key is empty or holds a zero byte"),
      ("acme/\0/../../zeta/shots/secret.png", "an object's key is empty or holds a zero byte"),
      ("acme/link.png", "this key leads through a symbolic link"),
      ("acme/other.png", "this key leads through a symbolic link"),
      ("acme/others/shots/secret.png", "this key leads through a symbolic link"),
      ("acme/etc/passwd", "this key leads through a symbolic link"),
      ("acme/proc/etc/passwd", "this key leads through a symbolic link"),
      ("acme/missing", "there is no such object"),
      ("acme/missing/1.png", "there is no such object"),
      ("acme/shots/1.png/below", "there is no such object"),
      ("acme/shots", "this object is not a regular file"),
      ("acme/fifo", "this object is not a regular file"),
      ("acme/" + String(repeating: "x", count: 256), "this key is too long"),
    ])
  func `No other key opens anything, and says why`(
    way: MediaRoot.Way, key: (text: String, reason: String)
  ) {
    #expect(refusal(MediaRoot(folder.path, prefix: "acme/"), key.text, way) == key.reason)
    if key.reason.hasPrefix("this key does not begin") { return }
    // What is wrong with a key without its owner is wrong without an owner too.
    #expect(refusal(MediaRoot(folder.path), key.text, way) == key.reason)
  }

  @Test(arguments: MediaRoot.Way.allCases)
  func `An owner's folder that is a link or not there opens nothing`(way: MediaRoot.Way) {
    let linked = MediaRoot(folder.path, prefix: "linked/")
    #expect(
      refusal(linked, "linked/shots/secret.png", way) == "this key leads through a symbolic link")
    let below = MediaRoot(folder.path, prefix: "acme/others/")
    #expect(
      refusal(below, "acme/others/shots/secret.png", way)
        == "this key leads through a symbolic link")
    let gone = MediaRoot(folder.path, prefix: "gone/")
    #expect(refusal(gone, "gone/1.png", way) == "there is no such object")
    let file = MediaRoot(folder.path, prefix: "top.png/")
    #expect(refusal(file, "top.png/1.png", way) == "there is no such object")
  }

  @Test func `Both ways open the same keys, and only the owner's objects`() throws {
    let names = [
      "acme", "acme", "acme", "zeta", "shots", "shots", "1.png", "1.png", "secret.png", "link.png",
      "other.png", "others", "etc", "passwd", "top.png", "acme-2", "..", ".", "", "a\0", "Á",
    ]
    let root = MediaRoot(folder.path, prefix: "acme/")
    var opened = 0
    for seed in Seeds.of(few: 2_000, many: 100_000) {
      var random = SeededRandom(seed: seed)
      let key = (0..<random.number(1...5)).map { _ in random.pick(names) }.joined(separator: "/")
      let found = MediaRoot.Way.allCases.map { way -> String in
        do {
          let object = try root.open(key, by: way)
          opened += 1
          let path = try FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/self/fd/\(object.descriptor)")
          #expect(path.hasPrefix("\(folder.path)/acme/"), "seed \(seed)")
          return path
        } catch { return "\(error)" }
      }
      #expect(found[0] == found[1], "seed \(seed)")
    }
    #expect(opened > 0)
  }

  @Test func `A missing root is an error of the configuration`() {
    #expect(
      throws: Diagnostic(
        .configuration, "the media folder cannot be opened: No such file or directory",
        at: .init(file: "/nonexistent"),
        hint: "set `media` in yearbook.yaml or YEARBOOK_MEDIA")
    ) { try MediaRoot("/nonexistent").open("x") }
  }
}
