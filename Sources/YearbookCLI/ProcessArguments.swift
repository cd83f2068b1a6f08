import Diagnostics
import Glibc

/// The arguments of the process as the system shows them.
enum ProcessArguments {
  /// Overwrites connection strings with asterisks: every user of the machine can read the arguments
  /// of every process. The string can still be seen in the moment before.
  ///
  /// The program itself must have read its arguments before.
  static func hideSecrets() {
    var isSecret = false
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = CommandLine.unsafeArgv[index] else { break }
      let word = String(cString: argument)
      if isSecret {
        memset(argument, Int32(UInt8(ascii: "*")), strlen(argument))
        isSecret = false
      } else if CommandText.secretFlags.contains(word) {
        isSecret = true
      } else if let flag = CommandText.secretFlags.first(where: { word.hasPrefix($0 + "=") }) {
        let start = flag.utf8.count + 1
        memset(argument + start, Int32(UInt8(ascii: "*")), strlen(argument) - start)
      }
    }
  }
}
