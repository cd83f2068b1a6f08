package import Basics
package import Delivery
package import Diagnostics
import Foundation
import Mustache
package import Pipelines

/// The templates of messages, the folder `mail` of the templates' folder, read once.
///
/// `NAME.txt` is a mail: its first line is `Subject: …`, and its HTML is made from its text, in the
/// frame `frame.html`. `NAME.html` beside it is the HTML instead. `NAME.json` is the body of a
/// request. All are Mustache; a partial is a file of the same ending.
package struct MessageTemplates: Sendable {
  package let catalog: MessageCatalog
  private let folder: String
  private let files: [String: String]
  private let compiled: Locked<[String: MustacheLibrary]>
  private static let subject = "Subject:"
  private static let endings = ["txt", "html", "json"]

  /// Reads the templates. Throws the faults of all files at once.
  ///
  /// - Parameter templates: the folder that holds `mail` and `messages`.
  package init(folder templates: String) throws(Diagnostics) {
    catalog = try MessageCatalog(folder: "\(templates)/messages")
    folder = "\(templates)/mail"
    var files: [String: String] = [:]
    var faults: [Diagnostic] = []
    let names: [String]
    do {
      names =
        FileManager.default.fileExists(atPath: folder)
        ? try FileManager.default.contentsOfDirectory(atPath: folder).sorted() : []
    } catch {
      throw Diagnostics([
        Diagnostic(
          .configuration, "the folder of messages' templates cannot be read",
          at: .init(file: folder), underlying: error)
      ])
    }
    for name in names
    where !name.hasPrefix(".") && Self.endings.contains(where: { name.hasSuffix("." + $0) }) {
      guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)"),
        let text = String(validating: data, as: UTF8.self)
      else {
        faults.append(
          Diagnostic(
            .configuration, "not a readable UTF-8 file", at: .init(file: "\(folder)/\(name)")))
        continue
      }
      files[name] = text
    }
    guard faults.isEmpty else { throw Diagnostics(faults) }
    self.files = files
    compiled = Locked([:])
  }

  private static let cache = Locked<[String: Result<MessageTemplates, Diagnostics>]>([:])

  /// The templates of a folder, read once per process.
  package static func cached(folder: String) throws(Diagnostics) -> MessageTemplates {
    try cache.withLock { known in
      if let found = known[folder] { return found }
      let made = Result { () throws(Diagnostics) in try MessageTemplates(folder: folder) }
      known[folder] = made
      return made
    }.get()
  }

  /// The names of all templates, without their endings.
  var names: [String] {
    Set(
      files.keys.filter { !$0.hasSuffix(".html") }.compactMap {
        $0.split(separator: ".").first.map(String.init)
      }
    ).sorted()
  }

  /// The digest of a template's bytes, for the identity of its messages.
  ///
  /// - Throws: `.configuration` if there is no such template.
  package func digest(of name: String) throws -> SHA256Digest {
    let parts = Self.endings.compactMap { files["\(name).\($0)"] }
    guard !parts.isEmpty else {
      throw Diagnostic(
        .configuration, "there is no template mail/\(name).txt or mail/\(name).json",
        hint: NearestWords.hint(for: name, in: names))
    }
    return SHA256Digest(of: parts.map { "\($0.utf8.count) \($0)\n" }.joined().utf8)
  }

  // MARK: - Checking

  /// The faults in a pipeline's messages: channels, templates and files that do not exist, a mail
  /// without a subject or by a channel that takes none, a template that is not Mustache or names a
  /// text that does not exist.
  ///
  /// - Parameter channels: the channels of the configuration; `nil` if they are not known.
  package func diagnostics(
    of pipeline: Pipeline, in library: PipelineLibrary, channels: [String: ChannelSettings]?
  ) -> [Diagnostic] {
    var faults: [Diagnostic] = []
    for message in pipeline.deliver?.messages ?? [] {
      if let channels {
        faults += self.faults(of: message, in: channels)
      }
      faults += fileFaults(of: message, pipeline, library)
      if Self.endings.allSatisfy({ files["\(message.template).\($0)"] == nil || $0 == "html" }) {
        faults.append(
          Diagnostic(
            .configuration, "there is no template mail/\(message.template).txt",
            at: message.place.subject,
            hint: NearestWords.hint(for: message.template, in: names)))
      }
      faults += diagnostics(ofTemplate: message.template)
    }
    return faults
  }

  /// A channel that does not exist, or that does not take what the template makes.
  private func faults(
    of message: DeliverSpec.Message, in channels: [String: ChannelSettings]
  ) -> [Diagnostic] {
    let names = channels.keys.sorted()
    guard let channel = channels[message.channel] else {
      return [
        Diagnostic(
          .configuration, "there is no channel '\(message.channel)'", at: message.place.subject,
          hint: NearestWords.hint(for: message.channel, in: names)
            ?? NearestWords.choice("the channels of yearbook.yaml are", names))
      ]
    }
    return [kindFault(of: message.template, by: channel, at: message.place.subject)]
      .compactMap(\.self)
  }

  /// A template of a mail for a channel that makes requests, or the other way round.
  func kindFault(
    of template: String, by channel: ChannelSettings, at place: Diagnostic.Subject
  ) -> Diagnostic? {
    let isMail = files["\(template).txt"] != nil
    let isRequest = files["\(template).json"] != nil
    guard isMail != isRequest, let takesMail = channel.takesMail, takesMail != isMail else {
      return nil
    }
    return Diagnostic(
      .configuration,
      "the channel '\(channel.name)' \(takesMail ? "sends mails" : "makes requests"), but"
        + " '\(template)' is the template of a \(isMail ? "mail" : "request")", at: place,
      hint: "name another channel, or write mail/\(template).\(takesMail ? "txt" : "json")")
  }

  /// Files that no release will have.
  private func fileFaults(
    of message: DeliverSpec.Message, _ pipeline: Pipeline, _ library: PipelineLibrary
  ) -> [Diagnostic] {
    func fault(_ file: String, _ maker: Pipeline) -> Diagnostic? {
      let names = maker.fileNames
      if names.contains(file) { return nil }
      return Diagnostic(
        .configuration, "the releases of '\(maker.name)' have no file '\(file)'",
        at: message.place.subject,
        hint: NearestWords.hint(for: file, in: names.sorted())
          ?? NearestWords.choice("they have", names.sorted()))
    }
    var faults = message.attach.compactMap { fault($0, pipeline) }
    if let poster = message.poster {
      let name = poster.pipeline ?? pipeline.name
      if let maker = name == pipeline.name ? pipeline : library.pipeline(name) {
        if let found = fault(poster.file, maker) { faults.append(found) }
      } else if pipeline.render?.links.contains(name) != true {
        // As a page links only to what there is, a platform can do without what it links to.
        faults.append(
          Diagnostic(
            .configuration, "there is no pipeline '\(name)' with a picture",
            at: message.place.subject,
            hint: NearestWords.hint(for: name, in: library.pipelines.map(\.name))))
      }
    }
    if files["\(message.template).txt"] == nil, !message.attach.isEmpty || message.poster != nil {
      faults.append(
        Diagnostic(
          .configuration, "files and pictures go with mails, and the template makes none",
          at: message.place.subject, hint: "remove 'attach' and 'poster'"))
    }
    return faults
  }

  /// The faults of one template.
  package func diagnostics(ofTemplate name: String) -> [Diagnostic] {
    var faults: [Diagnostic] = []
    for ending in Self.endings {
      guard let text = files["\(name).\(ending)"] else { continue }
      let place = Diagnostic.Subject(file: "\(folder)/\(name).\(ending)")
      if ending == "txt", Self.parts(of: text) == nil {
        faults.append(
          Diagnostic(
            .configuration, "the mail has no subject", at: place,
            hint: "begin the file with a line 'Subject: …' and an empty line"))
      }
      do {
        _ = try MustacheTemplate(string: text)
      } catch {
        faults.append(Diagnostic(.configuration, "not a Mustache template", at: place))
      }
      for key in Self.keys(in: text) where catalog.message(key, locale: "en") == nil {
        faults.append(
          Diagnostic(
            .configuration, "no message '\(key)' in English", at: place,
            hint: NearestWords.hint(for: key, in: catalog.keys(beginningWith: "mail."))))
      }
    }
    return faults
  }

  /// The keys of the message catalogue in a template: `{{t.KEY}}`.
  private static func keys(in text: String) -> [String] {
    text.split(separator: "{{").dropFirst().compactMap { part in
      let tag = part.prefix { $0 != "}" }.filter { $0 != "{" && $0 != " " }
      guard tag.hasPrefix("t.") else { return nil }
      return String(tag.dropFirst(2))
    }
  }

  // MARK: - Making

  /// Whether the template makes the body of a request, and not a mail.
  func isRequest(_ name: String) -> Bool { files["\(name).txt"] == nil }

  /// Makes what a message says.
  ///
  /// - Throws: `.configuration` if the template does not exist or cannot be filled.
  func content(
    _ name: String, _ context: MessageContext
  ) throws -> OutgoingMessage.Content {
    if let text = files["\(name).txt"] {
      guard let parts = Self.parts(of: text) else {
        throw Diagnostic(
          .configuration, "the mail has no subject", at: .init(file: "\(folder)/\(name).txt"))
      }
      let subject = try fill(parts.subject, .text, context, "\(name).txt#")
      let body = try fill(parts.body, .text, context, "\(name).txt")
      let html: String
      if let template = files["\(name).html"] {
        html = try fill(template, .html, context, "\(name).html")
      } else {
        html = try framed(body, subject: subject, context)
      }
      return .mail(
        MailContent(
          subject: MessageText.line(subject), text: MessageText.sent(body), html: html))
    }
    guard let template = files["\(name).json"] else {
      throw Diagnostic(.configuration, "there is no template mail/\(name).txt or mail/\(name).json")
    }
    let json = Array(try fill(template, .json, context, "\(name).json").utf8)
    do {
      _ = try JSONSerialization.jsonObject(with: Data(json))
    } catch {
      throw Diagnostic(
        .configuration, "the filled template is not JSON",
        at: .init(file: "\(folder)/\(name).json"),
        hint: "write values between quotes: \"email\": \"{{address}}\"")
    }
    return .json(json)
  }

  /// The text as HTML, in the frame.
  private func framed(
    _ text: String, subject: String, _ context: MessageContext
  ) throws -> String {
    let body = MessageText.html(text)
    guard let frame = files["frame.html"] else {
      return "<!DOCTYPE html><html><body>\(body)</body></html>"
    }
    var context = context
    context.values["subject"] = MessageText.line(subject)
    context.values["body"] = body
    if context.values["heading"] == nil { context.values["heading"] = context.values["subject"] }
    return try fill(frame, .html, context, "frame.html")
  }

  private func fill(
    _ template: String, _ kind: MessageText.Kind, _ context: MessageContext, _ name: String
  ) throws -> String {
    let library = try compiled.withLock { known in
      if let found = known[name] { return found }
      var library = MustacheLibrary()
      let ending = kind == .text ? ".txt" : kind == .html ? ".html" : ".json"
      for (file, text) in files where file.hasSuffix(ending) {
        library.register(
          try MustacheTemplate(string: kind.pragma + text),
          named: String(file.dropLast(ending.count)))
      }
      library.register(try MustacheTemplate(string: kind.pragma + template), named: "itself")
      known[name] = library
      return library
    }
    let faults = Locked<[Diagnostic]>([])
    let text = library.render(context.root(catalog, faults), withTemplate: "itself") ?? ""
    if let fault = faults.withLock({ $0.first }) {
      throw fault.filling(.init(file: "\(folder)/\(name.filter { $0 != "#" })"))
    }
    return text
  }

  /// The subject and the text below it.
  private static func parts(of template: String) -> (subject: String, body: String)? {
    guard template.hasPrefix(subject) else { return nil }
    let first = template.prefix { $0 != "\n" && $0 != "\r\n" }
    let line = first.dropFirst(subject.count).drop { $0 == " " }
    guard !line.isEmpty else { return nil }
    return (String(line), String(template.dropFirst(first.count).drop { $0.isNewline }))
  }
}
