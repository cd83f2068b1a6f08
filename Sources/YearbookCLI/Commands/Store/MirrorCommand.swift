import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Store
import Synchronization

struct MirrorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mirror",
    abstract: "Makes the bucket of the configuration's `mirror` like the store.",
    discussion: """
      Every run mirrors what it changed. This compares all with what the bucket has, so that it also brings back
      what was lost or damaged there, and what could not be mirrored when it was published. What was pruned in the
      store and was replaced in the bucket longer than --grace ago is removed from the bucket.

      Examples:
        yearbook mirror
        yearbook mirror --tenant acme
        yearbook mirror --replace --tenant acme    after the store was restored from an older backup
      """)

  @Option(help: "A tenant's slug; may be given several times (default: all).")
  var tenant: [String] = []
  @Option(help: "How long a release stays in the bucket after it was replaced there: 90m, 24h, 7d.")
  var grace: String = "24h"
  @Flag(help: "Put what the store has over what the bucket has, also where the bucket is ahead.")
  var replace = false
  @Flag(help: "Print nothing when all is well.")
  var quiet = false
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard DurationText.seconds(grace) != nil else {
      throw ValidationError("--grace is like 90m, 24h or 7d")
    }
  }

  func run() throws {
    let configuration = try shared.configuration()
    let store = try configuration.openStore()
    let mirroring = try configuration.mirroring(store)
    let tenants = try store.tenants()
    for slug in tenant where !tenants.contains(slug) {
      throw Diagnostic(
        .usage, "the store has no tenant '\(slug)'",
        hint: NearestWords.hint(for: slug, in: tenants))
    }
    Signals.watch()
    let options = BucketMirror.Options(
      grace: DurationText.seconds(grace), replaces: replace)
    let total = tenant.isEmpty ? tenants.count : tenant.count
    let progress = Mutex((done: 0, told: Date()))
    let isSilent = quiet || json
    let summary = mirroring.all(tenant.isEmpty ? nil : tenant, options) { _, _ in
      progress.withLock { progress in
        progress.done += 1
        guard !isSilent, Date().timeIntervalSince(progress.told) >= 10 else { return }
        progress.told = Date()
        Console.standardError.line(
          "\(Figures.count(progress.done))/\(Figures.count(total)) tenants compared")
      }
    }
    if json {
      try printJSON(Output(summary, mirroring.address))
    } else if !quiet {
      Console.standardOutput.line("\(mirroring.address): \(summary.told)")
    }
    if let first = summary.failures.first {
      Console.standardError.write(report: summary.failures)
      throw CommandFailure(
        exitCode: first.code == .interrupted ? Signals.exitCode : first.code.exitCode)
    }
  }

  private struct Output: Encodable {
    var mirror: String
    var tenants, objects, bytes, removed, abandoned, failed: Int
    var seconds: Double

    init(_ summary: MirrorSummary, _ address: String) {
      mirror = address
      (tenants, objects, bytes) = (summary.tenants, summary.objects, summary.bytes)
      (removed, abandoned) = (summary.removed, summary.abandoned)
      (failed, seconds) = (summary.failures.count, summary.seconds)
    }
  }
}

extension MirrorSummary {
  /// `3 tenants, 25 objects with 1.2 MB put, 4 removed in 2 s`
  var told: String {
    var parts = [
      Figures.count(tenants, "tenant"),
      "\(Figures.count(objects, "object")) with \(Figures.bytes(bytes)) put",
    ]
    if removed > 0 { parts.append("\(Figures.count(removed)) removed") }
    if abandoned > 0 {
      parts.append("\(Figures.count(abandoned, "upload")) of killed mirrorings given up")
    }
    return parts.joined(separator: ", ") + " in \(Figures.duration(seconds))"
  }
}

extension Configuration {
  /// The configured mirror of a store.
  func mirroring(_ store: ReleaseStore) throws -> Mirroring {
    if let mirroring = try Mirroring(self, store: store, cancellation: Signals.cancellation) {
      return mirroring
    }
    throw Diagnostic(
      .configuration, "'mirror' is not configured", at: .init(file: file),
      hint: "set mirror: s3://BUCKET/PREFIX in yearbook.yaml, or YEARBOOK_MIRROR")
  }

  /// Brings the mirror, if there is one, up to what a command did to the store.
  ///
  /// - Parameter grace: Removes what was pruned and replaced so many seconds ago; `nil` removes nothing.
  func mirror(_ tenants: [String], in store: ReleaseStore, grace: Int? = nil) throws {
    guard
      let mirroring = try Mirroring(self, store: store, cancellation: Signals.cancellation)
    else { return }
    let summary = mirroring.all(tenants, BucketMirror.Options(grace: grace))
    Console.standardError.line("\(mirroring.address): \(summary.told)")
    try summary.check()
  }
}
