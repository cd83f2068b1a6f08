import Basics
import Delivery
import Pipelines
import Transfer

extension Configuration {
  /// Reads `channels`: by name, what each is.
  func readChannels(_ node: SpecNode) -> [String: ChannelSettings] {
    var channels: [String: ChannelSettings] = [:]
    for entry in node.mapping()?.entries ?? [] {
      guard SpecNode.isName(entry.key), entry.key.utf8.count <= 63 else {
        entry.keyNode.report(
          "expected a name of [a-z0-9_], beginning with a letter, found '\(entry.key)'")
        continue
      }
      if let spec = ChannelReader(configuration: self).channel(entry.key, entry.value) {
        channels[entry.key] = spec
      }
    }
    return channels
  }
}

/// Reads one channel of the configuration.
struct ChannelReader {
  let configuration: Configuration

  private static let shared = ["kind", "rate", "give_up", "between", "breaker"]
  private static let own: [String: [String]] = [
    "mail": [
      "server", "tls", "login", "from", "reply_to", "bounces", "authorities", "private_hosts",
      "timeout",
    ],
    "http": [
      "url", "method", "headers", "expect", "sign", "plain_http", "authorities", "private_hosts",
      "timeout",
    ],
    "queue": [
      "url", "region", "key_id", "secret", "token", "plain_http", "authorities", "private_hosts",
    ],
    "ses": [
      "region", "from", "reply_to", "bounces", "key_id", "secret", "token", "url", "plain_http",
      "authorities", "private_hosts",
    ],
    "file": ["folder", "from", "reply_to"],
  ]

  /// A channel; `nil` if something is wrong with it, which is reported.
  func channel(_ name: String, _ node: SpecNode) -> ChannelSettings? {
    guard let all = node.mapping(), let kindNode = all.required("kind"),
      let kind = kindNode.word(
        of: ["mail", "ses", "http", "queue", "file"],
        meant: [
          "smtp": "mail", "email": "mail", "webhook": "http", "https": "http", "sqs": "queue",
          "maildir": "file",
        ]),
      let map = node.mapping(keys: Self.shared + (Self.own[kind] ?? []))
    else { return nil }
    let read: ChannelSettings.Kind? =
      switch kind {
      case "mail": mail(map).map { .mail($0) }
      case "http": http(map).map { .http($0) }
      case "queue": queue(map).map { .queue($0) }
      case "ses": ses(map).map { .ses($0) }
      default: file(map).map { .file($0) }
      }
    // What is wrong here too is said together with the rest.
    var spec = ChannelSettings(
      name: name,
      kind: read ?? .file(.init(folder: "", writer: .init(from: ChannelReader.nobody))))
    pacing(map, &spec)
    return read == nil ? nil : spec
  }

  private func pacing(_ map: SpecMapping, _ spec: inout ChannelSettings) {
    if let node = map["rate"], let text = node.string() {
      spec.pace = Pace(text)
      if spec.pace == nil {
        node.report("expected a rate such as 95/s, 600/m, 5000/h or 100000/d, found '\(text)'")
      }
    }
    if let node = map["give_up"], let seconds = node.duration() {
      if seconds < 60 { node.report("expected a minute or more: servers are busy now and then") }
      spec.giveUp = seconds
    }
    if let node = map["between"], let text = node.string() {
      spec.hours = HoursOfDay(text)
      if spec.hours == nil { node.report("expected hours such as 08:00-20:00, found '\(text)'") }
    }
    guard let breaker = map["breaker"]?.mapping(keys: ["failures", "first", "most"]) else { return }
    if let node = breaker["failures"], let count = node.integer() {
      if !(1...1000).contains(count) { node.report("expected a number from 1 to 1000") }
      spec.breaker.failures = count
    }
    spec.breaker.first = pause(breaker["first"]) ?? spec.breaker.first
    spec.breaker.most = pause(breaker["most"]) ?? max(spec.breaker.most, spec.breaker.first)
    if spec.breaker.first > spec.breaker.most {
      breaker["first"]?.report("the first pause is longer than the longest")
    }
  }

  private func pause(_ node: SpecNode?) -> Int? {
    guard let node, let seconds = node.duration() else { return nil }
    if !(1...86_400).contains(seconds) { node.report("expected 1s to 1d") }
    return seconds
  }

  // MARK: - Kinds

