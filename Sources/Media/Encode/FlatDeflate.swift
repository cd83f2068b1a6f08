import Glibc

/// Compresses rows that repeat (RFC 1951): a match is with the byte before, or with the row above.
struct FlatDeflate {
  /// The length of a row.
  let stride: Int

  /// A literal byte, or a match: `isMatch`, its length from bit 1, and in bit 0 whether it is with
  /// the row above.
  private typealias Token = UInt16
  private static let isMatch: Token = 0x8000
  private static let longest = 258
  private static let shortest = 4

  init(stride: Int) { self.stride = stride }

  /// One block with codes of its own.
  func compressed(_ bytes: [UInt8]) -> [UInt8] {
    var tokens: [Token] = []
    tokens.reserveCapacity(bytes.count / 16)
    find(in: bytes, &tokens)
    var counts = [Int](repeating: 0, count: 286)
    var distances = [Int](repeating: 0, count: 30)
    // The end of the block.
    counts[256] = 1
    let above = Self.distance(stride)
    for token in tokens {
      if token & Self.isMatch == 0 {
        counts[Int(token)] += 1
      } else {
        counts[Int(Self.lengths[Int(token >> 1 & 0x3FF)].code)] += 1
        distances[token & 1 == 1 ? above.code : 0] += 1
      }
    }
    let letters = PrefixCode(counts, longest: 15)
    let places = PrefixCode(distances, longest: 15)
    var writer = BitWriter(capacity: tokens.count + 512)
    // The last block, with codes of its own.
    writer.put(0b101, 3)
    Self.put(letters, places, to: &writer)
    for token in tokens {
      if token & Self.isMatch == 0 {
        writer.put(letters.codes[Int(token)], letters.lengths[Int(token)])
        continue
      }
      let length = Int(token >> 1 & 0x3FF)
      let symbol = Self.lengths[length]
      writer.put(letters.codes[Int(symbol.code)], letters.lengths[Int(symbol.code)])
      writer.put(UInt32(length - Int(symbol.base)), Int(symbol.extra))
      let code = token & 1 == 1 ? above.code : 0
      writer.put(places.codes[code], places.lengths[code])
      if token & 1 == 1 { writer.put(UInt32(stride - above.base), above.extra) }
    }
    writer.put(letters.codes[256], letters.lengths[256])
    return writer.finish()
  }

  private func find(in bytes: [UInt8], _ tokens: inout [Token]) {
    // A distance has at most 15 bits.
    let stride = stride <= 32_768 ? stride : .max
    bytes.withUnsafeBytes { bytes in
      var place = 0
      let end = bytes.count
      while place < end {
        let most = min(Self.longest, end - place)
        var length = 0
        var isAbove = false
        if place >= stride {
          length = Self.same(bytes, place, place - stride, most)
          isAbove = true
        }
        if length < most, place > 0 {
          let run = Self.same(bytes, place, place - 1, most)
          if run > length { (length, isAbove) = (run, false) }
        }
        if length < Self.shortest {
          tokens.append(Token(bytes[place]))
          place += 1
        } else {
          tokens.append(Self.isMatch | Token(length) << 1 | (isAbove ? 1 : 0))
          place += length
        }
      }
    }
  }

  /// How many bytes are the same from two places on, at most `most`.
  @inline(__always)
  private static func same(
    _ bytes: UnsafeRawBufferPointer, _ first: Int, _ second: Int, _ most: Int
  ) -> Int {
    var count = 0
    while count + 8 <= most {
      let difference =
        bytes.loadUnaligned(fromByteOffset: first &+ count, as: UInt64.self)
        ^ bytes.loadUnaligned(fromByteOffset: second &+ count, as: UInt64.self)
      if difference != 0 { return count + difference.littleEndian.trailingZeroBitCount / 8 }
      count += 8
    }
    while count < most, bytes[first + count] == bytes[second + count] { count += 1 }
    return count
  }

  // MARK: - The format's tables

  /// The symbols of lengths, by the length (RFC 1951, 3.2.5).
  private static let lengths: [(code: UInt16, base: UInt16, extra: UInt8)] = {
    var table = [(code: UInt16, base: UInt16, extra: UInt8)](
      repeating: (0, 0, 0), count: longest + 1)
    var base = 3
    for code in 257...284 {
      let extra = max(0, (code - 261) / 4)
      for length in base..<min(base + 1 << extra, longest + 1) {
        table[length] = (UInt16(code), UInt16(base), UInt8(extra))
      }
      base += 1 << extra
    }
    table[longest] = (285, UInt16(longest), 0)
    return table
  }()

