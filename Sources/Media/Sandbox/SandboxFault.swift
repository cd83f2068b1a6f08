import Diagnostics

/// Faults of the machine, where the input is not to blame. None of them has the code `data`: what
/// is thrown here must never be kept as a property of the file.
enum SandboxFault {
  /// The sandbox cannot be had here at all.
  static func missing(_ reason: String, _ key: String) -> Diagnostic {
    Diagnostic(
      .configuration, "the sandbox that decodes media cannot be set up here: \(reason)",
      at: .init(file: key),
      hint: "allow seccomp filters, prctl, close_range and /proc to this process;"
        + " yearbook doctor tries the sandbox")
  }

  /// The system could not do something for the child, such as read its input.
  static func system(_ reason: String, _ key: String) -> Diagnostic {
    Diagnostic(
      .unavailable, "decoding failed on this machine: \(reason)", at: .init(file: key),
      hint: "run it again; if it fails again, look at the kernel's log", isTransient: true)
  }

  /// Somebody else ended the child.
  static func killed(by signal: Int32, _ key: String) -> Diagnostic {
    Diagnostic(
      .unavailable, "the decoding process was ended from outside, by signal \(signal)",
      at: .init(file: key),
      hint: "if the kernel's log says that memory ran out, give the machine or the unit"
        + " (MemoryMax=) more", isTransient: true)
  }

  /// The child worked, but not in time.
  static func slow(_ seconds: Int, _ key: String) -> Diagnostic {
    Diagnostic(
      .unavailable, "decoding took longer than \(seconds) s and was given up",
      at: .init(file: key),
      hint: "the machine is busy, or the media folder does not answer: run it again",
      isTransient: true)
  }

  /// The child failed, and it had less than it may need.
  static func short(of what: String, _ limit: String, _ key: String) -> Diagnostic {
    Diagnostic(
      .configuration, "decoding failed with less \(what) than a decoder may need",
      at: .init(file: key), hint: "raise or remove the limit that this process inherits (\(limit))")
  }
}
