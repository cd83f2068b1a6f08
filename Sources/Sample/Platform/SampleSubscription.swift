import Basics

/// The story of one subscription. Its rows of billing, history and payments are generated from it.
struct SampleSubscription {
  enum Plan: String { case monthly = "M", yearly = "Y" }

  /// A change of the subscription on a day.
  struct Turn {
    enum Kind: String { case created, changed, cancelled, expired, reactivated }
    var kind: Kind
    var day: CivilDate
    /// The hour of the day in UTC, so that two changes on one day have an order.
    var hour = 12
    var plan: Plan
    /// In hundredths of the currency unit.
    var cents: Int
  }

  /// How an invoice ended.
  enum Outcome {
    case paid
    /// Paid at the second or third attempt.
    case retried(Int)
    /// Never paid, after this number of attempts.
    case failed(Int)
    case refunded, partlyRefunded, disputed, pending
  }

  var gateway: String
  var renews: Bool
  var turns: [Turn]
  /// By the number of the invoice, counted from one. Other invoices are paid.
  var outcomes: [Int: Outcome]
}

extension SampleSubscription {
  private static func turn(
    _ kind: Turn.Kind, _ year: Int, _ month: Int, _ day: Int, hour: Int = 12, _ plan: Plan,
    _ cents: Int
  ) -> Turn {
    Turn(kind: kind, day: CivilDate(year, month, day), hour: hour, plan: plan, cents: cents)
  }

  static let saoPaulo = [
    SampleSubscription(
      gateway: "pagarme", renews: true,
      turns: [
        turn(.created, 2025, 1, 12, .monthly, 49_90),
        turn(.changed, 2025, 8, 12, .monthly, 59_90),
        turn(.changed, 2026, 3, 12, .yearly, 588_00),
      ],
      outcomes: [3: .retried(2), 7: .refunded, 11: .retried(3)])
  ]

  static let losAngeles = [
    SampleSubscription(
      gateway: "stripe", renews: true,
      turns: [
        turn(.created, 2025, 2, 3, .yearly, 499_95),
        turn(.cancelled, 2025, 9, 30, .yearly, 499_95),
        turn(.reactivated, 2026, 1, 8, .yearly, 549_95),
      ],
      outcomes: [:]),
    SampleSubscription(
      gateway: "paypal", renews: true,
      turns: [
        turn(.created, 2025, 5, 20, .monthly, 59_00),
        turn(.changed, 2026, 6, 20, hour: 9, .monthly, 79_00),
        turn(.changed, 2026, 6, 20, hour: 17, .monthly, 69_00),
      ],
      outcomes: [2: .retried(2), 6: .failed(3), 9: .partlyRefunded, 15: .disputed, 18: .failed(2)]),
  ]

  static let madrid = [
    SampleSubscription(
      gateway: "stripe", renews: false,
      turns: [
        turn(.created, 2025, 3, 1, .monthly, 39_00),
        turn(.expired, 2026, 8, 1, .monthly, 39_00),
      ],
      outcomes: [4: .failed(3), 8: .retried(2), 17: .failed(3)]),
    SampleSubscription(
      gateway: "redsys", renews: true,
      turns: [turn(.created, 2026, 8, 3, .yearly, 420_00)], outcomes: [:]),
  ]

  static let tokyo = [
    SampleSubscription(
      gateway: "komoju", renews: true,
      turns: [
        turn(.created, 2024, 12, 10, .yearly, 58_000_00),
        turn(.changed, 2025, 12, 10, .yearly, 52_000_00),
      ],
      outcomes: [2: .retried(2)]),
    SampleSubscription(
      gateway: "stripe", renews: true,
      turns: [turn(.created, 2026, 4, 2, .monthly, 4_980_00)],
      outcomes: [3: .retried(2), 8: .pending]),
  ]

  static let manaus = [
    SampleSubscription(
      gateway: "pagarme", renews: false,
      turns: [turn(.created, 2026, 7, 5, .monthly, 29_90)],
      outcomes: [3: .failed(2), 5: .failed(3)])
  ]
}
