package import Basics

/// The `deliver:` part of a pipeline file: who is told what, and how.
package struct DeliverSpec: Sendable {
  /// What can happen to a partition that people are told of.
  package enum Event: String, Sendable, CaseIterable {
    /// A release was published, of whatever status.
    case published
    /// The period has ended, and a release says so.
    case final
    /// A final release was replaced.
    case restated
  }

  /// One kind of message: a release that is announced, or rows that are messages themselves.
  package struct Message: Sendable {
    /// Its name in the pipeline file.
    package var name: String
    /// The query that gives the recipients, or the rows.
    package var query: String
    /// Whether each row of the query is a message. Else the rows are the recipients of a release.
    package var isOfRows: Bool
    /// On which events a release is announced.
    package var events: Set<Event>
    /// The columns that tell rows apart: a row that was told is not told again if others change.
    /// Empty: all columns.
    package var key: [String]
    /// A name below `channels:` in yearbook.yaml.
    package var channel: String
    /// The template's name in the folder `mail` of the templates, without its ending.
    package var template: String
    /// The hours at which it may leave.
    package var hours: HoursOfDay?
    /// Where a recipient opts out: an https link in which `{key}` stands for the message's key.
    /// Mail programs post to it (RFC 8058).
    package var unsubscribe: String?
    /// Whether a recipient's messages of a day become one.
    package var isDigest: Bool
    /// Files of the release that go with a mail, in this order.
    package var attach: [String] = []
    /// The picture that a mail shows.
    package var poster: Poster?
    package var place: SpecPlace
  }

  /// A picture of a release.
  package struct Poster: Hashable, Sendable {
    /// The pipeline whose release of the same tenant and period has it; `nil`: the pipeline's own.
    package var pipeline: String?
    package var file: String

    /// Reads `FILE` or `PIPELINE/FILE`; `nil` for anything else.
    package init?(_ text: String) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard (1...2).contains(parts.count), let file = parts.last, DeliverSpec.isFileName(file),
        ["jpg", "png"].contains(where: { file.hasSuffix("." + $0) }),
        parts.count == 1 || !parts[0].isEmpty
      else { return nil }
      self.file = file
      pipeline = parts.count == 2 ? parts[0] : nil
    }
  }

  /// Whether a text can be the name of a file of a release.
  static func isFileName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 100 && !text.hasPrefix(".")
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "._-".utf8.contains(byte)
        }
      }
  }

  /// In the file's order.
  package var messages: [Message]

  /// The columns that a query can have beside those that the template names.
  package static let columns = ["address", "name", "locale", "user", "time_zone"]

  /// The names of the queries whose rows hold addresses. No stage sees them.
  package var queries: Set<String> { Set(messages.map(\.query)) }

  /// Reads the part. Faults are reported to the node's reader.
  init?(_ node: SpecNode) {
    guard let map = node.mapping() else { return nil }
    messages = map.entries.compactMap { entry in
      guard let name = entry.keyNode.name() else { return nil }
      return Message(name: name, entry.value)
    }
    if map.entries.isEmpty { node.report("there are no messages: add 'NAME: {to: QUERY, …}'") }
  }
}

extension DeliverSpec.Message {
  init?(name: String, _ node: SpecNode) {
    let keys = [
      "to", "rows", "on", "key", "order", "silent", "channel", "template", "between", "digest",
      "unsubscribe", "attach", "poster",
    ]
    guard let map = node.mapping(keys: keys) else { return nil }
    let (to, rows) = (map["to"]?.name(), map["rows"]?.name())
    if map["to"] == nil, map["rows"] == nil {
      node.report(
        "neither 'to' nor 'rows' is given",
        hint: "'to' names a query of recipients; 'rows' one whose every row is a message")
    }
    if map["to"] != nil, map["rows"] != nil {
      map["rows"]?.report("'to' and 'rows' cannot both be given")
    }
    if map["rows"] != nil, let on = map["on"] {
      on.report("'on' is for the recipients of a release; rows are told when they are first read")
    }
    if map["to"] != nil, let key = map["key"] { key.report("'key' is for 'rows'") }
    let words = DeliverSpec.Event.allCases.map(\.rawValue)
    let events = (map["on"]?.list() ?? []).compactMap { $0.word(of: words) }
      .compactMap(DeliverSpec.Event.init(rawValue:))
    if map["on"]?.list().isEmpty ?? false { map["on"]?.report("expected at least one event") }
    let channel = map.required("channel")?.name()
    let templateNode = map.required("template")
    let template = templateNode?.string()
    if let template, !Self.isTemplateName(template) {
      templateNode?.report(
        "expected a template's name of [a-z0-9-], without its ending, found '\(template)'")
    }
    if let digest = map["digest"] { _ = digest.word(of: ["day"]) }
    if let between = map["between"], let text = between.string() {
      hours = HoursOfDay(text)
      if hours == nil { between.report("expected hours such as 08:00-20:00, found '\(text)'") }
    }
    if let node = map["unsubscribe"], let text = node.string() {
      if text.hasPrefix("https://"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
        unsubscribe = text
      } else {
        node.report("expected a link such as https://app.example.com/optout?message={key}")
      }
    }
    let attached = map["attach"].map(Self.files) ?? []
    var picture: DeliverSpec.Poster?
    if let node = map["poster"], let text = node.string() {
      picture = DeliverSpec.Poster(text)
      if picture == nil {
        node.report("expected a picture such as poster.jpg or PIPELINE/poster.jpg, found '\(text)'")
      }
    }
    for name in ["attach", "poster"] where map["rows"] != nil || map["digest"] != nil {
      map[name]?.report("'\(name)' is of a release: it goes with 'to', and not with 'digest'")
    }
    guard let query = to ?? rows, let channel, let template else { return nil }
    self.name = name
    self.query = query
    isOfRows = rows != nil
    self.events = events.isEmpty ? [.final, .restated] : Set(events)
    key = map["key"]?.names() ?? []
    self.channel = channel
    self.template = template
    isDigest = map["digest"] != nil
    attach = attached
    poster = picture
    place = node.place
  }

  /// The names of files of a release.
  private static func files(_ node: SpecNode) -> [String] {
    node.list().compactMap { node in
      guard let text = node.string() else { return nil }
      if !DeliverSpec.isFileName(text) {
        node.report("expected the name of a file of the release, found '\(text)'")
      }
      return text
    }
  }

  private static func isTemplateName(_ text: String) -> Bool {
    let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789-".utf8)
    return !text.isEmpty && text.utf8.allSatisfy(allowed.contains)
  }
}
