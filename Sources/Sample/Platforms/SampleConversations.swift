import Basics

/// Bots and what they and their clients wrote.
struct SampleConversations {
  private let platform: OtherPlatform

  init(_ platform: OtherPlatform) { self.platform = platform }

  /// A bot, and where it is.
  private struct Bot {
    var id: String
    var name: String
    var slug: String?
    var timeZone: String?
    var locale: String?
    var currency: String?
    /// Hours east of Greenwich, most of the year.
    var offset = -3
    var isEmpty = false
    /// Moments around midnights and changed clocks, as PostgreSQL reads them.
    var oddMoments: [String] = []
  }

  private static let written = [
    Bot(
      id: "vendas@bots.example", name: "Vendas 🛒 <b>& 'Cia'</b>", slug: "vendas",
      timeZone: "America/Sao_Paulo", locale: "pt-BR", currency: "BRL",
      oddMoments: [
        "2026-01-01 02:59:59.999999+00", "2026-01-01 03:00:00+00", "2026-02-01 03:00:00+00",
        "2026-03-01 02:59:59.999999+00", "2026-11-01 03:00:00+00",
      ]),
    Bot(
      id: "support@bots.example", name: "=Support Desk", slug: "support",
      timeZone: "America/New_York", locale: "en", currency: "USD", offset: -5,
      oddMoments: [
        // 01:30 twice, and the hour that is left out in spring.
        "2025-11-02 05:30:00+00", "2025-11-02 06:30:00+00", "2026-03-08 06:59:59.999999+00",
        "2026-03-08 07:00:00+00", "2026-11-01 05:30:00+00", "2026-11-01 06:30:00+00",
        "2026-01-01 04:59:59.999999+00", "2026-01-01 05:00:00+00",
      ]),
    Bot(
      id: "ayuda@bots.example", name: "Ayuda Peña", slug: "ayuda", timeZone: "Europe/Madrid",
      locale: "es", currency: "EUR", offset: 1,
      oddMoments: [
        "2025-10-26 00:30:00+00", "2025-10-26 01:30:00+00", "2026-03-29 00:59:59.999999+00",
        "2026-03-29 01:00:00+00", "2025-12-31 22:59:59.999999+00", "2025-12-31 23:00:00+00",
      ]),
    Bot(
      id: "vazio@bots.example", name: "Ainda sem conversas", slug: "vazio",
      timeZone: "America/Sao_Paulo", locale: "pt-BR", currency: "BRL", isEmpty: true),
    Bot(
      id: "案内@bots.example", name: "東京案内 🗼", slug: "tokyo", timeZone: "Asia/Tokyo",
      locale: "en", currency: "JPY", offset: 9,
      oddMoments: ["2025-12-31 14:59:59.999999+00", "2025-12-31 15:00:00+00"]),
  ]

  private static let texts: [String?] = [
    "oi", "👍", "👩‍👩‍👧‍👦 tudo certo?", "Bom dia! Meu pedido ainda não chegou, pode verificar?",
    "¿A qué hora abren?",
    "Where is my order?", "ok", "=1+1", "<script>alert(1)</script>", "", nil,
    String(repeating: "Prezados, gostaria de registrar uma reclamação. ", count: 12),
    "Pronto! Seu protocolo é 2026-0042 ✅", "Obrigado 🙏", "はい、お願いします。",
  ]

  private static func bot(_ index: Int) -> Bot {
    index < written.count
      ? written[index] : Bot(id: "bot-\(index)@bots.example", name: "Bot \(index)")
  }

