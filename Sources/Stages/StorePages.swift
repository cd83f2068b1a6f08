import Diagnostics
import Markup
public import Pipelines

/// The small pages of a store that stand outside of releases: a tenant's index, and the stable addresses.
public enum StorePages {
  /// The stable address of another pipeline's newest release, relative to a page of a release:
  /// from `PIPELINE/PERIOD/releases/ID/data/` five folders up is the tenant's.
  public static func address(of pipeline: String, period: Period) -> String {
    "../../../../../\(pipeline)/\(period)/index.html"
  }
}
