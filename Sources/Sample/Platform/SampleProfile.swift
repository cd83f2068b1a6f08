/// The properties of one tenant of the sample.
struct SampleProfile {
  var slug: String
  var name: String
  var timeZone: String
  /// Hours east of Greenwich, close enough for working hours. A sample needs no summer time.
  var offset: Int
  var locale: String
  var currency: String
  var words: SampleWords
  /// The tenant's share of the number of POCs that the caller asks for, in percent.
  var share: Int
  var subscriptions: [SampleSubscription]
  var recordings: [SampleRecording]
  /// The colour of its drawn pictures, `#rrggbb`.
  var accent: String
  /// What its months are like; without one, they are all alike.
  var story: SampleStory?

  /// The first tenants, written by hand.
  static let written: [SampleProfile] = [
    SampleProfile(
      slug: "guilda-paulista", name: "Guilda Paulista de Código", timeZone: "America/Sao_Paulo",
      offset: -3, locale: "pt-BR", currency: "BRL", words: .guild, share: 100,
      subscriptions: SampleSubscription.saoPaulo, recordings: SampleRecording.saoPaulo,
      accent: "#2f7d5b", story: .saoPaulo),
    SampleProfile(
      slug: "pacific-makers", name: "Pacific Makers' Lab", timeZone: "America/Los_Angeles",
      offset: -8, locale: "en", currency: "USD", words: .english, share: 100,
      subscriptions: SampleSubscription.losAngeles, recordings: SampleRecording.losAngeles,
      accent: "#2b6cb0"),
    SampleProfile(
      slug: "taller-lavapies", name: "Taller Lavapiés", timeZone: "Europe/Madrid", offset: 1,
      locale: "es", currency: "EUR", words: .spanish, share: 75,
      subscriptions: SampleSubscription.madrid, recordings: SampleRecording.madrid,
      accent: "#b4532a"),
    SampleProfile(
      slug: "shibuya-kaihatsu", name: "渋谷開発室 Shibuya Dev Room", timeZone: "Asia/Tokyo",
      offset: 9, locale: "en", currency: "JPY", words: .japanese, share: 55,
      subscriptions: SampleSubscription.tokyo, recordings: SampleRecording.tokyo,
      accent: "#8a3ffc"),
    SampleProfile(
      slug: "estudio-do-sol", name: "Estúdio do Sol & Filhas", timeZone: "America/Manaus",
      offset: -4, locale: "pt-BR", currency: "BRL", words: .portuguese, share: 0,
      subscriptions: SampleSubscription.manaus, recordings: [], accent: "#c2870a"),
  ]

  /// The profile of the tenant at `index`. From the sixth on, the first four repeat, without media.
  static func at(_ index: Int) -> SampleProfile {
    if index < written.count { return written[index] }
    var profile = written[index % 4]
    let number = String(index + 1)
    let padded = String(repeating: "0", count: max(0, 5 - number.count)) + number
    profile.slug = "tenant-\(padded)"
    profile.name = "\(profile.name) \(index + 1)"
    profile.share = 100
    profile.recordings = []
    profile.story = nil
    if index % 4 == 0 { profile.words = .portuguese }
    return profile
  }
}
