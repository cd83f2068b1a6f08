package import Basics
package import Diagnostics
import Foundation

/// All pipelines and schedules of one folder.
package struct PipelineLibrary: Sendable {
  /// The folder that was read.
  package let folder: String
  /// By name, in alphabetical order.
  package private(set) var pipelines: [Pipeline]
  package private(set) var schedules: [Schedule]

  /// Reads `platform.yaml`, those of other sources in `sources/NAME/`, every `NAME/pipeline.yaml`
  /// and every schedule beside them.
  ///
  /// Throws the faults of all files at once.
  package init(folder: String) throws(Diagnostics) {
    var diagnostics: [Diagnostic] = []
    var pipelines: [Pipeline] = []
    var schedules: [Schedule] = []
    let names = try PipelineLibrary.entries(of: folder)
    var platform = PlatformSpec()
    if names.contains(PlatformSpec.fileName) {
      do throws(Diagnostics) {
        platform = try PlatformSpec(folder: folder)
      } catch { diagnostics += error.all }
    }
    var sources: [String: PlatformSpec] = [:]
    if names.contains(SourceFiles.folderName) {
      for name in try PipelineLibrary.entries(of: "\(folder)/\(SourceFiles.folderName)") {
        let path = PlatformSpec.path(in: folder, source: name)
        guard FileManager.default.fileExists(atPath: path) else { continue }
        do throws(Diagnostics) {
          sources[name] = try PlatformSpec(folder: folder, source: name)
        } catch { diagnostics += error.all }
      }
    }
    for name in names {
      let file = "\(folder)/\(name)"
      do throws(Diagnostics) {
        if FileManager.default.fileExists(atPath: "\(file)/pipeline.yaml") {
          pipelines.append(
            try PipelineFile(folder: file, platform: platform, sources: sources).read())
        }
      } catch { diagnostics += error.all }
    }
    for name in names where name.hasSuffix(".yaml") && name != PlatformSpec.fileName {
      do throws(Diagnostics) {
        schedules.append(
          try ScheduleFile(path: "\(folder)/\(name)", pipelines: pipelines).read())
      } catch { diagnostics += error.all }
    }
    if pipelines.isEmpty, diagnostics.isEmpty {
      diagnostics.append(
        Diagnostic(
          .configuration, "no pipeline found", at: .init(file: folder),
          hint: "each pipeline is a folder with a pipeline.yaml; name their parent with --pipelines"
        ))
    }
    guard diagnostics.isEmpty else { throw Diagnostics(diagnostics) }
    self.folder = folder
    self.pipelines = pipelines
    self.schedules = schedules
  }

  /// The names of the sources that pipelines read beside the platform itself, in order.
  package var sourceNames: [String] { Set(pipelines.compactMap(\.extract.source)).sorted() }

  /// The library with pipelines that tell nobody and read no addresses, without those that do
  /// nothing else.
  package var withoutDelivery: PipelineLibrary {
    var library = self
    for place in library.pipelines.indices {
      library.pipelines[place].deliver = nil
      library.pipelines[place].extract.queries.removeAll(where: \.isForDelivery)
    }
    library.pipelines.removeAll(where: \.makesNoRelease)
    let names = Set(library.pipelines.map(\.name))
    for place in library.schedules.indices {
      library.schedules[place].entries.removeAll { !names.contains($0.pipeline) }
    }
    return library
  }

  /// The library with hours for messages that name none.
  ///
  /// - Parameter hours: a channel's, by its name.
  package func settingHours(_ hours: (String) -> HoursOfDay?) -> PipelineLibrary {
    var library = self
    for place in library.pipelines.indices {
      guard var deliver = library.pipelines[place].deliver else { continue }
      for number in deliver.messages.indices where deliver.messages[number].hours == nil {
        deliver.messages[number].hours = hours(deliver.messages[number].channel)
      }
      library.pipelines[place].deliver = deliver
    }
    return library
  }

  /// The pipeline of this name.
  package func pipeline(_ name: String) -> Pipeline? { pipelines.first { $0.name == name } }
  /// The schedule of this name.
  package func schedule(_ name: String) -> Schedule? { schedules.first { $0.name == name } }

  /// The names that `run` understands.
  package var names: [String] { schedules.map(\.name) + pipelines.map(\.name) }

  private static func entries(of folder: String) throws(Diagnostics) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { !$0.hasPrefix(".") }.sorted()
    } catch {
      throw Diagnostics([
        Diagnostic(
          .configuration, "the pipelines folder cannot be read", at: .init(file: folder),
          hint: "name it with --pipelines, or change to a folder that contains pipelines/",
          underlying: error)
      ])
    }
  }
}
