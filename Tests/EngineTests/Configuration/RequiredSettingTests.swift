import Diagnostics
import Testing

@testable import Engine

@Suite struct RequiredSettingTests {
  @Test(arguments: Configuration.Setting.allCases)
  func `A missing setting is an error that says where to set it`(
    setting: Configuration.Setting
  ) throws {
    var configuration = Configuration()
    configuration.file = "/etc/yearbook.yaml"
    for value in [nil, ""] {
      configuration[setting] = value
      let error = #expect(throws: Diagnostic.self) { try configuration.required(setting) }
      #expect(error?.code == .configuration)
      #expect(error?.message == "'\(setting.name)' is not configured")
      #expect(error?.subject.file == "/etc/yearbook.yaml")
      #expect(
        error?.hint == "set \(setting.name): in yearbook.yaml, \(setting.variable) in the"
          + " environment, or --\(setting.name)")
    }
  }

  @Test(arguments: Configuration.Setting.allCases)
  func `A setting that has a value is returned`(setting: Configuration.Setting) throws {
    var configuration = Configuration()
    configuration[setting] = "/srv/value"
    #expect(try configuration.required(setting) == "/srv/value")
  }

  @Test func `Each setting is kept in its own property`() {
    var configuration = Configuration()
    for setting in Configuration.Setting.allCases { configuration[setting] = setting.name }
    #expect(configuration.source == "source")
    #expect(configuration.record == "record")
    #expect(configuration.store == "store")
    #expect(configuration.workspace == "workspace")
    #expect(configuration.media == "media")
  }

  @Test func `The environment sets each setting by its variable`() throws {
    let settings = Configuration.Setting.allCases
    #expect(
      settings.map(\.variable) == [
        "YEARBOOK_SOURCE", "YEARBOOK_RECORD", "YEARBOOK_STORE", "YEARBOOK_WORKSPACE",
        "YEARBOOK_MEDIA",
      ])
    let environment = Dictionary(
      uniqueKeysWithValues: settings.map { ($0.variable, "the \($0.name)") })
    let configuration = try Configuration(path: nil, environment: environment)
    for setting in settings { #expect(configuration[setting] == "the \(setting.name)") }
  }

  @Test func `An empty variable sets nothing`() throws {
    let configuration = try Configuration(path: nil, environment: ["YEARBOOK_STORE": ""])
    #expect(configuration.store == nil)
  }
}
