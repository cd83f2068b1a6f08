import Glibc

/// A program of libFuzzer's around one target, which `FUZZ_TARGET` names; `scripts/fuzz` builds and starts it.
typealias Body = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: Body
) -> CInt

let wanted = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
let target = FuzzTarget.all.first { $0.name == wanted }
if target == nil {
  print(FuzzTarget.all.map(\.name).joined(separator: "\n"))
  exit(wanted.isEmpty ? 0 : 64)
}

@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do {
    try target?.check(Array(UnsafeBufferPointer(start: start, count: count)))
  } catch {
    // libFuzzer keeps the input of a crash.
    fatalError("\(error)")
  }
  return 0
}

var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
exit(runDriver(&count, &arguments, testOneInput))
