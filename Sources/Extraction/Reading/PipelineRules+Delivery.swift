import Diagnostics
import Pipelines
import Postgres

extension PipelineRules {
  /// The faults in the columns of a query of `deliver`.
  func deliveryFaults(_ file: QueryReading.File) -> [Diagnostic] {
    guard let query = file.query, query.isForDelivery else { return [] }
    var faults: [Diagnostic] = []
    let types = Dictionary(file.columns.map { ($0.name, $0.typeName) }) { first, _ in first }
    if types["address"] == nil {
      faults.append(
        fault(
          "the query has no column 'address'", file, nil,
          hint: "it says where each message goes; the optional ones are name, locale and user"))
    }
    let texts = ["text", "varchar", "char"]
    for name in ["address", "name", "locale"] {
      guard let type = types[name], !texts.contains(type) else { continue }
      faults.append(fault("the column '\(name)' must be a text, not \(type)", file, name))
    }
    if let type = types["user"], type != "uuid" {
      faults.append(fault("the column 'user' must be a uuid, not \(type)", file, "user"))
    }
    for message in pipeline.deliver?.messages ?? [] where message.query == query.name {
      for key in message.key where types[key] == nil {
        faults.append(
          Diagnostic(
            .configuration, "'key' names '\(key)', which is not a column of '\(query.name)'",
            at: message.place.subject,
            hint: NearestWords.hint(for: key, in: types.keys.sorted())))
      }
    }
    return faults
  }
}
