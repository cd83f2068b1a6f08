import Delivery
package import Diagnostics
import Pipelines
import Postgres

extension RunSession {
  /// What messages are made with; `nil` without a channel.
  func messages() throws(Diagnostics) -> MessageTemplates? {
    configuration.channels.isEmpty ? nil : try MessageTemplates.cached(folder: templates)
  }

  /// Throws channels and templates of messages that do not exist, before any work.
  ///
  /// - Parameter names: the pipelines of the run.
  func refuseFaultyDelivery(_ names: Set<String>) throws {
    guard let messages = try messages() else { return }
    var faults = library.pipelines.filter { names.contains($0.name) }.flatMap {
      messages.diagnostics(of: $0, in: library, channels: configuration.channels)
    }
    if let fault = configuration.linkFault { faults.append(fault) }
    faults += configuration.operatorFaults(messages)
    if !faults.isEmpty { throw Diagnostics(faults) }
  }

  /// Records how a run ended and, for a schedule's run, queues the operator's summary of it.
  func end(
    _ summary: RunSummary, _ plan: RunPlan, _ record: RunRecord, notes: [Warning]
  ) throws {
    let messages = try messages()
    try record.connection.transaction {
      try record.finish(
        summary.run, state: summary.state, summary.counts, problem: summary.problem, notes: notes)
      if plan.isSchedule, let messages {
        try OperatorMessages(configuration, messages).tell(summary, record)
      }
    }
  }
}

extension Configuration {
  /// The pipelines as they tell people: without a channel nobody is told, and no address is read.
  func telling(_ library: PipelineLibrary) -> PipelineLibrary {
    if channels.isEmpty { return library.withoutDelivery }
    return library.settingHours { channels[$0]?.hours }
  }

  /// The faults in how the operator is told: a channel or a template that does not exist.
  package func operatorFaults(_ messages: MessageTemplates) -> [Diagnostic] {
    guard let contact = operatorContact else { return [] }
    var faults: [Diagnostic] = []
    if channels[contact.channel] == nil {
      faults.append(
        Diagnostic(
          .configuration, "there is no channel '\(contact.channel)' to tell the operator by",
          at: .init(file: file),
          hint: NearestWords.hint(for: contact.channel, in: channels.keys.sorted())))
    }
    for name in ["operator-run", "operator-incident"] {
      do {
        _ = try messages.digest(of: name)
        faults += messages.diagnostics(ofTemplate: name)
        let fault = channels[contact.channel].flatMap {
          messages.kindFault(of: name, by: $0, at: .init(file: file))
        }
        if let fault { faults.append(fault) }
      } catch {
        faults.append(
          error as? Diagnostic
            ?? Diagnostic(.configuration, "the template '\(name)' cannot be read"))
      }
    }
    return faults
  }
}
