import ArgumentParser
import Basics
import Diagnostics
import Engine
import Foundation
import Store

struct MirrorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mirror",
    abstract: "Makes the bucket that `mirror` in the configuration names equal to the store.",
    discussion: """
      Every run mirrors what it changed. This command compares the whole store with the bucket. So \
      it also brings back what was lost or damaged in the bucket, and what could not be mirrored \
      when it was published. It removes releases that were pruned in the store and were replaced \
      in the bucket longer than --grace ago.

      Examples:
        yearbook mirror
        yearbook mirror --tenant acme
        yearbook mirror --replace --tenant acme    after restoring an older backup
      """)

  @Option(
    help: "A tenant's slug; can be given several times (default: all).",
    completion: Completions.tenants)
  var tenant: [String] = []
  @Option(help: "How long a replaced release stays in the bucket, such as 90m, 24h or 7d.")
  var grace: String = "24h"
  @Flag(help: "Overwrite the bucket with the store, even where the bucket is ahead.")
  var replace = false
  @Flag(help: "Print only errors.")
  var quiet = false
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard DurationText.seconds(grace) != nil else {
      throw ValidationError("--grace must be a time such as 90m, 24h or 7d")
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
    let progress = Locked((done: 0, told: Stopwatch()))
    let isSilent = quiet || json
    let summary = mirroring.all(tenant.isEmpty ? nil : tenant, options) { _, _ in
      progress.withLock { progress in
        progress.done += 1
        guard !isSilent, progress.told.seconds >= 10 else { return }
        progress.told = Stopwatch()
        Console.standardError.line(
          "\(Figures.count(progress.done))/\(Figures.count(total)) tenants compared")
      }
    }
    if tenant.isEmpty, shared.store == nil {
      let unnoted = try configuration.withServer { Upkeep.note(summary, configuration) }
      if let unnoted { Console.standardError.line("note: \(unnoted)") }
    }
    if json {
      try printJSON(Output(summary, mirroring.address))
    } else if !quiet {
      Console.standardOutput.line("\(mirroring.address): \(summary.told)")
    }
    if let first = summary.failures.first {
      Console.standardError.write(causesOf: summary.failures)
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
  /// `3 tenants, 25 objects with 1.2 MB uploaded, 4 removed in 2 s`
  var told: String {
    var parts = [
      Figures.count(tenants, "tenant"),
      "\(Figures.count(objects, "object")) with \(Counted.bytes(bytes)) uploaded",
    ]
    if removed > 0 { parts.append("\(Figures.count(removed)) removed") }
    if abandoned > 0 {
      parts.append("\(Figures.count(abandoned, "upload")) of killed processes removed")
    }
    return parts.joined(separator: ", ") + " in \(Figures.duration(seconds))"
  }
}

extension Configuration {
  /// The configured mirror of a store. Throws a diagnostic if none is configured.
  func mirroring(_ store: ReleaseStore) throws -> Mirroring {
    if let mirroring = try Mirroring(self, store: store, cancellation: Signals.cancellation) {
      return mirroring
    }
    throw Diagnostic(
      .configuration, "'mirror' is not configured", at: .init(file: file),
      hint: "set mirror: s3://BUCKET/PREFIX in yearbook.yaml, or YEARBOOK_MIRROR")
  }

  /// Mirrors what a command changed in the store, if a mirror is configured.
  ///
  /// - Parameter grace: Seconds. What was pruned, and was replaced longer ago, is removed; `nil`
  ///   removes nothing.
  func mirror(_ tenants: [String], in store: ReleaseStore, grace: Int? = nil) throws {
    guard
      let mirroring = try Mirroring(self, store: store, cancellation: Signals.cancellation)
    else { return }
    let summary = mirroring.all(tenants, BucketMirror.Options(grace: grace))
    Console.standardError.line("\(mirroring.address): \(summary.told)")
    try summary.check()
  }
}
