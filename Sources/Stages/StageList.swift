package import Pipelines

/// The stages between extract and publish.
package enum StageList {
  /// The stages of a pipeline in the order in which they run.
  package static func stages(of pipeline: Pipeline) -> [any Stage] {
    if pipeline.each != nil { return [EachStage()] }
    var stages: [any Stage] = []
    if pipeline.aggregate != nil { stages.append(AggregateStage()) }
    if pipeline.render != nil { stages.append(RenderStage()) }
    if pipeline.stitch != nil { stages.append(StitchStage()) }
    return stages
  }
}