  private func mail(_ map: SpecMapping) -> ChannelSettings.Mail? {
    let writer = writer(map)
    let bounces = map["bounces"].flatMap(address)
    let words = SMTPTransfer.Security.allCases.map(\.rawValue)
    let security =
      map["tls"].flatMap { $0.word(of: words) }
      .flatMap(SMTPTransfer.Security.init) ?? .starttls
    let place = map.required("server").flatMap { node in
      node.string().flatMap { server($0, security, node) }
    }
    let login = map["login"].flatMap { node -> (user: String, password: ChannelSecret)? in
      let map = node.mapping(keys: ["user", "password"])
      let user = map?.required("user")?.string()
      let password = map?.required("password").flatMap(secret)
      if security == .none {
        node.report("a login without encryption would give the password away", hint: "set tls: tls")
      }
      guard let user, let password else { return nil }
      return (user, password)
    }
    let timeout = timeout(map)
    guard let writer, var server = place else { return nil }
    server.authorities = authorities(map)
    server.isPrivate = isPrivate(server.host, map)
    if security == .none, !server.isPrivate {
      map["tls"]?.report(
        "mails would cross the internet readable for everybody on the way",
        hint: "set tls: starttls; without encryption only a server under private_hosts is used")
    }
    var mail = ChannelSettings.Mail(server: server, writer: writer)
    mail.login = login
    mail.bounces = bounces
    mail.timeout = timeout
    return mail
  }

  private func http(_ map: SpecMapping) -> ChannelSettings.HTTP? {
    let methods = ["POST", "PUT", "PATCH", "DELETE"]
    let method = map["method"]?.word(of: methods, meant: ["post": "POST", "put": "PUT"]) ?? "POST"
    var headers: [(name: String, value: String)] = []
    var secrets: [(name: String, value: ChannelSecret)] = []
    for entry in map["headers"]?.mapping()?.entries ?? [] {
      guard isHeader(entry.key, entry.keyNode) else { continue }
      if entry.value.isMapping {
        if let secret = secret(entry.value) { secrets.append((entry.key, secret)) }
      } else if let text = entry.value.string() {
        let isLine = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        if !isLine { entry.value.report("a header's value is one line") }
        if ["authorization", "cookie", "x-api-key"].contains(entry.key.lowercased()) {
          entry.value.report(
            "a secret does not belong in this file", hint: "write {file: FILE} or {env: NAME}")
        }
        headers.append((entry.key, text))
      }
    }
    let expected = (map["expect"]?.list() ?? []).compactMap { node -> Int? in
      guard let status = node.integer() else { return nil }
      if !(200...499).contains(status) { node.report("expected a status from 200 to 499") }
      return status
    }
    let signing = (map["sign"]?.list() ?? []).compactMap(secret)
    let timeout = timeout(map)
    guard let url = map.required("url").flatMap({ url($0, map) }) else { return nil }
    var settings = HTTPChannel.Settings(url: url)
    settings.method = method
    settings.headers = headers
    settings.expected = Set(expected)
    settings.authorities = authorities(map)
    settings.isPrivate = isPrivate(url.host, map)
    settings.patience.total = timeout ?? settings.patience.total
    var http = ChannelSettings.HTTP(settings: settings)
    http.secretHeaders = secrets
    http.signing = signing
    return http
  }

  private func queue(_ map: SpecMapping) -> ChannelSettings.Queue? {
    let account = account(map)
    guard let url = map.required("url").flatMap({ url($0, map) }), let account else { return nil }
    var queue = ChannelSettings.Queue(url: url, account: account)
    queue.authorities = authorities(map)
    queue.isPrivate = isPrivate(url.host, map)
    return queue
  }

  private func ses(_ map: SpecMapping) -> ChannelSettings.SES? {
    let writer = writer(map)
    let bounces = map["bounces"].flatMap(address)
    guard let account = account(map) else { return nil }
    let usual = EndpointURL("https://email.\(account.region).amazonaws.com")
    guard let url = map["url"].map({ url($0, map) }) ?? usual, let writer else { return nil }
    var ses = ChannelSettings.SES(url: url, account: account, writer: writer)
    ses.bounces = bounces
    ses.authorities = authorities(map)
    ses.isPrivate = isPrivate(url.host, map)
    return ses
  }

