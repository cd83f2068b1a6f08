import Foundation
import TestSupport
import Testing

/// What readers get of shares from nginx, set up as the how-to says.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct ShareServerTests {
  private static let nginx =
    Places.program("nginx")
    ?? ["/usr/sbin/nginx"].first { FileManager.default.isExecutableFile(atPath: $0) }
  private static let curl = Places.program("curl")

  /// The locations of the how-to.
  private static func locations() throws -> String {
    let text = try Installation.text("docs/how-to/share.md")
    let block = text.components(separatedBy: "```nginx\n").dropFirst().first
    return try #require(block?.components(separatedBy: "```").first)
  }

  @Test(
    .enabled(if: nginx != nil, "nginx is not installed"),
    .enabled(if: curl != nil, "curl is not installed"))
  func `nginx shows what is shared, answers 410 for what was taken back, and nothing else`() throws
  {
    try ShareScene.with { scene in
      let (shown, gone) = (try scene.share(), try scene.share("england"))
      try scene.expect(["unshare", gone])
      let (folder, socket) = (scene.here.folder, scene.here.folder + "/web")
      try scene.here.write(
        "nginx.conf",
        """
        daemon off;
        user root;
        worker_processes 1;
        error_log \(folder)/web.log;
        pid \(folder)/web.pid;
        events {}
        http {
          access_log off;
          types { text/html html; image/png png; image/svg+xml svg; application/json json; }
          \(["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(folder)/web.\($0);"
          }.joined(separator: "\n  "))
          server {
            listen unix:\(socket);
            root \(scene.store);
            location / { return 403; }
            \(try Self.locations())
          }
        }
        """)
      let server = try RunningProgram([Self.nginx ?? "", "-c", "\(folder)/nginx.conf"])
      defer {
        kill(server.pid, SIGTERM)
        _ = try? server.wait()
      }
      func get(_ path: String) throws -> (status: String, text: String) {
        let outcome = try Program.run([
          Self.curl ?? "", "-s", "-i", "--retry", "20", "--retry-connrefused", "--retry-delay", "1",
          "--retry-all-errors", "--unix-socket", socket, "http://localhost" + path,
        ])
        return (
          String(outcome.output.split(separator: " ").dropFirst().first ?? ""), outcome.output
        )
      }
      func path(_ address: String) -> String { String(address.dropFirst(ShareScene.site.count)) }
      while !FileManager.default.fileExists(atPath: socket), !server.hasEnded { usleep(20_000) }
      let page = try get(path(shown))
      #expect(page.status == "200" && page.text.contains("og:image"), "\(server.output)")
      #expect(page.text.lowercased().contains("x-robots-tag: noindex"))
      let folderOfShown = path(shown).dropLast("index.html".count)
      #expect(try get(String(folderOfShown)).status == "200")
      for name in ["card-wide.png", "qr.svg"] {
        let file = page.text.components(separatedBy: "\"").first {
          $0.hasPrefix("releases/") && $0.hasSuffix("/data/\(name)")
        }
        let found = try #require(file)
        #expect(try get(folderOfShown + found).status == "200")
      }
      // Not what names the tenant's id and the release that it was made from.
      for name in ["latest.json", "heads/1.json", "pruned.json", "../../index.html"] {
        #expect(["403", "404"].contains(try get(folderOfShown + name).status), "\(name)")
      }
      let left = try get(path(gone))
      #expect(left.status == "410" && left.text.contains("This page was taken back"))
      let folderOfGone = path(gone).dropLast("index.html".count)
      for name in ["", "releases/x/data/card-wide.png", "latest.json", "gone.html"] {
        let outcome = try get(folderOfGone + name)
        #expect(["404", "410"].contains(outcome.status), "\(name)")
        #expect(!outcome.text.contains("Workshop"))
      }
      #expect(try get("/tenants/brasil/index.html").status == "403")
      #expect(try get("/tenants/brasil/shared/").status == "403")
    }
  }
}
