import Pipelines
import Stages

extension Pipeline {
  /// The names of the files that its releases can have.
  var fileNames: Set<String> {
    var names: Set<String> = stitch == nil ? [] : StitchStage.fileNames
    if let aggregate {
      names.insert("report.json")
      if let name = aggregate.workbook { names.insert("\(name).xlsx") }
      for table in aggregate.tables {
        if let name = table.publish { names.formUnion(["\(name).csv", "\(name).excel.csv"]) }
      }
    }
    names.formUnion((render?.pages ?? []).map(\.name))
    return names
  }
}
