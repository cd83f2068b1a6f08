import Foundation
import ObjectStorage
import Postgres
import TestSupport
import Testing

/// The store's mirror in a bucket, with the built program, a real PostgreSQL and a real object server.
@Suite(
  .serialized,
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(if: ObjectServer.missing == nil, "\(ObjectServer.missing ?? "")"))
struct MirrorCommandTests {
  private static let shared = Result { try ObjectServer() }

  /// An installation whose store is mirrored, and a way to run it.
  private struct Scene {
    let here: Installation
    let server: ObjectServer
    let mirror: String

    init(_ here: Installation, bucket: String) throws {
      self.here = here
      server = try MirrorCommandTests.shared.get()
      server.misbehave(nil)
      mirror = "s3://\(bucket)/p\(UInt32.random(in: 0 ... .max))"
      try here.write("yearbook.yaml", "mirror: {to: \(mirror), connections: 3}\n")
    }

    @discardableResult
    func expect(
      _ arguments: [String], status: Int32 = 0, _ text: String? = nil,
      changing more: [String: String] = [:]
    ) throws -> String {
      let environment = server.environment.merging(more) { $1 }.map { "\($0)=\($1)" }
      let outcome = try here.yearbook(arguments, environment: environment)
      #expect(outcome.status == status, "\(arguments): \(outcome.output)")
      if let text { #expect(outcome.output.contains(text), "\(arguments): \(outcome.output)") }
      // Whatever is said, it holds no secret.
      for name in ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"] {
        #expect(
          !outcome.output.contains(
            environment.first { $0.hasPrefix(name) }?.split(separator: "=", maxSplits: 1)[1] ?? "-")
        )
      }
      return outcome.output
    }
  }

  @Test func `A run's releases lie in the bucket too, and all commands reach it`() throws {
    try Installation.with { here in
      let scene = try Scene(here, bucket: "bucket")
      try here.addTenant("acme")
      try here.addTenant("other")
      try scene.expect(["doctor"], "conditional writes work")
      let told = try scene.expect(["run", "rows", "--period", "2025"], "mirrored 3 tenants")
      #expect(told.contains("2 published"))
      try scene.expect(["verify", "--mirror", "--deep"], "2 releases")
      // Nothing changed: nothing is asked of the bucket.
      let before = scene.server.requests.count
      try scene.expect(["run", "rows", "--period", "2025"], "2 unchanged")
      #expect(scene.server.requests.count == before)
      try scene.expect(["mirror"], "3 tenants, 0 objects")

      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET username = 'renamed' WHERE username = 'u1'")
      // The bucket is away: what is published is published, and the exit code tells.
      let away = ["AWS_ENDPOINT_URL": "http://127.0.0.1:1"]
      let lost = try scene.expect(
        ["run", "rows", "--period", "2025", "--json"], status: 69, changing: away)
      #expect(lost.contains("\"event\":\"mirrored\"") && lost.contains("\"state\":\"done\""))
      try scene.expect(["verify"], "all as published")
      try scene.expect(["verify", "--mirror"], status: 1, "rolled-back: tenants/acme")
      // The next run brings what it could not.
      try scene.expect(["run", "rows", "--period", "2025"], "mirrored 3 tenants")
      try scene.expect(["verify", "--mirror", "--deep"], "4 releases")

      try scene.expect(["rollback", "acme/rows/2025"], "sequence 3")
      try scene.expect(["verify", "--mirror", "--deep", "--tenant", "acme"], "all as published")
      try scene.expect(["prune", "--grace", "0s", "--yes"], "2 releases")
      // By the server's clock a second may not have passed yet.
      sleep(1)
      try scene.expect(["mirror", "--grace", "0s"])
      try scene.expect(["verify", "--mirror", "--deep"], "2 releases")

      try here.platform.connect().execute("UPDATE app.tenant SET slug = 'ajax' WHERE slug = 'acme'")
      try scene.expect(["tenant", "rename", "acme", "ajax"], "is now tenants/ajax")
      try scene.expect(["verify", "--mirror", "--deep"], "all as published")
      #expect(try bucket(scene).allSatisfy { !$0.contains("acme") })
    }
  }

  /// What the bucket has, as somebody else's client lists it; all versions where it keeps them.
  private func bucket(_ scene: Scene, contents: Bool = false) throws -> [String] {
    let parts = scene.mirror.dropFirst(5).split(separator: "/")
    let script = """
      import boto3, sys
      s3 = boto3.client("s3")
      for page in s3.get_paginator("list_object_versions").paginate(Bucket=sys.argv[1], Prefix=sys.argv[2]):
          for version in page.get("Versions", []):
              body = s3.get_object(Bucket=sys.argv[1], Key=version["Key"], VersionId=version["VersionId"])
              print(version["Key"], body["Body"].read() if sys.argv[3] else "")
          for mark in page.get("DeleteMarkers", []): print(mark["Key"], "deleted")
      """
    let outcome = try Program.run(
      [
        Places.project + "/.build-judges/bin/python", "-c", script, String(parts[0]),
        String(parts[1]), contents ? "1" : "",
      ], environment: scene.server.environment.map { "\($0)=\($1)" })
    #expect(outcome.status == 0, "\(outcome.output)")
    return outcome.output.split(separator: "\n").map(String.init)
  }

  @Test func `An erasure reaches every version in the bucket`() throws {
    try Installation.with { here in
      let scene = try Scene(here, bucket: "versions")
      try here.addTenant("acme")
      try here.addTenant("other")
      let platform = try here.platform.connect()
      // Names that no random identifier has in it.
      try platform.execute(
        "UPDATE app.\"user\" SET username = 'beforehand' WHERE username = 'u1'")
      try scene.expect(["run", "rows", "--period", "2025"])
      try platform.execute(
        "UPDATE app.\"user\" SET username = 'renamed' WHERE username = 'beforehand'")
      try scene.expect(["run", "rows", "--period", "2025"])
      let user = try platform.query(
        "SELECT u.id::text AS id FROM app.\"user\" u JOIN app.tenant t ON t.id = u.tenantid"
          + " WHERE t.slug = 'acme' AND u.username = 'renamed'"
      ).only().string("id")
      func naming(_ word: String) throws -> [String] {
        try bucket(scene, contents: true).filter { $0.contains(word) && $0.contains("/acme/") }
      }
      #expect(try !naming("renamed").isEmpty && !naming("beforehand").isEmpty)
      let purge = ["purge", "--tenant", "acme"]
      try scene.expect(purge + ["--user", user], "the same in the mirror \(scene.mirror)")
      try scene.expect(purge + ["--user", user, "--yes"], "copies of the bucket")
      #expect(try naming("renamed").isEmpty && naming("beforehand").isEmpty)
      #expect(try !naming("u2").isEmpty)
      try scene.expect(["verify", "--mirror", "--deep"], "all as published")
      try scene.expect(purge + ["--yes"], "erased")
      #expect(try bucket(scene, contents: true).allSatisfy { !$0.contains("acme") })
      try scene.expect(["verify", "--mirror", "--deep"], "all as published")
      // Nothing of the keys stands anywhere.
      let secret = try #require(scene.server.environment["AWS_SECRET_ACCESS_KEY"])
      let found = try Program.run(["/bin/grep", "-rlF", secret, here.folder])
      #expect(found.output == "")
    }
  }
}
