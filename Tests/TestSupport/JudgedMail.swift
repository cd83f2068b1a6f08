import Foundation

/// What a strict mail program reads in a mail: Python's `email`, and rules of our own
/// (Tests/Fixtures/mail_judge.py).
package struct JudgedMail: Decodable {
  package struct Part: Decodable {
    package var type: String
    package var text: String?
    package var bytes: String?
    package var encoding: String?
    package var file: String?
    package var disposition: String?

    package var content: [UInt8] { Data(base64Encoded: bytes ?? "").map(Array.init) ?? [] }
  }

  /// The rules that it breaks.
  package var faults: [String]
  package var names: [String]
  package var subject: String
  package var from: String
  package var to: String?
  package var toName: String?
  package var messageID: String
  package var unsubscribe: String?
  package var utf8: Bool
  package var date: Double
  package var parts: [Part]

  /// The text of the first part of this type.
  package func text(_ type: String) -> String? { parts.first { $0.type == type }?.text }

  /// Reads mails, all by one program.
  package static func read(_ mails: [[UInt8]]) throws -> [JudgedMail] {
    try withTemporaryFolder { folder in
      let paths = mails.indices.map { "\(folder)/\($0).eml" }
      for (path, mail) in zip(paths, mails) {
        try Data(mail).write(to: URL(fileURLWithPath: path))
      }
      return try read(paths)
    }
  }

  /// Reads files of mails.
  package static func read(_ paths: [String]) throws -> [JudgedMail] {
    guard let python = Places.program("python3") else { throw Refused(output: "no Python") }
    let judged = try Program.run(
      [python, Places.project + "/Tests/Fixtures/mail_judge.py"] + paths)
    guard judged.status == 0 else { throw Refused(output: String(judged.output.suffix(2000))) }
    return try judged.output.split(separator: "\n").map {
      try JSONDecoder().decode(JudgedMail.self, from: Data($0.utf8))
    }
  }

  /// What the judge said instead of a judgement.
  package struct Refused: Error {
    package var output: String
  }
}

/// Debian's SpamAssassin, without tests over the network.
package enum SpamAssassin {
  private static let program = Places.program("spamassassin")

  /// Why tests that need it are skipped; `nil` if they are not.
  package static let missing: String? =
    program == nil ? "SpamAssassin is not installed: scripts/install-judges" : nil

  /// The points of a mail, of which 5 are spam, and what they are for.
  package static func judge(_ mail: [UInt8]) throws -> (score: Double, report: String) {
    try withTemporaryFolder { folder in
      try Data(mail).write(to: URL(fileURLWithPath: folder + "/mail.eml"))
      let judged = try Program.run(
        ["/bin/sh", "-c", "\(program ?? "spamassassin") -L -t <\(folder)/mail.eml"])
      let score = judged.output.firstMatch(of: /score=(-?[0-9.]+)/).flatMap { Double($0.output.1) }
      guard let score else { throw JudgedMail.Refused(output: judged.output) }
      return (score, String(judged.output.suffix(1500)))
    }
  }
}
