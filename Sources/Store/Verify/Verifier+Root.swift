import Basics
import Diagnostics

extension Verifier {
  /// Notes what does not belong into the store's own folder.
  mutating func verifyRoot() {
    for name in names("") {
      guard let kind = kind(name) else { continue }
      switch name {
      case "tenants" where kind == .folder,
        ReleaseTenant.folder(ReleaseTenant.operatorName) where kind == .folder:
        break
      case PartitionLock.folderName where kind == .folder: verifyLocks(name)
      case ReleaseStore.stagingName where kind == .folder:
        for name in names(name) { expect(.folder, "\(ReleaseStore.stagingName)/\(name)") }
      case BucketMirror.folderName where kind == .folder: verifyMirrors(name)
      case BucketMirror.markName where kind == .file && read(name) == BucketMirror.mark: break
      // A file system makes it in its root, and closes it to all but root.
      case "lost+found" where kind == .folder && !hasNames(name): break
      default: note(.extra, name)
      }
    }
  }

  /// Whether something can be seen in a folder.
  private func hasNames(_ folder: String) -> Bool {
    do throws(Diagnostic) { return try !tree.names(in: folder).isEmpty } catch { return false }
  }

  private mutating func verifyMirrors(_ folder: String) {
    for name in names(folder) {
      let path = "\(folder)/\(name)"
      guard expect(.folder, path) else { continue }
      if name == "locks" {
        verifyLocks(path)
      } else {
        for name in names(path) { expect(.file, "\(path)/\(name)") }
      }
    }
  }

  private mutating func verifyLocks(_ folder: String) {
    for name in names(folder) {
      let isLock =
        name.utf8.count == 2 && Int(name, radix: 16) != nil || name == PartitionLock.sharesName
      if isLock {
        expect(.file, "\(folder)/\(name)")
      } else {
        note(.extra, "\(folder)/\(name)")
      }
    }
  }

  @discardableResult
  private mutating func expect(_ expected: FileStatus.Kind, _ path: String) -> Bool {
    guard let kind = kind(path) else { return false }
    if kind != expected { note(.extra, path) }
    return kind == expected
  }

  /// Notes folders that say that they are the same tenant's.
  mutating func noteSharedTenants() {
    for folders in folders.values.sorted(by: { $0[0] < $1[0] }) where folders.count > 1 {
      for folder in folders { note(.wrongTenant, "\(folder)/\(TenantClaim.fileName)") }
    }
  }
}
