import Diagnostics

/// What is wrong with a channel itself, and so with all its messages.
enum ChannelFaults {
  /// Only addresses of this machine or of its networks.
  static func keptIn(_ host: String) -> Diagnostic {
    Diagnostic(
      .configuration,
      "\(host) has no address on the internet: it is of this machine or of a private network",
      hint: "if it is meant, name it at the channel in yearbook.yaml: private_hosts: [\(host)]")
  }

  /// TLS without trust.
  static func untrusted(_ host: String) -> Diagnostic {
    Diagnostic(
      .configuration,
      "the certificate of \(host) is not trusted: expired, of another name, or of"
        + " an unknown authority",
      hint: "renew it there, or name its authority's file at the channel: authorities: FILE")
  }

  /// A file of certificates that is none.
  static func authorities(_ host: String) -> Diagnostic {
    Diagnostic(
      .configuration, "the file of authorities for \(host) cannot be read, or has no certificate",
      hint: "name a file of PEM certificates at the channel: authorities: FILE")
  }

  /// What the server answered to a login.
  static func login(_ host: String, _ said: String) -> Diagnostic {
    Diagnostic(
      .configuration, "\(host) refuses the login (\(said))",
      hint: "check user and password of the channel, then run again: nothing is lost")
  }
}
