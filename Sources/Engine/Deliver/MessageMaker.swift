import Basics
import Delivery
import Diagnostics
import Foundation
import Pipelines
import Stages
import Store

/// Makes a message from its row of the outbox and from the release that it is about, at the moment
/// at which it is sent.
struct MessageMaker {
  let templates: MessageTemplates
  private let library: PipelineLibrary
  private let parts: ReleaseParts

  init(
    _ configuration: Configuration, templates: MessageTemplates, library: PipelineLibrary,
    store: ReleaseStore
  ) throws {
    self.templates = templates
    self.library = library
    parts = ReleaseParts(
      store: store, site: configuration.site, signed: try SignedLinks(configuration))
  }

  /// Why a message is not sent now, and what becomes of it.
  struct Unmade: Error {
    /// It holds no address and no text of the message.
    var reason: String
    var end: MessageEnd

    /// What it tells of is gone.
    static func moot(_ reason: String) -> Unmade { .init(reason: reason, end: .suppressed(reason)) }
    /// Something is wrong with this message, and not with all that its template makes.
    static func faulty(_ reason: String) -> Unmade { .init(reason: reason, end: .dead(reason)) }
    /// What it tells of is not there yet.
    static func early(_ reason: String) -> Unmade {
      .init(reason: reason, end: .givenBack(destination: nil, seconds: 60))
    }
  }

  /// - Throws: `Unmade` if what it tells of was withdrawn, or lacks something.
  func make(_ message: TakenMessage) throws -> OutgoingMessage {
    if message.release != nil, message.folder == nil,
      library.pipeline(message.pipeline)?.each != nil
    {
      throw Unmade.moot("the recipient has no report of their own")
    }
    let release = try message.release == nil ? nil : parts.release(of: message)
    var context = try context(of: message, release)
    let spec = library.pipeline(message.pipeline)?.deliver?.messages
      .first { $0.name == message.message }
    let unsubscribe = spec?.unsubscribe?.replacing("{key}", with: message.key.hex)
    if let unsubscribe { context.values["unsubscribe"] = unsubscribe }
    var remark: String?
    var pictures: [MailContent.File] = []
    if let release, let poster = spec?.poster {
      switch try parts.picture(poster, of: message, release) {
      case .found(let picture):
        pictures = [picture]
        context.values["poster"] = ReleaseParts.posterID
      case .missing(let reason): remark = "without its picture: \(reason)"
      }
    }
    var made = OutgoingMessage(
      key: message.key,
      recipient: .init(address: message.address, name: message.name, locale: context.locale),
      content: try templates.content(message.template, context))
    made.date = message.queued
    made.remark = remark
    if case .mail(var mail) = made.content {
      mail.unsubscribe = unsubscribe
      mail.inline = pictures
      if let release, let names = spec?.attach {
        mail.attachments = try parts.attachments(names, of: message, release)
      }
      made.content = .mail(mail)
    }
    return made
  }

  private func context(
    of message: TakenMessage, _ release: ReleaseParts.Release?
  ) throws -> MessageContext {
    let locale = message.locale
    let format = LocaleFormat(locale)
    let accent = Accent(tenant: message.tenantID)
    var values: [String: Any] = [
      "tenant": MessageText.line(message.tenantName), "event": message.event,
      "is_restated": message.event == DeliverSpec.Event.restated.rawValue,
      "key": message.key.hex, "accent": accent.light, "accent_dark": accent.dark,
    ]
    if templates.isRequest(message.template) { values["address"] = message.address }
    if let name = message.name.map(MessageText.line), !name.isEmpty { values["name"] = name }
    if let pipeline = library.pipeline(message.pipeline) {
      values["title"] = pipeline.title(for: locale)
    }
    values["period"] = Self.period(message.period, format)
    if message.release != nil, let title = values["title"], let period = values["period"] {
      values["heading"] = "\(title) \(period)"
    }
    let own = try Self.row(message.content)
    values["row"] = own
    values.merge(Self.lists(own)) { given, _ in given }
    if message.isDigest {
      let all = [(message.period, message.content)] + message.carried
      values["count"] = all.count
      values["items"] = try all.map { period, content in
        [
          "period": Self.period(period, format), "row": try Self.row(content),
          "link": try message.release == nil
            ? "" : parts.link(to: message, period: period)?.address ?? "",
        ] as [String: Any]
      }
    }
    if let release { try add(release, of: message, format, to: &values) }
    return MessageContext(locale: locale, values: values)
  }

  private static func period(_ text: String, _ format: LocaleFormat) -> String {
    Period(text).map(format.period) ?? text
  }

  /// The further columns of a row. Values are on one line each.
  private static func row(_ json: String?) throws -> [String: Any] {
    guard let json else { return [:] }
    do {
      let values = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any] ?? [:]
      return values.mapValues { value in
        (value as? String).map { MessageText.line($0) as Any } ?? value
      }
    } catch {
      throw Diagnostic(.bug, "the content of a message is not JSON", underlying: error)
    }
  }

  /// The lists and counts of a message to the operator, for sections of the template.
  private static func lists(_ row: [String: Any]) -> [String: Any] {
    row.filter { $0.value is [Any] || $0.value is Int }
  }

  private func add(
    _ release: ReleaseParts.Release, of message: TakenMessage, _ format: LocaleFormat,
    to values: inout [String: Any]
  ) throws {
    if let link = try parts.link(to: message, period: message.period) {
      values["link"] = link.address
      if let until = link.until { values["link_until"] = format.date(until) }
    }
    // Encrypted, or without a report model: the message has no figures.
    guard let bytes = try FileReader.contents(release.file("report.json")) else { return }
    do {
      values["figures"] = try ReportFigures.texts(bytes, format)
    } catch {
      throw Diagnostic(
        .data, "the report model of the release cannot be read",
        at: .init(pipeline: message.pipeline, tenant: message.slug, period: message.period),
        hint: "to compare it with its manifest: yearbook verify --tenant \(message.slug)",
        underlying: error)
    }
  }
}
