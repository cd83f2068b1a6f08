import Foundation
import TestSupport
import Testing

@testable import Media

struct FlatPNGTests {
  /// What librsvg reads from a PNG, which also checks its checksums.
  private func read(_ png: [UInt8], width: Int, height: Int) throws -> Bitmap {
    let data = Data(png).base64EncodedString()
    return try Rasteriser.draw(
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)"><image
        width="\(width)" height="\(height)" href="data:image/png;base64,\(data)"/></svg>
      """, width: width, height: height)
  }

  /// A picture of runs, noise and rows that repeat, in some colours.
  private func picture(_ random: inout SeededRandom) -> Bitmap {
    let (width, height) = (random.number(1...400), random.number(1...90))
    let colours = (0..<random.number(1...256)).map { _ in
      (0..<3).map { _ in UInt8(random.number(0...255)) } + [255]
    }
    var bitmap = Bitmap(width: width, height: height)
    var place = 0
    while place < width * height {
      let kind = random.number(0...2)
      let run = random.pick(colours)
      for _ in 0..<min(random.number(1...700), width * height - place) {
        let above = max(0, place - width) * 4
        let colour =
          switch kind {
          case 0: run
          case 1: random.pick(colours)
          default: place < width ? run : Array(bitmap.pixels[above..<above + 4])
          }
        bitmap.pixels.replaceSubrange(place * 4..<place * 4 + 4, with: colour)
        place += 1
      }
    }
    return bitmap
  }

  @Test(arguments: Seeds.of(few: 60, many: 5_000))
  func `Any flat picture is kept pixel by pixel`(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let bitmap = picture(&random)
    let png = try #require(FlatPNG(bitmap)).bytes()
    #expect(try read(png, width: bitmap.width, height: bitmap.height) == bitmap)
    #expect(FlatPNG(bitmap)?.bytes() == png)
  }

  @Test func `A row that is longer than a distance can be is kept, too`() throws {
    let bitmap = Bitmap(
      width: 32_768, height: 2,
      pixels: (0..<65_536).flatMap { [UInt8($0 % 7), 0, UInt8($0 % 3), 255] })
    let png = try #require(FlatPNG(bitmap)).bytes()
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).png")
    try Data(png).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    // Another reader: zlib and its checksums, as Python has them.
    let script = """
      import struct, sys, zlib
      data, place, body = open(sys.argv[1], 'rb').read(), 8, b''
      while place < len(data):
          size, name = struct.unpack('>I4s', data[place:place + 8])
          chunk = data[place + 8:place + 8 + size]
          assert struct.unpack('>I', data[place + 8 + size:place + 12 + size])[0] == zlib.crc32(name + chunk)
          if name == b'IDAT': body += chunk
          if name == b'PLTE': colours = [chunk[i:i + 3] for i in range(0, size, 3)]
          place += 12 + size
      rows = zlib.decompress(body)
      for place in range(65536):
          red, green, blue = colours[rows[place + 1 + place // 32768]]
          assert (blue, green, red) == (place % 7, 0, place % 3), place
      print('same')
      """
    #expect(try Program.run(["/usr/bin/python3", "-c", script, file.path]).output == "same\n")
  }

  @Test func `A code's words are short enough, and fill their tree`() {
    // Fibonacci's numbers make the deepest tree.
    var counts = [1, 1]
    while counts.count < 40 { counts.append(counts[counts.count - 1] + counts[counts.count - 2]) }
    for longest in [7, 15] {
      let code = PrefixCode(counts, longest: longest)
      #expect(code.lengths.allSatisfy { (1...longest).contains($0) })
      #expect(code.lengths.reduce(0) { $0 + 1 << (longest - $1) } == 1 << longest)
      #expect(Set(zip(code.codes, code.lengths).map { "\($0) \($1)" }).count == counts.count)
    }
    #expect(PrefixCode([0, 5, 0], longest: 15).lengths == [0, 1, 0])
    #expect(PrefixCode([0, 0], longest: 15).lengths == [0, 0])
  }
}
