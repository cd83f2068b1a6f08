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
  let library: PipelineLibrary
  let store: ReleaseStore
  /// The address of the store's root on the web.
  let site: String?

  /// Why a message is not to be sent any more.
  struct Moot: Error {
    var reason: String
  }

  /// - Throws: `Moot` if what it tells of was withdrawn.
  func make(_ message: TakenMessage) throws -> OutgoingMessage {
    var context = try context(of: message)
    let spec = library.pipeline(message.pipeline)?.deliver?.messages
      .first { $0.name == message.message }
    let unsubscribe = spec?.unsubscribe?.replacing("{key}", with: message.key.hex)
    if let unsubscribe { context.values["unsubscribe"] = unsubscribe }
    var made = OutgoingMessage(
      key: message.key,
      recipient: .init(address: message.address, name: message.name, locale: context.locale),
      content: try templates.content(message.template, context))
    made.date = message.queued
    if case .mail(var mail) = made.content {
      mail.unsubscribe = unsubscribe
      made.content = .mail(mail)
    }
    return made
  }

  private func context(of message: TakenMessage) throws -> MessageContext {
    let locale = message.locale
    let format = LocaleFormat(locale)
    var values: [String: Any] = [
      "tenant": MessageText.line(message.tenantName), "event": message.event,
      "is_restated": message.event == DeliverSpec.Event.restated.rawValue,
      "key": message.key.hex,
    ]
    if templates.isRequest(message.template) { values["address"] = message.address }
    if let name = message.name.map(MessageText.line), !name.isEmpty { values["name"] = name }
    if let pipeline = library.pipeline(message.pipeline) {
      values["title"] = pipeline.title(for: locale)
    }
    values["period"] = Self.period(message.period, format)
    let own = try Self.row(message.content)
    values["row"] = own
    values.merge(Self.lists(own)) { given, _ in given }
    if message.isDigest {
      let all = [(message.period, message.content)] + message.carried
      values["count"] = all.count
      values["items"] = try all.map { period, content in
        [
          "period": Self.period(period, format), "row": try Self.row(content),
          "link": link(to: message, period: period) ?? "",
        ] as [String: Any]
      }
    }
    if message.release != nil { try add(releaseOf: message, format, to: &values) }
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
    releaseOf message: TakenMessage, _ format: LocaleFormat, to values: inout [String: Any]
  ) throws {
    let place = ReleasePartition(
      tenant: message.slug, pipeline: message.pipeline, period: message.period)
    guard let head = try store.newest(place) else { throw Moot(reason: "there is no release") }
    if head.isWithdrawn { throw Moot(reason: "it was withdrawn") }
    if let link = link(to: message, period: message.period) { values["link"] = link }
    // Encrypted, or without a report model: the message has no figures.
    let file = store.path("\(place.path)/releases/\(head.release)/data/report.json")
    guard let data = FileManager.default.contents(atPath: file) else { return }
    do {
      values["figures"] = try ReportFigures.texts(Array(data), format)
    } catch {
      throw Diagnostic(
        .data, "the report model of the release cannot be read",
        at: .init(pipeline: message.pipeline, tenant: message.slug, period: message.period),
        hint: "to compare it with its manifest: yearbook verify --tenant \(message.slug)",
        underlying: error)
    }
  }

  /// The stable address of the partition, which leads to its newest release.
  private func link(to message: TakenMessage, period: String) -> String? {
    guard let site, message.release != nil else { return nil }
    let place = ReleasePartition(
      tenant: message.slug, pipeline: message.pipeline, period: period)
    return "\(site)/\(place.path)/index.html"
  }
}
