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
    let expected = Diagnostic(
      .data, "decoding took more than 1 s of processor time",
      at: .init(file: "/proc/self/cmdline"))
    #expect(throws: expected) { try SandboxTrial.spin.run(limits: limits) }
  }

  @Test func `A child that sends nothing is ended by the parent`() {
    var limits = SandboxLimits()
    limits.waitingSeconds = 1
    let error = #expect(throws: Diagnostic.self) { try SandboxTrial.hang.run(limits: limits) }
    // A decoder that computes for ever meets its limit of processor time before: it was not the
    // input that made it wait.
    #expect(error?.message == "decoding took longer than 1 s and was given up")
    #expect(error?.code == .unavailable && error?.isTransient == true)
  }

  @Test func `Waiting for a child ends when its stage must`() {
    let began = Date()
    let late = Diagnostic(.unavailable, "the stage took too long")
    #expect(throws: late) {
      try SandboxTrial.hang.run { () throws(Diagnostic) in
        if Date().timeIntervalSince(began) > 0.5 { throw late }
      }
    }
    #expect(Date().timeIntervalSince(began) < 10)
  }

  @Test func `A child that somebody else ends says nothing about its input`() {
    let error = #expect(throws: Diagnostic.self) { try SandboxTrial.kill.run() }
    #expect(error?.message == "the decoding process was ended from outside, by signal 9")
    #expect(error?.code == .unavailable && error?.isTransient == true)
  }

  @Test func `A child that cannot read its input says nothing about it`() throws {
    // A regular file of 4096 bytes that the kernel does not let anybody read.
    let input = "/sys/class/net/lo/duplex"
    guard access(input, R_OK) == 0 else { return }
    let error = #expect(throws: Diagnostic.self) { try SandboxTrial.read.run(input: input) }
    #expect(
      error?.message
        == "decoding failed on this machine: the object cannot be read: Invalid argument")
    #expect(error?.code == .unavailable && error?.isTransient == true)
  }

  @Test func `A sandbox that can be had is found, for doctor`() throws {
    try SandboxTrial.check()
  }

  @Test func `A child that dies is a diagnostic, not the end of the program`() {
    let expected = Diagnostic(
      .data, "the decoder crashed", at: .init(file: "/proc/self/cmdline"))
    #expect(throws: expected) { try SandboxTrial.crash.run() }
  }
}
