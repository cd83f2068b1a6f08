import ArgumentParser
import Basics
import Diagnostics
import Engine
import Foundation
import Pipelines
import Store

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compares what is published with its manifests; exit code 1 if they differ.",
    discussion: """
      Somebody who can write to the store can put back a complete older state. Only a sequence \
      number kept elsewhere shows that: in the run record (--with-record), or in your own notes \
      (--min-sequence).

      With --repair, damaged files get their bytes back from other releases or from the workspace. \
      A newest release that stays damaged is published again. What cannot be repaired is named.

      Pages outside of releases are made again and compared. With --signers, each must also be in \
      the signed list of its folder. While a run publishes, pages can be a few seconds behind.

      Examples:
        yearbook verify
        yearbook verify --deep --tenant acme
        yearbook verify --signers allowed_signers --with-record
        yearbook verify --min-sequence acme/annual/2026=17
        yearbook verify --mirror --deep
        yearbook verify --deep --repair
      """)

  @Flag(help: "Read and hash every byte, not only names and sizes.")
  var deep = false
  @Option(help: "Only this tenant; can be given several times.", completion: Completions.tenants)
  var tenant: [String] = []
  @Option(
    help:
      "An allowed_signers file of OpenSSH, with a key that signed each head, release and list of pages."
  )
  var signers: String?
  @Option(help: "PARTITION=N: its sequence must be at least N; can be given several times.")
  var minSequence: [String] = []
  @Flag(help: "Compare the sequences with those in the run record.")
  var withRecord = false
  @Flag(
    help: "Check the mirror's bucket instead of the store, and whether it is behind.")
  var mirror = false
  @Flag(help: "Repair what is damaged, then verify again.")
  var repair = false
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if repair, mirror {
      throw ValidationError("--repair is for the store; `yearbook mirror` repairs the bucket")
    }
  }

  func run() throws {
    let verifying = Stopwatch()
    let configuration = try shared.configuration()
    let store = try configuration.openStore()
    let mirroring = mirror ? try configuration.mirroring(store) : nil
    let tenants = try store.owners()
    for slug in tenant where !tenants.contains(slug) {
      throw Diagnostic(
        .usage, "the store has no tenant '\(slug)'",
        hint: NearestWords.hint(for: slug, in: tenants))
    }
    var found = Verification()
    let options = VerifyOptions(
      isDeep: deep, signers: try signers.map { try AllowedSigners(file: $0) },
      sequences: try sequences(configuration),
      pages: mirror ? nil : pageMaking(configuration, store, &found))
    if let mirroring {
      found = try mirroring.verify(tenant, options)
    } else {
      for slug in tenant.isEmpty ? [nil] : tenant.map(Optional.init) {
        found.add(try store.verify(tenant: slug, options))
      }
    }
    var repaired: StoreRepair.Outcome?
    if repair, !found.isSound {
      Signals.watch()
      let outcome = try self.repair(found, configuration, store)
      repaired = outcome
      found = Verification()
      for slug in tenant.isEmpty ? [nil] : tenant.map(Optional.init) {
        found.add(try store.verify(tenant: slug, options))
      }
    }
    // A copy that --store names is not what readers see.
    if tenant.isEmpty, shared.store == nil {
      let unnoted = try configuration.withServer {
        Upkeep.note(
          found, isMirror: mirror, isDeep: deep, seconds: verifying.seconds, configuration)
      }
      if let unnoted { found.notes.append(unnoted) }
    }
    try json ? printJSON(of: found, repaired) : print(found, repaired)
    if !found.isSound { throw CommandFailure(exitCode: 1) }
  }

  private func repair(
    _ found: Verification, _ configuration: Configuration, _ store: ReleaseStore
  ) throws -> StoreRepair.Outcome {
    try configuration.withServer {
      try store.tryWriting()
      let session = RunSession(
        configuration: configuration,
        library: try PipelineLibrary(folder: configuration.pipelineFolder()),
        templates: try configuration.templateFolder(),
        threads: ProcessInfo.processInfo.activeProcessorCount,
        cancellation: Signals.cancellation, observer: SilentObserver())
      return try StoreRepair(session, store: store).run(found.faults)
    }
  }

  /// What makes pages again. Without templates and pipelines, pages are only compared with their
  /// signed list: whoever checks a copy of the store can have nothing else.
  private func pageMaking(
    _ configuration: Configuration, _ store: ReleaseStore, _ found: inout Verification
  ) -> PageMaking {
    do {
      let making = try PageRemaking(
        store: store, library: try PipelineLibrary(folder: configuration.pipelineFolder()),
        templates: try configuration.templateFolder(), operator: configuration.operatorTenant,
        site: configuration.previewSite)
      return { making.pages(of: $0) }
    } catch {
      found.notes.append("pages outside of releases were not made again: \(error)")
      return { _ in
        var made = MadePages()
        made.isUnknown = true
        return made
      }
    }
  }

  private func sequences(_ configuration: Configuration) throws -> [ReleasePartition: Int] {
    var sequences: [ReleasePartition: Int] = [:]
    if withRecord {
      try configuration.withServer {
        sequences = try RunRecord(configuration.required(.record)).sequences()
      }
    }
    for text in minSequence {
      let parts = text.split(whereSeparator: { "/=".contains($0) }).map(String.init)
      guard parts.count == 4, let number = Int(parts[3]), number > 0 else {
        throw Diagnostic(
          .usage, "'\(text)' is not TENANT/PIPELINE/PERIOD=NUMBER",
          hint: "write --min-sequence TENANT/PIPELINE/PERIOD=17")
      }
      sequences[.init(tenant: parts[0], pipeline: parts[1], period: parts[2])] = number
    }
    return sequences
  }

  private func print(_ found: Verification, _ repaired: StoreRepair.Outcome?) {
    let out = Console.standardOutput
    for path in repaired?.restored ?? [] { out.line("restored: \(Self.shown(path))") }
    for partition in repaired?.published ?? [] { out.line("published again: \(partition)") }
    if let failures = repaired?.failures, !failures.isEmpty {
      Console.standardError.write(report: failures)
    }
    for fault in found.faults {
      let word = fault.isHarmless ? "harmless" : out.styled("fault", .red)
      out.line("\(word) \(fault.kind): \(Self.shown(fault.path))")
    }
    let faults = found.faults.count { !$0.isHarmless }
    out.line(
      "\(Figures.count(found.releaseCount, "release")), \(Figures.count(found.fileCount, "file")),"
        + " \(Counted.bytes(found.byteCount)) \(deep ? "read" : "checked"): "
        + (faults == 0
          ? out.styled("all as published", .green)
          : out.styled(Figures.count(faults, "fault"), .red)))
    for note in found.notes { out.line("note: \(note)") }
    if found.unboundCount > 0 {
      out.line(
        "note: \(Figures.count(found.unboundCount, "head")) unbound: made by an older version, which did"
          + " not sign whose they are; a partition's next publication binds it")
    }
    if found.faults.contains(where: { $0.kind == .outdated }) {
      out.line("note: the next run renews outdated pages")
    }
    if let advice = advice(found, isRepaired: repaired != nil) {
      out.line("what to do: \(advice)")
    }
  }

  /// A path without characters that a terminal obeys: somebody else can have chosen the name.
  private static func shown(_ path: String) -> String {
    path.unicodeScalars.reduce(into: "") { text, scalar in
      let isPlain =
        scalar.properties.generalCategory != .control
        && scalar.properties.generalCategory != .format
        && scalar.properties.generalCategory != .lineSeparator
        && scalar.properties.generalCategory != .paragraphSeparator
      text += isPlain ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
    }
  }

  /// What to do about the gravest of the faults; `nil` if there are none.
  private func advice(_ found: Verification, isRepaired: Bool) -> String? {
    let kinds = Set(found.faults.filter { !$0.isHarmless }.map(\.kind))
    if kinds.isEmpty { return nil }
    if kinds == [.unsigned] {
      return
        "if signing is new here, run the periods again with signing.key and prune older releases;"
        + " otherwise somebody else published it"
    }
    let pages = ["index.html", "catalog.json", "pages.json", "pages.json.sig"]
    let isOfPages = found.faults.filter { !$0.isHarmless }.allSatisfy { fault in
      pages.contains(fault.path.split(separator: "/").last.map(String.init) ?? "")
    }
    if isOfPages, !mirror {
      return
        "find out who changed these pages; then remove catalog.json beside them, and the next run"
        + " makes all pages of the folder again"
    }
    if !mirror, !isRepaired {
      return
        "repair what can be, with `yearbook verify --deep --repair`; or restore the folders named"
        + " above from a backup"
    }
    return mirror
      ? "remove altered objects from the bucket, then run `yearbook mirror`"
      : "restore the folders named above from a backup, or remove them and run the pipelines again;"
        + " `yearbook prune` removes older releases"
  }

  private func printJSON(
    of found: Verification, _ repaired: StoreRepair.Outcome?
  ) throws {
    struct Output: Encodable {
      struct Fault: Encodable {
        var kind, path: String
        var harmless: Bool
      }
      var releases, files, bytes, unbound: Int
      var sound: Bool
      var faults: [Fault]
      var notes: [String]
      var restored, published_again, not_repaired: [String]?
    }
    try YearbookCLI.printJSON(
      Output(
        releases: found.releaseCount, files: found.fileCount, bytes: found.byteCount,
        unbound: found.unboundCount, sound: found.isSound,
        faults: found.faults.map {
          .init(kind: $0.kind.description, path: $0.path, harmless: $0.isHarmless)
        }, notes: found.notes, restored: repaired?.restored,
        published_again: repaired?.published.map(\.description),
        not_repaired: repaired?.failures.map(\.description)))
  }
}