  /// The rows of one database: all bots, and its share of the conversations.
  func rows(_ part: OtherPlatform.Place.Part, share: Int, of shares: Int) -> SampleRows {
    let messages = #"(id, "conversationId", "timestamp", "from", "to", text)"#
    var rows = SampleRows([
      "app.bots (id, name)",
      "app.bot_settings (bot_id, slug, time_zone, locale, currency, created)",
      "app.messages \(messages)",
      #"archive.messages (id, "conversationId", "timestamp", "from", "to", text, archived)"#,
    ])
    var number = 0
    for index in 0..<platform.tenants {
      let bot = Self.bot(index)
      rows.add(0, [bot.id, bot.name])
      if bot.slug != nil || index % 2 == 0 {
        rows.add(
          1, [bot.id, bot.slug, bot.timeZone, bot.locale, bot.currency, "2025-08-01 00:00:00+00"])
      }
      if bot.isEmpty { continue }
      for conversation in conversations(of: bot, index) {
        number += 1
        for message in conversation {
          let isHere = number % shares == share && part != .archive
          if message.isArchived, part != .live {
            rows.add(3, message.row + ["2026-11-20 12:00:00+00"])
          } else if !message.isArchived, isHere {
            rows.add(2, message.row)
          }
        }
      }
    }
    return rows
  }

  private struct Message {
    var row: [String?]
    var isArchived: Bool
  }

  private func conversations(of bot: Bot, _ index: Int) -> [[Message]] {
    var random = SampleRandom(seed: platform.seed, "conversations \(index)")
    var all: [[Message]] = []
    let count = index % 5 == 4 ? platform.size : platform.size * 10
    for number in 0..<count {
      // Some clients come again; one writes to every bot.
      let client =
        number % 40 == 0
        ? "everybody@clients.example"
        : "client-\(index)-\(random.below(max(1, count * 2 / 3)))@clients.example"
      all.append(
        conversation(
          bot, client, at: platform.moment(&random, offset: bot.offset),
          isArchived: number % 9 == 4,
          &random))
    }
    for moment in bot.oddMoments {
      let id = random.uuid()
      // Asked and answered at one moment: the order is by key.
      all.append([
        message(&random, id, moment, "odd@clients.example", bot.id),
        message(&random, id, moment, bot.id, "odd@clients.example"),
      ])
    }
    // To itself, to another bot, before there were days.
    all.append([message(&random, random.uuid(), "2026-05-05 12:00:00+00", bot.id, bot.id)])
    // The one without conversations stays without.
    let next = Self.bot((index + 1) % platform.tenants)
    let other = next.isEmpty ? Self.bot(0).id : next.id
    let id = random.uuid()
    all.append([
      message(&random, id, "2026-06-06 12:00:00+00", bot.id, other),
      message(&random, id, "2026-06-06 12:00:07+00", other, bot.id),
    ])
    all.append([
      message(&random, random.uuid(), "1970-01-01 00:00:00+00", "odd@clients.example", bot.id)
    ])
    return all
  }

  private func conversation(
    _ bot: Bot, _ client: String, at start: SampleMoment, isArchived: Bool,
    _ random: inout SampleRandom
  ) -> [Message] {
    let id = random.uuid()
    // A notice comes from the bot. Nine of ten conversations begin with the client.
    var isFromBot = random.oneIn(10)
    var moment = start
    var found: [Message] = []
    let end = SampleMoment(platform.today.adding(days: 1), hour: 0, offset: 0)
    for _ in 0...random.below(12) {
      guard moment < end else { break }
      var made = message(
        &random, id, moment.text, isFromBot ? bot.id : client, isFromBot ? client : bot.id)
      made.isArchived = isArchived || random.oneIn(15)
      found.append(made)
      let gaps = [0, 2, 4, 8, 15, 30, 55, 120, 290, 900, 3_400, 20_000, 90_000]
      moment = moment.adding(seconds: random.pick(gaps) + random.below(10))
      if !random.oneIn(4) { isFromBot.toggle() }
    }
    return found
  }

  private func message(
    _ random: inout SampleRandom, _ conversation: String, _ moment: String, _ from: String,
    _ to: String
  ) -> Message {
    Message(
      row: [random.uuid(), conversation, moment, from, to, random.pick(Self.texts)],
      isArchived: false)
  }
}