  private func account(_ map: SpecMapping) -> ChannelSettings.Account? {
    let region = map.required("region").flatMap { node -> String? in
      guard let text = node.string() else { return nil }
      let isRegion =
        !text.isEmpty
        && text.utf8.allSatisfy {
          (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
        }
      if !isRegion { node.report("expected a region such as eu-west-1") }
      return isRegion ? text : nil
    }
    let keyID = map["key_id"].flatMap(secret)
    let secret = map["secret"].flatMap(secret)
    let token = map["token"].flatMap(self.secret)
    guard let region else { return nil }
    var account = ChannelSettings.Account(region: region)
    account.keyID = keyID ?? account.keyID
    account.secret = secret ?? account.secret
    account.token = token ?? account.token
    return account
  }

  private func file(_ map: SpecMapping) -> ChannelSettings.File? {
    let folder = map.required("folder")?.string().map(configuration.resolve)
    guard let writer = writer(map), let folder else { return nil }
    return ChannelSettings.File(folder: folder, writer: writer)
  }

  // MARK: - Values

  /// A sender for channels that are not made because something is wrong with them.
  private static let nobody: MailAddress = {
    guard let address = MailAddress("nobody@localhost") else {
      preconditionFailure("an address of letters")
    }
    return address
  }()

  private func writer(_ map: SpecMapping) -> MailWriter? {
    let replyTo = map["reply_to"].flatMap(address)
    guard let from = map.required("from").flatMap(address) else { return nil }
    return MailWriter(from: from, replyTo: replyTo)
  }

  private func address(_ node: SpecNode) -> MailAddress? {
    guard let text = node.string() else { return nil }
    if let address = MailAddress(mailbox: text) {
      if address.isInternational {
        node.report("a sender's address must be in ASCII before the @: many servers take no other")
      }
      return address
    }
    node.report("expected one mail address, such as Reports <reports@example.org>, found '\(text)'")
    return nil
  }

  private func server(
    _ text: String, _ security: SMTPTransfer.Security, _ node: SpecNode
  ) -> SMTPTransfer.Server? {
    let usual = [SMTPTransfer.Security.tls: 465, .starttls: 587, .none: 25]
    var host = text[...]
    var port = usual[security] ?? 587
    if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
      host = text[..<colon]
      port = Int(text[text.index(after: colon)...]) ?? 0
    }
    guard HostName.isValid(String(host)), (1...65_535).contains(port) else {
      node.report("expected a server such as smtp.example.org or smtp.example.org:587")
      return nil
    }
    return SMTPTransfer.Server(host: host.lowercased(), port: port, security: security)
  }

  private func url(_ node: SpecNode, _ map: SpecMapping) -> EndpointURL? {
    guard let text = node.string() else { return nil }
    guard let url = EndpointURL(text) else {
      // A user's password can be in it.
      node.report(
        "expected an address such as https://crm.example.org/contacts/{recipient}, without user,"
          + " password and fragment")
      return nil
    }
    if !url.isEncrypted, map["plain_http"]?.boolean() != true {
      node.report(
        "messages would be sent without encryption (http://)",
        hint: "use https://, or set plain_http: true")
    }
    return url
  }

  /// `{file: FILE}` or `{env: NAME}`.
  func secret(_ node: SpecNode) -> ChannelSecret? {
    guard node.isMapping else {
      node.report(
        "a secret does not belong in this file", hint: "write {file: FILE} or {env: NAME}")
      return nil
    }
    guard let map = node.mapping(keys: ["file", "env"]) else { return nil }
    switch (map["file"]?.string(), map["env"]?.string()) {
    case (let file?, nil): return .file(configuration.resolve(file))
    case (nil, let name?) where !name.isEmpty && !name.contains("="): return .environment(name)
    default:
      node.report("expected either {file: FILE} or {env: NAME}")
      return nil
    }
  }

  private func timeout(_ map: SpecMapping) -> Int? {
    guard let node = map["timeout"], let seconds = node.duration() else { return nil }
    if !(1...600).contains(seconds) { node.report("expected 1s to 10m") }
    return seconds
  }

  private func authorities(_ map: SpecMapping) -> String? {
    map["authorities"]?.string().map(configuration.resolve)
  }

  private func isPrivate(_ host: String, _ map: SpecMapping) -> Bool {
    (map["private_hosts"]?.list() ?? []).reduce(false) { found, node in
      guard let name = node.string() else { return found }
      if name.lowercased() != host {
        node.report("the channel has no such host: it is at '\(host)'")
      }
      return found || name.lowercased() == host
    }
  }

  func isHeader(_ name: String, _ node: SpecNode) -> Bool {
    let isToken =
      !name.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
    let ours = [
      "idempotency-key", "webhook-id", "webhook-timestamp", "webhook-signature", "content-length",
      "transfer-encoding", "host", "connection", "expect",
    ]
    if !isToken { node.report("not the name of a header: '\(name)'") }
    if ours.contains(name.lowercased()) { node.report("the header '\(name)' is set by Yearbook") }
    return isToken
  }
}
