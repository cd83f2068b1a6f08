import ArgumentParser
import Diagnostics
import Engine
import Extraction
import Foundation
import Media
import Pipelines
import Postgres
import Store

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract:
      "Checks what Yearbook needs here: libraries, fonts, the sandbox, databases, folders, free space.",
    discussion: """
      Example:
        yearbook doctor --config /etc/yearbook.yaml
      """)

  @OptionGroup var shared: SharedOptions

  func run() throws {
    let configuration = try shared.configuration()
    var report = Report()
    report.note("yearbook", Version.text)
    for library in MediaLibraries.versions { report.note(library.name, library.version) }
    report.check("fonts") {
      try RasterFonts.require()
      return "every script of cards and films can be drawn"
    }
    report.check("sandbox") {
      try SandboxTrial.check()
      return "media can be decoded without rights"
    }
    report.check("pipelines") {
      let library = try PipelineLibrary(folder: configuration.pipelineFolder())
      return "\(library.folder): \(library.names.joined(separator: ", "))"
    }
    report.check("templates") { try configuration.templateFolder() }
    report.folder(.store, of: configuration)
    report.folder(.workspace, of: configuration)
    report.permissions(of: configuration)
    if let key = configuration.signingKey {
      report.check("signing") {
        _ = try ReleaseSigner(
          file: key, agent: ProcessInfo.processInfo.environment["SSH_AUTH_SOCK"])
        return key
      }
    }
    let sealed = configuration.tenants.count { !$0.value.recipients.isEmpty }
    if sealed > 0 {
      report.check("encryption") {
        guard !configuration.recipients.isEmpty else {
          return "\(Figures.count(sealed, "tenant")), which you cannot open:"
            + " no operator recipients are configured"
        }
        return "\(Figures.count(sealed, "tenant")), readable for the operator too"
      }
      if let root = configuration.store, FileManager.default.fileExists(atPath: root) {
        report.check("in clear") {
          let found = try configuration.partitionsInClear(configuration.releaseStore(root))
          guard let first = found.first else { return "no release that must be encrypted" }
          let more = found.count == 1 ? "" : " and \(Figures.count(found.count - 1, "other"))"
          throw Diagnostic(
            .configuration, "\(first)\(more), published before encryption was configured",
            hint: CommandText.yearbook(
              ["run", first.pipeline, "--tenant", first.tenant, "--period", first.period], shared)
              + " publishes it again; `yearbook prune` removes the old release")
        }
      }
    }
    if configuration.mirror != nil, let root = configuration.store {
      report.check("mirror") {
        let mirroring = try configuration.mirroring(configuration.releaseStore(root))
        try mirroring.probe()
        return "\(mirroring.address), conditional writes work"
      }
    }
    report.media(of: configuration)
    try configuration.withServer {
      report.check("source") {
        let source = try Source(
          configuration.required(.source), schema: configuration.schema)
        let tenants = try source.tenants()
        try configuration.refuseUnknownTenants(among: tenants.slugs)
        try configuration.refuseSharedMedia(among: tenants.slugs)
        return
          "\(source.connection.target), PostgreSQL \(source.connection.serverVersion / 10_000), "
          + Figures.count(tenants.served.count, "active tenant")
          + (tenants.unservedCount == 0 ? "" : ", \(tenants.unservedCount) that cannot be served")
      }
      report.check("record") {
        let record = try RunRecord(configuration.required(.record))
        return "\(record.connection.target), PostgreSQL \(record.connection.serverVersion / 10_000)"
      }
    }
    if report.faults > 0 { throw CommandFailure(exitCode: 78) }
  }
}

/// Prints one line per finding and counts the faults.
struct Report {
  private(set) var faults = 0
  private let out = Console.standardOutput

  func note(_ subject: String, _ text: String) { line("ok", .green, subject, text) }

  mutating func fault(_ subject: String, _ text: String, hint: String?) {
    faults += 1
    line("fault", .red, subject, text)
    if let hint { out.line("                       what to do: \(hint)") }
  }

  mutating func check(_ subject: String, _ body: () throws -> String) {
    do {
      note(subject, try body())
    } catch let error as Diagnostic {
      fault(subject, error.description, hint: error.hint)
    } catch let error as Diagnostics {
      for error in error.all { fault(subject, error.description, hint: error.hint) }
    } catch {
      fault(subject, "\(error)", hint: nil)
    }
  }

  /// The media root is the platform's: it must be there.
  mutating func media(of configuration: Configuration) {
    check(Configuration.Setting.media.name) {
      let path = try configuration.required(.media)
      try MediaRoot(path).check()
      let layout = configuration.mediaLayout == .tenants ? "a folder for each tenant" : "shared"
      let way =
        MediaRoot.hasKernelWay ? "" : "; openat2 is not allowed here: opened folder by folder"
      return "\(path), \(layout)\(way)"
    }
  }

  mutating func folder(_ setting: Configuration.Setting, of configuration: Configuration) {
    let subject = setting.name
    guard let path = configuration[setting] else {
      return fault(
        subject, "not configured", hint: "set \(subject): in yearbook.yaml or \(setting.variable)")
    }
    // If the folder does not exist yet, check the nearest parent that does.
    var existing = URL(fileURLWithPath: path).standardizedFileURL.path
    while !FileManager.default.fileExists(atPath: existing), existing != "/" {
      existing = URL(fileURLWithPath: existing).deletingLastPathComponent().path
    }
    guard access(existing, W_OK) == 0 else {
      return fault(
        subject, "\(path): no permission to write",
        hint: "give this user the permission, or configure another folder")
    }
    var status = statvfs()
    guard statvfs(existing, &status) == 0 else {
      return fault(subject, "\(path): its file system does not answer", hint: nil)
    }
    let free = Int(status.f_bavail) * Int(status.f_frsize)
    if free < 1_000_000_000 {
      return fault(
        subject, "\(path): only \(Counted.bytes(free)) free",
        hint: "free some space: films need at least 1 GB")
    }
    let isThere = existing == URL(fileURLWithPath: path).standardizedFileURL.path
    note(
      subject, "\(path), \(Counted.bytes(free)) free\(isThere ? "" : "; the first run makes it")")
  }

  private func line(_ word: String, _ style: Console.Style, _ subject: String, _ text: String) {
    let mark = out.styled(word, style) + String(repeating: " ", count: max(1, 9 - word.count))
    let name = subject + String(repeating: " ", count: max(1, 14 - subject.count))
    out.line(mark + name + text)
  }
}
