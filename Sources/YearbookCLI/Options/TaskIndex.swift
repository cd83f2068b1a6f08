import Diagnostics

/// The number that an engine gives each of the tasks that it starts alike.
enum TaskIndex {
  /// Kubernetes' indexed jobs, Slurm's arrays, AWS Batch's arrays.
  static let variables = [
    "JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID", "AWS_BATCH_JOB_ARRAY_INDEX",
  ]

  /// - Throws: `usage` if none of the variables is set, several differ, or one is no number.
  static func number(_ environment: [String: String]) throws(Diagnostic) -> Int {
    let set = variables.compactMap { name in environment[name].map { (name, $0) } }
    guard let (name, text) = set.first else {
      throw Diagnostic(
        .usage, "--plan needs the number of the shard",
        hint: "give --shard 0, or set \(variables.joined(separator: " or "))")
    }
    guard let number = Int(text), number >= 0, set.allSatisfy({ Int($0.1) == number }) else {
      throw Diagnostic(
        .usage, "\(name) does not say which shard this is: \(ShownValue.quoted(text))",
        hint: "give --shard, which counts from 0")
    }
    return number
  }
}
