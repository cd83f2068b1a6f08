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
          hint:
            "it says where each message goes; the optional ones are name, locale, time_zone and user"
        ))
    }
    let texts = ["text", "varchar", "char"]
    for name in ["address", "name", "locale", "time_zone"] {
      guard let type = types[name], !texts.contains(type) else { continue }
      faults.append(fault("the column '\(name)' must be a text, not \(type)", file, name))
    }
    // It is the key by which an erasure finds the person: what can be one in a table.
    let keys = texts + ["uuid", "bigint", "integer", "smallint"]
    if let type = types["user"], !keys.contains(type) {
      faults.append(
        fault("the column 'user' must be a person's key, not \(type)", file, "user"))
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
