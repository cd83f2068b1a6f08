/// The `render:` part of a pipeline file: published names to templates.
public struct RenderSpec: Sendable {
  /// The part without comments and order, for the stage key.
  public var canonicalText: String

  /// Reads the part; what is wrong is told to the node's reader.
  public init?(_ node: SpecNode) {
    canonicalText = node.canonicalText
  }
}
