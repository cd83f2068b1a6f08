import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Store

struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Copies a release out of the store and compares every byte with its manifests.",
    discussion: """
      With --identity, it decrypts encrypted files. To make an earlier release the newest again, \
      use `yearbook rollback`.

      Examples:
        yearbook restore acme/annual/2026 --to /tmp/acme-2026
        yearbook restore acme/annual/2026/20261120t0315 --to before --identity key.txt
      """)

  @Argument(help: ReleaseAddress.help, completion: Completions.partitions)
  var release: String
  @Option(help: "The folder to make; it must not exist yet.")
  var to: String
  @Option(help: "A file of age private keys, as age-keygen writes it.", completion: .file())
  var identity: String?
  @OptionGroup var shared: SharedOptions

  func run() throws {
    let store = try shared.configuration().openStore()
    let address = try ReleaseAddress(release, in: store)
    try store.restore(
      address.partition, release: address.release, to: to,
      identities: identity.map { try AgeIdentity.read(file: $0) } ?? [])
    Console.standardOutput.line("\(address.partition)/\(address.release) is in \(to)")
  }
}
