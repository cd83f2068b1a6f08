import Basics
import Diagnostics
import Glibc
import Store

// Measures the store; started by bench/store/run.
//
//   StoreBench small ROOT          1,000 small releases in batches of 250; again; changed; verified
//   StoreBench many ROOT           10,000 small releases, verified without reading payloads
//   StoreBench large ROOT FOLDER   releases of FOLDER's files, 25 MB each, published and verified
//   in depth

let arguments = Array(CommandLine.arguments.dropFirst())

do {
  let store = try ReleaseStore(root: arguments[1])
  switch arguments[0] {
  case "small": try small(store)
  case "many": try many(store)
  default: try large(store, arguments[2])
  }
} catch {
  print(error)
  exit(1)
}

func small(_ store: ReleaseStore) throws {
  let count = 1000
  try report("publish 1,000 small releases", count) { try publish(store, count, "one") }
  try report("publish them again, unchanged", count) { try publish(store, count, "one") }
  try report("publish them changed", count) { try publish(store, count, "two") }
  try report("prune the first ones", count) {
    let partitions = try store.tenants().flatMap { try store.partitions(tenant: $0) }
    for outcome in store.prune(partitions, by: PruneRule(grace: 0), now: Int(time(nil)) + 2) {
      _ = try outcome.get()
    }
  }
  try verify(store, count, deep: true)
}

func many(_ store: ReleaseStore) throws {
  let count = 10_000
  try report("publish 10,000 small releases", count) { try publish(store, count, "one") }
  try verify(store, count, deep: false)
  try report("find 10,000 partitions unchanged", count) { try publish(store, count, "one") }
}

func large(_ store: ReleaseStore, _ folder: String) throws {
  var releases: [PendingRelease] = []
  var index = 0
  while access("\(folder)/\(index).mp4", R_OK) == 0 {
    let path = "\(folder)/\(index).mp4"
    // The engine computes every digest when it makes the file.
    let (digest, byteCount) = try SHA256Digest.ofFile(path)
    var release = pending(index, "film")
    release.files.append(
      ReleaseFile(
        name: "film.mp4", mediaType: "video/mp4",
        content: ReleaseContent(digest: digest, byteCount: byteCount, source: .file(path))))
    releases.append(release)
    index += 1
  }
  try report("publish \(index) films", index) {
    for outcome in store.publish(releases) { _ = try outcome.get() }
  }
  try verify(store, index, deep: true)
}

func publish(_ store: ReleaseStore, _ count: Int, _ text: String) throws {
  for start in stride(from: 0, to: count, by: 250) {
    let batch = (start..<min(count, start + 250)).map { pending($0, text) }
    for outcome in store.publish(batch) { _ = try outcome.get() }
  }
}

func pending(_ number: Int, _ text: String) -> PendingRelease {
  let page = [UInt8](repeating: UInt8(ascii: "x"), count: 20_000) + Array("\(text) \(number)".utf8)
  return PendingRelease(
    tenant: ReleaseTenant(id: "t\(number)", slug: "t\(number)", name: "T"), pipeline: "report",
    period: "2026", title: "Report",
    files: [
      ReleaseFile(name: "index.html", bytes: page, mediaType: "text/html"),
      ReleaseFile(name: "report.json", bytes: Array("{}".utf8), mediaType: "application/json"),
      ReleaseFile(name: "a.csv", bytes: Array("a\r\n\(number)\r\n".utf8), mediaType: "text/csv"),
      ReleaseFile(name: "b.csv", bytes: Array("b\r\n\(number)\r\n".utf8), mediaType: "text/csv"),
    ], metadata: ReleaseMetadata(status: .provisional, run: "bench", created: Int(time(nil))))
}

func verify(_ store: ReleaseStore, _ count: Int, deep: Bool) throws {
  try report(deep ? "verify, every byte" : "verify, without payloads", count) {
    let found = try store.verify(deep: deep)
    guard found.faults.isEmpty, found.releaseCount == count else {
      throw Diagnostic(.bug, "\(found.releaseCount) releases, \(found.faults.count) faults")
    }
  }
}

func report(_ name: String, _ count: Int, _ body: () throws -> Void) throws {
  let time = try ContinuousClock().measure(body)
  let seconds = Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds)
  let each = (seconds / Double(count) * 1_000_000).rounded() / 1000
  print("\(name): \((seconds * 1000).rounded() / 1000) s, \(each) ms each")
}
