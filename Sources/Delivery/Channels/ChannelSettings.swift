package import Basics
package import Diagnostics
import Foundation
package import Transfer

/// A channel as it is declared: what it is, how fast and how long messages go through it.
///
/// It holds no secret, only where the secrets are. Threads can share it; each makes a channel of
/// its own from it.
package struct ChannelSettings: Sendable {
  /// What is sent how.
  package enum Kind: Sendable {
    case mail(Mail)
    case http(HTTP)
    case queue(Queue)
    case ses(SES)
    case file(File)
  }

  /// Its name in the configuration.
  package var name: String
  package var kind: Kind
  /// What a destination gets in a time; `nil`: as much as it takes.
  package var pace: Pace?
  /// After how many seconds no other try is made.
  package var giveUp = 3 * 86_400
  /// The hours of the recipient's day; `nil`: all.
  package var hours: HoursOfDay?
  package var breaker = Breaker()

  /// When a destination that fails is left in peace, and for how long: `RunRecord.fail`.
  package struct Breaker: Hashable, Sendable {
    /// After so many failures in a row its messages wait.
    package var failures = 5
    /// The longest first pause, in seconds. It doubles with each message that tries in vain.
    package var first = 30
    /// The longest pause of all, in seconds.
    package var most = 900

    /// The usual times, or these.
    package init(failures: Int = 5, first: Int = 30, most: Int = 900) {
      self.failures = failures
      self.first = first
      self.most = most
    }
  }

  /// A channel with the usual times.
  package init(name: String, kind: Kind) {
    self.name = name
    self.kind = kind
  }

  /// A server for mails.
  package struct Mail: Sendable {
    package var server: SMTPTransfer.Server
    package var login: (user: String, password: ChannelSecret)?
    package var writer: MailWriter
    package var bounces: MailAddress?
    /// How long to wait for an answer, in seconds.
    package var timeout: Int?

    /// Mails through a server, from the writer's sender.
    package init(server: SMTPTransfer.Server, writer: MailWriter) {
      self.server = server
      self.writer = writer
    }
  }

  /// A web service.
  package struct HTTP: Sendable {
    package var settings: HTTPChannel.Settings
    /// Headers whose values are secrets, by name.
    package var secretHeaders: [(name: String, value: ChannelSecret)] = []
    /// What webhooks are signed with.
    package var signing: [ChannelSecret] = []

    /// Calls without secrets.
    package init(settings: HTTPChannel.Settings) { self.settings = settings }
  }

  /// Who asks Amazon's services, or those that are asked as they are, and where.
  package struct Account: Sendable {
    package var region: String
    package var keyID = ChannelSecret.environment("AWS_ACCESS_KEY_ID")
    package var secret = ChannelSecret.environment("AWS_SECRET_ACCESS_KEY")
    /// Of temporary credentials; a variable that is not set means there is none.
    package var token = ChannelSecret.environment("AWS_SESSION_TOKEN")

    /// Credentials that are where Amazon's own tools look for them.
    package init(region: String) { self.region = region }

    /// With the secrets.
    fileprivate func opened(_ environment: [String: String]) throws(Diagnostic) -> SigningAccount {
      var account = SigningAccount(
        region: region, keyID: try keyID.value(in: environment),
        secret: try secret.value(in: environment))
      if case .environment(let name) = token, (environment[name] ?? "").isEmpty { return account }
      account.token = try token.value(in: environment)
      return account
    }
  }

  /// A queue.
  package struct Queue: Sendable {
    package var url: EndpointURL
    package var account: Account
    package var authorities: String?
    package var isPrivate = false

    /// A queue at this URL.
    package init(url: EndpointURL, account: Account) {
      self.url = url
      self.account = account
    }
  }

  /// Amazon's Simple Email Service.
  package struct SES: Sendable {
    package var url: EndpointURL
    package var account: Account
    package var writer: MailWriter
    package var bounces: MailAddress?
    package var authorities: String?
    package var isPrivate = false

    /// The service at this URL, with mails from the writer's sender.
    package init(url: EndpointURL, account: Account, writer: MailWriter) {
      self.url = url
      self.account = account
      self.writer = writer
    }
  }

  /// A folder.
  package struct File: Sendable {
    package var folder: String
    package var writer: MailWriter

    /// Mails into a folder.
    package init(folder: String, writer: MailWriter) {
      self.folder = folder
      self.writer = writer
    }
  }

  /// Where the secrets are that `make` reads.
  package var secrets: [ChannelSecret] {
    switch kind {
    case .mail(let mail): mail.login.map { [$0.password] } ?? []
    case .http(let http): http.secretHeaders.map(\.value) + http.signing
    case .queue(let queue): [queue.account.keyID, queue.account.secret]
    case .ses(let ses): [ses.account.keyID, ses.account.secret]
    case .file: []
    }
  }

  /// Whether it sends mails, or makes requests; `nil`: both are files to it.
  package var takesMail: Bool? {
    switch kind {
    case .mail, .ses: true
    case .http, .queue: false
    case .file: nil
    }
  }

  /// A channel for one thread, with this process's environment.
  package func make() throws(Diagnostic) -> any Channel {
    try make(environment: ProcessInfo.processInfo.environment, isCancelled: { false })
  }

  /// A channel for one thread. It opens no connection yet.
  ///
  /// - Parameters:
  ///   - environment: The process's environment, for secrets.
  ///   - isCancelled: Called repeatedly while a message is sent. If it returns true, that ends.
  /// - Throws: `.configuration` if a secret is missing or malformed.
  package func make(
    environment: [String: String], isCancelled: @escaping @Sendable () -> Bool
  ) throws(Diagnostic) -> any Channel {
    switch kind {
    case .mail(let mail):
      var server = mail.server
      if let login = mail.login {
        server.login = (login.user, try login.password.value(in: environment))
      }
      let patience = HTTPTransfer.Patience(connect: 10, stall: mail.timeout ?? 60)
      return try MailChannel(
        server, writer: mail.writer, bounces: mail.bounces, patience: patience,
        isCancelled: isCancelled)
    case .http(let http):
      var settings = http.settings
      for (name, place) in http.secretHeaders {
        settings.headers.append((name, try place.value(in: environment)))
      }
      for place in http.signing {
        settings.webhookSecrets.append(try WebhookSecret(try place.value(in: environment)))
      }
      return try HTTPChannel(settings, isCancelled: isCancelled)
    case .queue(let queue):
      var settings = QueueChannel.Settings(
        url: queue.url, account: try queue.account.opened(environment))
      settings.authorities = queue.authorities
      settings.isPrivate = queue.isPrivate
      return try QueueChannel(settings, isCancelled: isCancelled)
    case .ses(let ses):
      var settings = SESChannel.Settings(
        url: ses.url, account: try ses.account.opened(environment), writer: ses.writer)
      settings.bounces = ses.bounces
      settings.authorities = ses.authorities
      settings.isPrivate = ses.isPrivate
      return try SESChannel(settings, isCancelled: isCancelled)
    case .file(let file):
      return FileChannel(root: file.folder, writer: file.writer)
    }
  }
}
