import Basics

/// Generates the rows of a tenant's subscriptions.
struct SampleBilling {
  let tenant: String
  let currency: String
  let slug: String
  let today: CivilDate

  func add(
    _ subscription: SampleSubscription, number: Int, _ random: inout SampleRandom,
    to tables: inout SampleTables
  ) {
    let turns = subscription.turns.filter { $0.day <= today }
    guard let first = turns.first, let last = turns.last else { return }
    let id = random.uuid()
    for turn in turns {
      tables.add(
        .billing_event,
        [
          random.uuid(), id, tenant, turn.kind.rawValue, turn.plan.rawValue, money(turn.cents),
          currency, moment(turn.day, hour: turn.hour).text,
        ])
    }
    var charge = Charge(billing: id, subscription: subscription, prefix: "\(number + 1)")
    for (index, turn) in turns.enumerated() {
      let end = index + 1 < turns.count ? turns[index + 1].day : today.adding(days: 1)
      guard [.created, .changed, .reactivated].contains(turn.kind) else { continue }
      // A change of only the price takes effect with the next invoice.
      var due =
        turn.kind == .changed && turn.plan == .monthly
        ? charge.next ?? turn.day : turn.day
      while due < end {
        pay(&charge, turn, due, &random, &tables)
        due = due.adding(months: turn.plan == .yearly ? 12 : 1)
        charge.next = due
      }
    }
    let ended = [.cancelled, .expired].contains(last.kind)
    let expires = ended ? last.day : charge.next ?? today.adding(months: 1)
    tables.add(
      .billing,
      [
        id, tenant, last.plan.rawValue, money(last.cents), moment(expires, hour: 3).text,
        subscription.renews && !ended ? "1" : "0", subscription.gateway,
        moment(first.day, hour: first.hour).text, moment(last.day, hour: last.hour).text,
      ])
  }

  /// The invoices of one subscription so far.
  private struct Charge {
    var billing: String
    var subscription: SampleSubscription
    var prefix: String
    var number = 0
    var next: CivilDate?
  }

  private func pay(
    _ charge: inout Charge, _ turn: SampleSubscription.Turn, _ due: CivilDate,
    _ random: inout SampleRandom, _ tables: inout SampleTables
  ) {
    charge.number += 1
    let number = String(charge.number)
    let invoice =
      "\(charge.prefix)-\(due.year)-" + String(repeating: "0", count: max(0, 4 - number.count))
      + number
    func row(_ kind: String, _ status: String, _ attempt: Int, _ cents: Int, _ day: CivilDate) {
      guard day <= today else { return }
      tables.add(
        .payment,
        [
          random.uuid(), charge.billing, tenant, money(cents), currency,
          charge.subscription.gateway, kind, status, "\(attempt)", invoice,
          moment(due, hour: 12).text, moment(day, hour: 13).text,
        ])
    }
    func failures(_ count: Int) {
      for attempt in 1..<(count + 1) {
        row("charge", "failed", attempt, turn.cents, due.adding(days: 3 * (attempt - 1)))
      }
    }
    switch charge.subscription.outcomes[charge.number] ?? .paid {
    case .paid: row("charge", "succeeded", 1, turn.cents, due)
    case .retried(let attempts):
      failures(attempts - 1)
      row("charge", "succeeded", attempts, turn.cents, due.adding(days: 3 * (attempts - 1)))
    case .failed(let attempts): failures(attempts)
    case .refunded:
      row("charge", "succeeded", 1, turn.cents, due)
      row("refund", "succeeded", 1, turn.cents, due.adding(days: 24))
    case .partlyRefunded:
      row("charge", "succeeded", 1, turn.cents, due)
      row("refund", "succeeded", 1, turn.cents * 2 / 5, due.adding(days: 9))
    case .disputed:
      row("charge", "succeeded", 1, turn.cents, due)
      row("dispute", "succeeded", 1, turn.cents, due.adding(days: 17))
    case .pending: row("charge", "pending", 1, turn.cents, due)
    }
  }

  private func moment(_ day: CivilDate, hour: Int) -> SampleMoment {
    SampleMoment(day, hour: hour, offset: 0)
  }

  private func money(_ cents: Int) -> String {
    let rest = cents % 100
    return "\(cents / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}

extension SampleSubscription {
  /// A random story, for the tenants that are generated in bulk.
  static func random(_ random: inout SampleRandom) -> SampleSubscription {
    let plan: Plan = random.oneIn(3) ? .yearly : .monthly
    let cents = plan == .yearly ? random.pick([588_00, 499_95]) : random.pick([49_90, 59_00])
    let start = CivilDate(2025, 1, 1).adding(days: random.below(420))
    var turns = [Turn(kind: .created, day: start, plan: plan, cents: cents)]
    if random.oneIn(4) {
      turns.append(
        Turn(
          kind: .changed, day: start.adding(days: 150 + random.below(60)), plan: plan,
          cents: cents + cents / 10))
    }
    if random.oneIn(6) {
      let end = start.adding(days: 240 + random.below(60))
      turns.append(
        Turn(
          kind: random.oneIn(2) ? .cancelled : .expired, day: end, plan: plan,
          cents: turns[turns.count - 1].cents))
      if random.oneIn(2) {
        turns.append(
          Turn(
            kind: .reactivated, day: end.adding(days: 45), plan: plan,
            cents: turns[turns.count - 1].cents))
      }
    }
    var outcomes: [Int: Outcome] = [:]
    for number in 1..<24 where random.oneIn(9) {
      outcomes[number] = random.pick([
        .retried(2), .retried(3), .failed(3), .refunded, .partlyRefunded,
      ])
    }
    return SampleSubscription(
      gateway: random.pick(["stripe", "pagarme"]), renews: !random.oneIn(5), turns: turns,
      outcomes: outcomes)
  }
}
