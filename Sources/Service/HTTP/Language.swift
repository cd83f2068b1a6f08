/// A language in which problems and failures are told.
enum Language: String, Sendable, CaseIterable {
  case portuguese = "pt-BR"
  case english = "en"
  case spanish = "es"

  /// The first language of `Accept-Language` that is known, by weight; English without one.
  init(accepting header: String?) {
    let wishes = (header ?? "").prefix(1000).split(separator: ",").prefix(20)
    var best: (language: Language, weight: Double)?
    for wish in wishes {
      let parts = wish.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
      guard let tag = parts.first else { continue }
      let weight =
        parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
      let language: Language? =
        switch tag.split(separator: "-").first {
        case "pt": .portuguese
        case "en", "*": .english
        case "es": .spanish
        default: nil
        }
      if let language, weight > best?.weight ?? 0 { best = (language, weight) }
    }
    self = best?.language ?? .english
  }

  /// What a problem is called.
  func title(of kind: Problem.Kind) -> String {
    let titles = Self.titles[kind] ?? ("", "", "")
    return switch self {
    case .english: titles.0
    case .portuguese: titles.1
    case .spanish: titles.2
    }
  }

  private static let titles: [Problem.Kind: (String, String, String)] = [
    .malformed: (
      "The request is not valid", "A requisição não é válida", "La solicitud no es válida"
    ),
    .unauthenticated: (
      "A valid token is needed", "É preciso um token válido", "Se necesita un token válido"
    ),
    .forbidden: (
      "This tenant is not the token's", "Esta organização não é a do token",
      "Esta organización no es la del token"
    ),
    .scope: (
      "The token does not allow this", "O token não permite isto", "El token no permite esto"
    ),
    .notFound: ("There is nothing here", "Não há nada aqui", "Aquí no hay nada"),
    .methodNotAllowed: (
      "This address does not know the method", "Este endereço não aceita o método",
      "Esta dirección no admite el método"
    ),
    .notAcceptable: (
      "There is no such form of the answer", "Não há resposta nesse formato",
      "No hay respuesta en ese formato"
    ),
    .conflict: (
      "The request can no longer be cancelled", "O pedido não pode mais ser cancelado",
      "La solicitud ya no se puede cancelar"
    ),
    .gone: (
      "The report is no longer kept", "O relatório não está mais guardado",
      "El informe ya no se conserva"
    ),
    .withdrawn: (
      "The report was withdrawn", "O relatório foi retirado", "El informe fue retirado"
    ),
    .tooLarge: (
      "The request is too long", "A requisição é longa demais", "La solicitud es demasiado larga"
    ),
    .mediaType: (
      "The body must be JSON", "O corpo deve ser JSON", "El cuerpo debe ser JSON"
    ),
    .range: (
      "The file has no such bytes", "O arquivo não tem esses bytes",
      "El archivo no tiene esos bytes"
    ),
    .keyReused: (
      "This Idempotency-Key was used for another request",
      "Esta Idempotency-Key já foi usada em outro pedido",
      "Esta Idempotency-Key ya se usó en otra solicitud"
    ),
    .rate: (
      "Too many requests", "Requisições demais", "Demasiadas solicitudes"
    ),
    .queueFull: (
      "Too many reports of this tenant wait", "Há relatórios demais à espera nesta organização",
      "Hay demasiados informes en espera en esta organización"
    ),
    .internalFault: (
      "The service failed", "O serviço falhou", "El servicio falló"
    ),
    .unavailable: (
      "The service cannot answer now", "O serviço não pode responder agora",
      "El servicio no puede responder ahora"
    ),
  ]
}
