import ArgumentParser
import Basics
import Diagnostics
import Engine
import Foundation
import Pipelines
import Store

/// The names that a shell completes. The program looks them up when somebody presses TAB.
///
/// A message would appear in the command line that is being typed, so every failure means that
/// there are no names. Databases are not asked: they can be far away.
enum Completions {
  /// Pipelines and schedules: what `run` takes.
  static let runnable = names { try $0.library().names }
  static let pipelines = names { try $0.library().pipelines.map(\.name) }
  static let schedules = names { try $0.library().schedules.map(\.name) }
  /// The pipelines that make a film.
  static let films = names { try $0.library().pipelines.filter { $0.stitch != nil }.map(\.name) }
  /// Slugs of tenants.
  static let tenants = names { $0.tenants() }
  /// Slugs of tenants, and the operator's name.
  static let owners = names { $0.tenants() + [ReleaseTenant.operatorName] }
  static let periods = names { request in
    periods(until: try RunCommand.moment(nil).day(in: .utc), of: request.kinds())
  }
  /// `TENANT/PIPELINE/PERIOD`.
  static let partitions = names { try $0.partitions() }

  /// The periods of these kinds that have begun, from last year's first on. Nobody can guess a
  /// range.
  static func periods(until today: CivilDate, of kinds: [Period.Kind]) -> [String] {
    kinds.filter(Period.Kind.calendar.contains).flatMap { kind in
      let newest = Period(kind, containing: today)
      return sequence(first: newest) { period in
        let previous = period.previous
        return previous.year < today.year - 1 ? nil : previous
      }.map(\.description)
    }
  }

  private static func names(
    _ find: @escaping @Sendable (CompletionRequest) throws -> [String]
  ) -> CompletionKind {
    .custom { words, index, _ in
      // A dead network file system must not stop the shell. Ending the process is the only way out
      // of a call that hangs.
      signal(SIGALRM) { _ in _exit(0) }
      // Whoever started the program can have left the signal blocked.
      var alarms = sigset_t()
      sigemptyset(&alarms)
      sigaddset(&alarms, SIGALRM)
      sigprocmask(SIG_UNBLOCK, &alarms, nil)
      alarm(1)
      defer { alarm(0) }
      let found = CompletionRequest.quietly { try find(CompletionRequest(words, index)) } ?? []
      // bash expands what it is offered: nothing in a file's name must become a command.
      return found.filter { CommandText.isPlain($0) }
    }
  }
}

/// One press of TAB.
struct CompletionRequest {
  /// The words of the command line, without quotes.
  private let words: [String]
  /// The word that is completed, as far as it is typed.
  private let word: String

  /// - Parameters:
  ///   - words: The words of the command line as the shell has them, quotes included.
  ///   - index: The place of the word that is completed. It can be behind the last word.
  init(_ words: [String], _ index: Int) {
    self.words = words.map(Self.unquoted)
    word = self.words.indices.contains(index) ? self.words[index] : ""
  }

  /// What `body` returns; `nil` if it fails.
  static func quietly<Result>(_ body: () throws -> Result) -> Result? {
    do { return try body() } catch { return nil }
  }

  func library() throws -> PipelineLibrary {
    try PipelineLibrary(folder: configuration().pipelineFolder())
  }

  /// The kinds of periods of the pipelines that are named; of all pipelines if none is.
  func kinds() -> [Period.Kind] {
    guard let all = Self.quietly({ try library().pipelines }) else { return Period.Kind.allCases }
    let named = all.filter { words.contains($0.name) }
    let kinds = Set((named.isEmpty ? all : named).flatMap(\.periods))
    return Period.Kind.allCases.filter(kinds.contains)
  }

  /// The tenants that the store has or the configuration names.
  func tenants() -> [String] {
    let configured = Self.quietly { try configuration().tenants.keys.map(\.self) } ?? []
    let published = Self.quietly { try store()?.tenants() } ?? nil
    return Set(configured + (published ?? [])).sorted()
  }

  /// Tenants with a slash after them; all partitions of the tenant once only one is left.
  func partitions() throws -> [String] {
    guard let store = try store() else { return [] }
    let slug = word.prefix { $0 != "/" }
    let tenants = try store.owners().filter {
      slug.count < word.count ? $0 == slug : $0.hasPrefix(slug)
    }
    if tenants.count > 1 { return tenants.map { $0 + "/" } }
    return try tenants.flatMap { try store.partitions(tenant: $0) }.map(\.description)
  }

  private func configuration() throws -> Configuration {
    try SharedOptions.parse(Self.places(in: words)).configuration()
  }

  /// The store, if it is there. Its signing key is not read.
  private func store() throws -> ReleaseStore? {
    guard let root = try configuration().store, FileManager.default.fileExists(atPath: root) else {
      return nil
    }
    return try ReleaseStore(root: root)
  }

  /// The flags among the words that say where names are, such as `--config=my.yaml`.
  static func places(in words: [String]) -> [String] {
    var flags: [String] = []
    for (index, word) in words.enumerated() {
      for flag in ["--config", "--pipelines", "--store"] {
        var value: Substring?
        if word == flag {
          // bash makes three words of --config=FILE.
          value = words[(index + 1)...].first { $0 != "=" }.map { $0[...] }
        } else if word.hasPrefix(flag + "=") {
          value = word.dropFirst(flag.count + 1)
        }
        guard var value, !value.isEmpty else { continue }
        if value.hasPrefix("~/") { value = NSHomeDirectory() + value.dropFirst() }
        flags.append("\(flag)=\(value)")
      }
    }
    return flags
  }

  /// A shell's word without its quotes and backslashes.
  static func unquoted(_ word: String) -> String {
    var text = ""
    var quote: Character?
    var isEscaped = false
    for character in word {
      if isEscaped {
        text.append(character)
        isEscaped = false
      } else if character == "\\", quote != "'" {
        isEscaped = true
      } else if character == quote {
        quote = nil
      } else if quote == nil, character == "'" || character == "\"" {
        quote = character
      } else {
        text.append(character)
      }
    }
    return text
  }
}
