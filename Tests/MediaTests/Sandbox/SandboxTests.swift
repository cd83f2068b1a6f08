import Diagnostics
import Foundation
import Media
import Testing

@Suite struct `The sandbox` {
  @Test(
    arguments: [
      SandboxTrial.openFile, .openInternetSocket, .openLocalSocket, .startProcess, .runProgram,
      .mapExecutableMemory, .readOtherDescriptor,
    ])
  func `A child cannot open files or sockets or start processes`(trial: SandboxTrial) throws {
    let answer = try trial.run()
    #expect(answer == "refused: Operation not permitted")
  }

  @Test func `A child gets no more memory than its limit`() throws {
    var limits = SandboxLimits()
    limits.memory = 64 << 20
    let answer = try SandboxTrial.exhaustMemory.run(limits: limits)
    #expect(answer.hasPrefix("refused after "))
    let taken = Int(answer.filter(\.isNumber)) ?? .max
    #expect(taken <= 64)
  }

  @Test func `A child that computes for ever is ended by its limit of processor time`() {
    var limits = SandboxLimits()
    limits.processorSeconds = 1
    #expect(throws: Diagnostic.self) { try SandboxTrial.spin.run(limits: limits) }
  }

  @Test func `A child that sends nothing is ended by the parent`() {
    var limits = SandboxLimits()
    limits.waitingSeconds = 1
    let expected = Diagnostic(
      .data, "decoding took longer than 1 s and was given up",
      at: .init(file: "/proc/self/cmdline"))
    #expect(throws: expected) { try SandboxTrial.hang.run(limits: limits) }
  }

  @Test func `A child that dies is a diagnostic, not the end of the program`() {
    let expected = Diagnostic(
      .data, "the decoder crashed", at: .init(file: "/proc/self/cmdline"))
    #expect(throws: expected) { try SandboxTrial.crash.run() }
  }
}

@Suite struct `Opening objects` {
  let folder = Folder()

  private func refusal(_ key: String) -> String? {
    do {
      _ = try MediaRoot(folder.path).open(key)
      return nil
    } catch { return error.message }
  }

  @Test func `A key opens a regular file below the root and nothing else`() throws {
    try FileManager.default.createDirectory(
      atPath: folder.file("a"), withIntermediateDirectories: false)
    try Data("hello".utf8).write(to: URL(fileURLWithPath: folder.file("a/file")))
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link"), withDestinationPath: "a/file")
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("out"), withDestinationPath: "/etc")
    #expect(mkfifo(folder.file("fifo"), 0o600) == 0)

    let object = try MediaRoot(folder.path).open("a/file")
    #expect(object.size == 5)
    var bytes: [UInt8] = []
    try object.forEachBlock { bytes += $0 }
    #expect(bytes == Array("hello".utf8))
    #expect(object.modified > 1_700_000_000_000_000_000)

    #expect(refusal("missing") == "there is no such object")
    #expect(refusal("a/file/below") == "there is no such object")
    #expect(refusal("a") == "this object is not a regular file")
    #expect(refusal("fifo") == "this object is not a regular file")
    #expect(refusal("link") == "this key leads through a symbolic link")
    #expect(refusal("out/passwd") == "this key leads through a symbolic link")
    #expect(refusal("../x") == "this key leads out of the media folder")
    #expect(refusal("a/../../x") == "this key leads out of the media folder")
    #expect(refusal("/etc/passwd") == "this key leads out of the media folder")
    #expect(refusal("") == "an object's key is empty or holds a zero byte")
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
