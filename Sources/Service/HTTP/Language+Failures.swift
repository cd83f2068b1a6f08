import Diagnostics

extension Language {
  /// Why a report could not be made.
  ///
  /// The text in the record is the operator's: it is in English, and can name tenants' slugs and
  /// commands. Who asked hears what the word beside it means.
  ///
  /// - Parameter failure: `nil` if the record has no word for it.
  func text(of failure: RequestFailure?) -> String {
    let texts = Self.texts(of: failure)
    return switch self {
    case .english: texts.0
    case .portuguese: texts.1
    case .spanish: texts.2
    }
  }

  private static func texts(of failure: RequestFailure?) -> (String, String, String) {
    switch failure {
    case .tenant:
      (
        "There is no active organization with this id.",
        "Não existe uma organização ativa com este id.",
        "No existe una organización activa con este id."
      )
    case .report:
      (
        "There is no such report.", "Este relatório não existe.", "Este informe no existe."
      )
    case .period:
      (
        "This report cannot be made for this period. The period must be of a kind that the report"
          + " has, must have begun, and cannot be from before the organization existed.",
        "Este relatório não pode ser feito para este período. O período deve ser de um tipo que"
          + " o relatório aceita, já ter começado e não ser anterior à organização.",
        "Este informe no se puede hacer para este período. El período debe ser de un tipo que"
          + " el informe admite, haber comenzado y no ser anterior a la organización."
      )
    case .withdrawn:
      (
        "This report was withdrawn.", "Este relatório foi retirado.", "Este informe fue retirado."
      )
    case .data:
      (
        "The data cannot be used as they are. We must look at them before the report can be made.",
        "Os dados não podem ser usados como estão. Precisamos verificá-los antes de fazer o"
          + " relatório.",
        "Los datos no se pueden usar como están. Tenemos que revisarlos antes de hacer el informe."
      )
    case .unavailable:
      (
        "A system that the report needs did not answer. Ask again later.",
        "Um sistema necessário para o relatório não respondeu. Peça de novo mais tarde.",
        "Un sistema necesario para el informe no respondió. Vuelva a pedirlo más tarde."
      )
    case .interrupted:
      (
        "The work on the report broke off several times. Ask again later.",
        "A geração do relatório foi interrompida várias vezes. Peça de novo mais tarde.",
        "La generación del informe se interrumpió varias veces. Vuelva a pedirlo más tarde."
      )
    case .fault, nil:
      (
        "The report could not be made because of a fault of ours.",
        "O relatório não pôde ser feito por uma falha nossa.",
        "El informe no se pudo hacer por un fallo nuestro."
      )
    }
  }
}
