import Foundation
import Glibc
import Store
import TestSupport
import Testing

@testable import Engine

/// Random changes of a store by somebody who has no key.
@Suite(.enabled(if: TamperScene.keygen != nil, "ssh-keygen is not installed"))
struct RandomTamperTests {
  /// What is in the store but for locks and unfinished work.
  private struct Tree {
    var files: [String] = []
    var folders: [String] = []

    init(_ root: String) throws {
      for path in try FileManager.default.subpathsOfDirectory(atPath: root).sorted()
      where !path.hasPrefix(".") {
        var status = stat()
        #expect(lstat("\(root)/\(path)", &status) == 0)
        if status.st_mode & S_IFMT == S_IFDIR { folders.append(path) } else { files.append(path) }
      }
    }
  }

  /// Changes something and says what.
  private func change(
    _ scene: TamperScene, _ tree: Tree, _ random: inout SeededRandom
  ) throws -> (what: String, touched: [String]) {
    let file = random.pick(tree.files)
    let folder = random.pick(tree.folders)
    func bytes(_ path: String) throws -> [UInt8] {
      Array(try #require(FileManager.default.contents(atPath: scene.path(path))))
    }
    func put(_ bytes: [UInt8], _ path: String) {
      unlink(scene.path(path))
      #expect(FileManager.default.createFile(atPath: scene.path(path), contents: Data(bytes)))
    }
    let names = [
      "evil", ".evil", "index.html", "x.json", "2031", "latest.json", "pages.json", "8.json",
      "8.json.sig", "data", "heads",
    ]
    switch random.number(0...11) {
    case 0:
      var content = try bytes(file)
      let place = random.number(0...content.count - 1)
      content[place] ^= UInt8(1 << random.number(0...7))
      put(content, file)
      return ("byte \(place) of \(file)", [file])
    case 1:
      let content = try bytes(file)
      put(Array(content.prefix(random.number(0...content.count - 1))), file)
      return ("the end of \(file) cut off", [file])
    case 2:
      put(try bytes(file) + [0x0A], file)
      return ("a line added to \(file)", [file])
    case 3:
      try scene.remove(file)
      return ("\(file) removed", [file])
    case 4:
      try scene.remove(folder)
      return ("\(folder) removed", [folder])
    case 5:
      let other = random.pick(tree.files)
      try scene.copy(other, to: file)
      return ("\(other) copied over \(file)", [file])
    case 6:
      let other = random.pick(tree.folders)
      guard !(folder + "/").hasPrefix(other + "/"), !(other + "/").hasPrefix(folder + "/") else {
        return ("nothing", [])
      }
      try scene.copy(other, to: folder)
      return ("\(other) copied over \(folder)", [folder])
    case 7:
      let other = random.pick(tree.files)
      if other == file { return ("nothing", []) }
      try scene.swap(file, other)
      return ("\(file) and \(other) swapped", [file, other])
    case 8:
      let other = random.pick(tree.folders)
      guard !(folder + "/").hasPrefix(other + "/"), !(other + "/").hasPrefix(folder + "/") else {
        return ("nothing", [])
      }
      try scene.swap(folder, other)
      return ("\(folder) and \(other) swapped", [folder, other])
    case 9:
      let path = "\(folder)/\(random.pick(names))"
      if FileManager.default.fileExists(atPath: scene.path(path)) { return ("nothing", []) }
      put(Array("evil\n".utf8), path)
      return ("\(path) added", [path])
    case 10:
      let path = "\(folder)/\(random.pick(names))"
      if FileManager.default.fileExists(atPath: scene.path(path)) { return ("nothing", []) }
      try scene.copy(random.pick(tree.folders), to: path)
      return ("a folder copied to \(path)", [path])
    default:
      let path = random.isOne(of: 2) ? file : folder
      #expect(rename(scene.path(path), scene.folder + "/aside") == 0)
      #expect(symlink(scene.folder + "/aside", scene.path(path)) == 0)
      return ("a link instead of \(path)", [path])
    }
  }

  /// Names, kinds and contents.
  private func state(_ root: String) throws -> [String: Data] {
    var state: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
      var status = stat()
      #expect(lstat("\(root)/\(path)", &status) == 0)
      var value = Data("\(status.st_mode & S_IFMT)\n".utf8)
      if status.st_mode & S_IFMT == S_IFREG {
        value += FileManager.default.contents(atPath: "\(root)/\(path)") ?? Data()
      }
      state[path] = value
    }
    return state
  }

  @Test func `Two hundred random changes without the key are found, and the file is named`() throws
  {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try TamperScene(folder)
      let tree = try Tree(scene.store.root)
      let pristine = try state(scene.store.root)
      var count = 0
      for seed in Seeds.of(few: 215, many: 5000) {
        var random = SeededRandom(seed: seed)
        let (what, touched) = try change(scene, tree, &random)
        let isChanged = try state(scene.store.root) != pristine
        if isChanged {
          count += 1
          let faults = try scene.verify().faults
          #expect(TamperScene.names(faults, touched), "seed \(seed), \(what): \(faults)")
        }
        unlink(folder + "/aside")
        try TamperScene.run(["/bin/rm", "-rf", folder + "/aside"])
        try scene.reset()
      }
      print("\(count) random changes without the key")
      #expect(count >= 200 || getenv("YEARBOOK_SEED") != nil)
    }
  }
}
