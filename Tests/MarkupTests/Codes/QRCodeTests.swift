import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Markup

/// QR codes, read by another program.
@Suite struct QRCodeTests {
  private static let reader = Places.program("zbarimg")

  /// What the drawing shows, as a grey picture with eight dots for a module (PGM).
  private static func picture(_ svg: String) throws -> Data {
    let side = try #require(
      svg.firstMatch(of: /viewBox="0 0 (\d+) (\d+)"/).flatMap { Int($0.output.1) })
    var dark = [[Bool]](repeating: [Bool](repeating: false, count: side), count: side)
    let path = try #require(svg.components(separatedBy: "fill=\"#000000\" d=\"").last)
    for run in path.matches(of: /M(\d+) (\d+)h(\d+)v1h-(\d+)z/) {
      let (column, row, count) = (Int(run.1), Int(run.2), Int(run.3))
      #expect(run.3 == run.4)
      for place in 0..<(count ?? 0) { dark[try #require(row)][try #require(column) + place] = true }
    }
    let scale = 8
    var bytes = Data("P5\n\(side * scale) \(side * scale)\n255\n".utf8)
    for row in dark {
      let line = row.flatMap { [UInt8](repeating: $0 ? 0 : 255, count: scale) }
      for _ in 0..<scale { bytes.append(contentsOf: line) }
    }
    return bytes
  }

  @Test(.enabled(if: reader != nil, "zbarimg is not installed"), arguments: [1, 26, 300, 2000])
  func `Another program reads from the drawing what was written`(count: Int) throws {
    let letters = Array("abcdefghijklmnopqrstuvwxyz234567")
    let name = String((0..<count).map { letters[($0 * $0 * 7 + 3) % 32] })
    let address = "https://reports.example.com/tenants/acme/shared/\(name)/index.html"
    let svg = String(decoding: try QRCode(address).svg(title: "<Year> & 2025"), as: UTF8.self)
    #expect(svg.contains("<title>&lt;Year&gt; &amp; 2025</title>"))
    try withTemporaryFolder { folder in
      let file = folder + "/code.pgm"
      try Self.picture(svg).write(to: URL(fileURLWithPath: file))
      let outcome = try Program.run([Self.reader ?? "", "--quiet", "--raw", file])
      #expect(outcome.status == 0)
      // It also tells that no bus is there to announce itself on.
      #expect(outcome.output.split(separator: "\n").contains { $0 == address })
    }
  }

  @Test func `The same text gives the same bytes, and has its margin`() throws {
    let code = try QRCode("https://a.example/")
    #expect(code == (try QRCode("https://a.example/")) && code.width == 25)
    #expect(code.modules.count == 25 * 25)
    // The three corners that readers look for.
    for corner in [0, 18, 18 * 25] { #expect((0..<7).allSatisfy { code.modules[corner + $0] }) }
    #expect(String(decoding: code.svg(title: ""), as: UTF8.self).contains("viewBox=\"0 0 33 33\""))
  }

  @Test(arguments: ["", "a b", "é", "line\n", String(repeating: "a", count: 2332)])
  func `What readers would not read alike is refused`(text: String) {
    #expect(throws: Diagnostic.self) { try QRCode(text) }
  }
}
