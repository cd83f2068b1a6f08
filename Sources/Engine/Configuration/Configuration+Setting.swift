package import Diagnostics

extension Configuration {
  /// A setting that is one text: in the file, in the environment, or as a flag.
  package enum Setting: String, CaseIterable, Sendable {
    case source, record, store, workspace, media

    /// Its name in the file, and its flag without the hyphens.
    package var name: String { rawValue }

    /// Its environment variable, such as `YEARBOOK_RECORD`.
    package var variable: String { "YEARBOOK_" + rawValue.uppercased() }

    /// Where the configuration keeps it.
    fileprivate var path: WritableKeyPath<Configuration, String?> {
      switch self {
      case .source: \.source
      case .record: \.record
      case .store: \.store
      case .workspace: \.workspace
      case .media: \.media
      }
    }
  }

  /// The value of a setting; `nil` if it is not configured.
  package subscript(setting: Setting) -> String? {
    get { self[keyPath: setting.path] }
    set { self[keyPath: setting.path] = newValue }
  }

  /// The value of a setting that the command needs.
  ///
  /// - Throws: `.configuration` if it is not configured, or empty. The hint says where to set it.
  package func required(_ setting: Setting) throws(Diagnostic) -> String {
    if let value = self[setting], !value.isEmpty { return value }
    let name = setting.name
    throw Diagnostic(
      .configuration, "'\(name)' is not configured", at: .init(file: file),
      hint: "set \(name): in yearbook.yaml, \(setting.variable) in the environment, or --\(name)")
  }
}
