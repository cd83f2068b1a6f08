/// The `stitch:` part of a pipeline file: a film's storyboard, preset, lengths and scenes.
public struct StitchSpec: Sendable {
  /// The part without comments and order, for the stage key.
  public var canonicalText: String

  /// Reads the part; what is wrong is told to the node's reader.
  public init?(_ node: SpecNode, queries: [String]) {
    canonicalText = node.canonicalText
  }
}