  /// The symbol of a distance.
  private static func distance(_ distance: Int) -> (code: Int, base: Int, extra: Int) {
    var base = 1
    for code in 0..<30 {
      let extra = max(0, code / 2 - 1)
      if distance < base + 1 << extra { return (code, base, extra) }
      base += 1 << extra
    }
    // Rows that are longer have no matches with the row above.
    return (29, 24_577, 13)
  }

  /// The lengths of both codes, in a code of their own (RFC 1951, 3.2.7).
  private static func put(
    _ letters: PrefixCode, _ places: PrefixCode, to writer: inout BitWriter
  ) {
    let lengths = letters.lengths + places.lengths
    var counts = [Int](repeating: 0, count: 19)
    for length in lengths { counts[length] += 1 }
    let code = PrefixCode(counts, longest: 7)
    writer.put(UInt32(letters.lengths.count - 257), 5)
    writer.put(UInt32(places.lengths.count - 1), 5)
    writer.put(15, 4)
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] {
      writer.put(UInt32(code.lengths[symbol]), 3)
    }
    for length in lengths { writer.put(code.codes[length], code.lengths[length]) }
  }
}

/// A Huffman code: the more frequent a symbol, the shorter its word.
struct PrefixCode {
  /// The words with their bits reversed, as they are written.
  let codes: [UInt32]
  /// In bits; 0 for a symbol that does not occur.
  let lengths: [Int]

  /// - Parameter longest: the most bits of a word.
  init(_ counts: [Int], longest: Int) {
    var counts = counts
    var lengths = Self.lengths(counts)
    // Flatter counts give shorter words.
    while (lengths.max() ?? 0) > longest {
      counts = counts.map { $0 == 0 ? 0 : $0 / 2 + 1 }
      lengths = Self.lengths(counts)
    }
    var next = [UInt32](repeating: 0, count: longest + 2)
    for length in 1...longest {
      let shorter = length > 1 ? lengths.count { $0 == length - 1 } : 0
      next[length] = (next[length - 1] + UInt32(shorter)) << 1
    }
    codes = lengths.map { length in
      if length == 0 { return 0 }
      defer { next[length] += 1 }
      var (word, reversed) = (next[length], UInt32(0))
      for _ in 0..<length {
        reversed = reversed << 1 | word & 1
        word >>= 1
      }
      return reversed
    }
    self.lengths = lengths
  }

  /// Each symbol's depth in the tree. A single symbol gets one bit.
  private static func lengths(_ counts: [Int]) -> [Int] {
    var nodes = counts.indices.filter { counts[$0] > 0 }
      .map { (weight: counts[$0], symbols: [$0]) }
    var lengths = [Int](repeating: 0, count: counts.count)
    if nodes.count == 1 { lengths[nodes[0].symbols[0]] = 1 }
    // The lightest last; of equals, the one that is older.
    nodes.sort { ($0.weight, $0.symbols[0]) > ($1.weight, $1.symbols[0]) }
    while nodes.count > 1 {
      let (first, second) = (nodes.removeLast(), nodes.removeLast())
      let symbols = first.symbols + second.symbols
      for symbol in symbols { lengths[symbol] += 1 }
      let weight = first.weight + second.weight
      let place = nodes.firstIndex { $0.weight <= weight } ?? nodes.count
      nodes.insert((weight, symbols), at: place)
    }
    return lengths
  }
}

/// Writes bits, the lowest first.
struct BitWriter {
  private var bytes: [UInt8] = []
  private var waiting: UInt64 = 0
  private var count = 0

  init(capacity: Int) { bytes.reserveCapacity(capacity) }

  /// Appends the low `size` bits of `value`; at most 32.
  @inline(__always)
  mutating func put(_ value: UInt32, _ size: Int) {
    waiting |= UInt64(value) << UInt64(count)
    count += size
    while count >= 8 {
      bytes.append(UInt8(truncatingIfNeeded: waiting))
      waiting >>= 8
      count -= 8
    }
  }

  /// The bytes, the last one filled up with zeros.
  mutating func finish() -> [UInt8] {
    if count > 0 { bytes.append(UInt8(truncatingIfNeeded: waiting)) }
    return bytes
  }
}
