/// The one error shape of Yearbook: what went wrong, where, and what to do about it.
///
/// `message` and `hint` are shown to people and written to logs and to the run's record. They must
/// not contain a secret, a connection string or text that a tenant typed.
package struct Diagnostic: Error, Sendable {
  /// The kind of failure, which decides the exit code.
  package var code: Code
  /// Where it happened.
  package var subject: Subject
  /// What is wrong, in one sentence without a full stop.
  package var message: String
  /// What the reader can do about it.
  package var hint: String?
  /// The error of a lower layer.
  package var underlying: (any Error)?
  /// Whether the same work can succeed on another try (after a lost connection, a deadlock, a busy
  /// disk).
  package var isTransient: Bool

  /// A diagnostic with these parts.
  package init(
    _ code: Code, _ message: String, at subject: Subject = Subject(), hint: String? = nil,
    underlying: (any Error)? = nil, isTransient: Bool = false
  ) {
    self.code = code
    self.subject = subject
    self.message = message
    self.hint = hint
    self.underlying = underlying
    self.isTransient = isTransient
  }
}

extension Diagnostic {
  /// A kind of failure. It is a struct around a private enum, so that a new kind breaks no
  /// `switch`.
  package struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Kind: String, Sendable {
      case usage, data, unavailable, bug, io, busy, configuration, interrupted
    }

    private var kind: Kind

    /// The command line is wrong: an unknown tenant, period or flag.
    package static let usage = Code(kind: .usage)
    /// Input is not what it must be: a malformed row, an unknown term, a faulty media file.
    package static let data = Code(kind: .data)
    /// A database or the store cannot be reached.
    package static let unavailable = Code(kind: .unavailable)
    /// The program broke one of its own rules.
    package static let bug = Code(kind: .bug)
    /// A file cannot be read or written, or the disk is full.
    package static let io = Code(kind: .io)
    /// Another run holds the lock.
    package static let busy = Code(kind: .busy)
    /// A pipeline, a template or the configuration is wrong.
    package static let configuration = Code(kind: .configuration)
    /// The run was told to stop.
    package static let interrupted = Code(kind: .interrupted)

    /// The process's exit code: one of BSD's sysexits where one fits.
    package var exitCode: Int32 {
      switch kind {
      case .usage: 64
      case .data: 65
      case .unavailable: 69
      case .bug: 70
      case .io: 74
      case .busy: 75
      case .configuration: 78
      case .interrupted: 130
      }
    }

    package var description: String { kind.rawValue }

    /// The code with this `description`; `nil` for an unknown word.
    package init?(_ description: String) {
      guard let kind = Kind(rawValue: description) else { return nil }
      self.kind = kind
    }

    private init(kind: Kind) { self.kind = kind }
  }

  /// Where a failure happened. Unknown parts are `nil`.
  package struct Subject: Hashable, Sendable {
    package var stage: String?
    package var pipeline: String?
    package var tenant: String?
    package var period: String?
    package var file: String?
    /// Counted from one.
    package var line: Int?
    /// In characters, counted from one.
    package var column: Int?

    /// A subject with the known parts.
    package init(
      stage: String? = nil, pipeline: String? = nil, tenant: String? = nil, period: String? = nil,
      file: String? = nil, line: Int? = nil, column: Int? = nil
    ) {
      self.stage = stage
      self.pipeline = pipeline
      self.tenant = tenant
      self.period = period
      self.file = file
      self.line = line
      self.column = column
    }
  }
}

extension Diagnostic.Subject: CustomStringConvertible {
  /// `file:line:column`, as far as known; `""` without a file.
  package var place: String {
    var place = file ?? ""
    if file != nil, let line {
      place += ":\(line)"
      if let column { place += ":\(column)" }
    }
    return place
  }

  /// The place, then `pipeline tenant period stage`, as far as known.
  package var description: String {
    let work = [pipeline, tenant, period, stage].compactMap { $0 }.joined(separator: " ")
    return [place, work].filter { !$0.isEmpty }.joined(separator: ": ")
  }
}

extension Diagnostic: CustomStringConvertible {
  package var description: String {
    let place = subject.description
    return place.isEmpty ? message : "\(place): \(message)"
  }
}

extension Diagnostic: Equatable {
  /// Compares everything except `underlying`, which cannot be compared.
  package static func == (left: Diagnostic, right: Diagnostic) -> Bool {
    left.code == right.code && left.subject == right.subject && left.message == right.message
      && left.hint == right.hint && left.isTransient == right.isTransient
  }
}

extension Diagnostic {
  /// The same diagnostic, with unknown parts of its subject filled in from `outer`.
  package func filling(_ outer: Subject) -> Diagnostic {
    var copy = self
    copy.subject.stage = subject.stage ?? outer.stage
    copy.subject.pipeline = subject.pipeline ?? outer.pipeline
    copy.subject.tenant = subject.tenant ?? outer.tenant
    copy.subject.period = subject.period ?? outer.period
    if subject.file == nil {
      copy.subject.file = outer.file
      copy.subject.line = outer.line
      copy.subject.column = outer.column
    }
    return copy
  }
}

/// Several diagnostics found in one pass, so that all errors in a file can be fixed at once.
package struct Diagnostics: Error, Sendable, Equatable, CustomStringConvertible {
  /// The diagnostics in the order of their places; never empty.
  package var all: [Diagnostic]

  /// All of these diagnostics.
  package init(_ all: [Diagnostic]) { self.all = all }

  package var description: String { all.map(\.description).joined(separator: "\n") }
}
