package import ObjectStorage
import Store

/// Where the store is mirrored to.
package struct MirrorSettings: Hashable, Sendable {
  package var location: BucketLocation
  /// How many tenants are mirrored side by side.
  package var connections: Int

  /// - Parameter connections: how many tenants are mirrored side by side, 1 to 64.
  package init(_ location: BucketLocation, connections: Int = 8) {
    self.location = location
    self.connections = connections
  }
}
