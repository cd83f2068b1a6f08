public import Store

/// Where the store is mirrored to, as the configuration says.
public struct MirrorSettings: Hashable, Sendable {
  public var location: BucketLocation
  /// How many tenants are mirrored side by side.
  public var connections: Int

  public init(_ location: BucketLocation, connections: Int = 8) {
    self.location = location
    self.connections = connections
  }
}
