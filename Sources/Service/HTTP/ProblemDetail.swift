import Pipelines

/// What exactly is wrong with a request, in each language. Never a text from a token or a row.
struct ProblemDetail: Sendable, Equatable {
  private var english: String
  private var portuguese: String
  private var spanish: String

  /// One sentence without a full stop, three times.
  init(_ english: String, pt portuguese: String, es spanish: String) {
    self.english = english
    self.portuguese = portuguese
    self.spanish = spanish
  }

  /// The sentence in a language.
  func text(in language: Language) -> String {
    switch language {
    case .english: english
    case .portuguese: portuguese
    case .spanish: spanish
    }
  }
}

extension ProblemDetail {
  static let token = Self(
    "the token was not believed", pt: "o token não foi aceito", es: "el token no fue aceptado")
  static let link = Self(
    "the link is not valid, or no longer", pt: "o link não é válido ou já expirou",
    es: "el enlace no es válido o ya caducó")
  static let unreadable = Self(
    "the request is not HTTP, or its header is too long",
    pt: "a requisição não é HTTP, ou seu cabeçalho é longo demais",
    es: "la solicitud no es HTTP, o su cabecera es demasiado larga")

  // MARK: Addresses

  static let wait = Self(
    "wait must be a number of seconds", pt: "wait deve ser um número de segundos",
    es: "wait debe ser un número de segundos")
  static let limit = Self(
    "limit must be a number from 1 to 200", pt: "limit deve ser um número de 1 a 200",
    es: "limit debe ser un número de 1 a 200")
  static let cursor = Self(
    "cursor must be one that a page named as next",
    pt: "cursor deve ser um valor que uma página deu em next",
    es: "cursor debe ser un valor que una página dio en next")

  // MARK: Bodies

  static let mediaType = Self(
    "send Content-Type: application/json", pt: "envie Content-Type: application/json",
    es: "envíe Content-Type: application/json")
  static let body = Self(
    "the body is not a JSON object", pt: "o corpo não é um objeto JSON",
    es: "el cuerpo no es un objeto JSON")
  static let names = Self(
    "the body can have tenant_id, period and user_id, and nothing else",
    pt: "o corpo pode ter tenant_id, period e user_id, e nada mais",
    es: "el cuerpo puede tener tenant_id, period y user_id, y nada más")
  static let noTenant = Self(
    "tenant_id is missing", pt: "tenant_id não foi informado", es: "falta tenant_id")
  static let tenant = Self(
    "tenant_id must be a text or a whole number",
    pt: "tenant_id deve ser um texto ou um número inteiro",
    es: "tenant_id debe ser un texto o un número entero")
  static let tenantType = Self(
    "tenant_id is not an id of the platform's type",
    pt: "tenant_id não é um id do tipo que a plataforma usa",
    es: "tenant_id no es un id del tipo que usa la plataforma")
  static let period = Self(
    "the period is not valid: write \(Period.forms)",
    pt: "o período não é válido: escreva \(forms("ou"))",
    es: "el período no es válido: escriba \(forms("o"))")
  static let user = Self(
    "user_id must be a UUID", pt: "user_id deve ser um UUID", es: "user_id debe ser un UUID")
  static let key = Self(
    "an Idempotency-Key has 1 to 255 characters of ASCII",
    pt: "uma Idempotency-Key tem de 1 a 255 caracteres ASCII",
    es: "una Idempotency-Key tiene de 1 a 255 caracteres ASCII")

  /// - Parameter name: a name that the service knows, not one that a caller wrote.
  static func text(_ name: String) -> Self {
    Self(
      "\(name) must be a text", pt: "\(name) deve ser um texto", es: "\(name) debe ser un texto")
  }

  static func tooLong(most: Int) -> Self {
    Self(
      "a body can have \(most) bytes", pt: "um corpo pode ter \(most) bytes",
      es: "un cuerpo puede tener \(most) bytes")
  }

  // MARK: States

  /// A request that can no longer be cancelled.
  static func request(is state: ReportRow.State) -> Self {
    let words = states[state] ?? ("", "", "")
    return Self(
      "the request is \(words.0)", pt: "a situação do pedido: \(words.1)",
      es: "el estado de la solicitud: \(words.2)")
  }

  /// A report without files.
  static func report(is state: ReportRow.State) -> Self {
    let words = states[state] ?? ("", "", "")
    return Self(
      "the report is \(words.0)", pt: "a situação do relatório: \(words.1)",
      es: "el estado del informe: \(words.2)")
  }

  /// - Parameter parts: the words of `/readyz`, for monitors.
  static func notReady(_ parts: [String]) -> Self {
    let list = parts.joined(separator: ", ")
    return Self("not ready: \(list)", pt: "ainda falta: \(list)", es: "todavía falta: \(list)")
  }

  private static let states: [ReportRow.State: (String, String, String)] = [
    .requested: ("requested", "na fila", "en espera"),
    .running: ("running", "em andamento", "en curso"),
    .published: ("published", "publicado", "publicado"),
    .failed: ("failed", "falhou", "falló"),
    .withdrawn: ("withdrawn", "retirado", "retirado"),
    .cancelled: ("cancelled", "cancelado", "cancelado"),
  ]

  /// The ways to write a period, with another word before the last one.
  private static func forms(_ or: String) -> String {
    Period.forms.replacing(" or ", with: " \(or) ")
  }
}
