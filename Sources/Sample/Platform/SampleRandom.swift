/// A stream of numbers that depends only on its seed: SplitMix64 (Steele, Lea and Flood, 2014).
struct SampleRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A separate stream for one purpose, so that additions elsewhere do not change it.
  init(seed: UInt64, _ purpose: String) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    state = seed &+ hash
    _ = next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A number below `bound`. The bias of the remainder is too small to be seen in a sample.
  mutating func below(_ bound: Int) -> Int {
    bound <= 1 ? 0 : Int(next() % UInt64(bound))
  }

  mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

  mutating func pick<Element>(_ list: [Element]) -> Element { list[below(list.count)] }

  mutating func shuffled<Element>(_ list: [Element]) -> [Element] {
    var list = list
    for index in list.indices.dropLast() {
      list.swapAt(index, index + below(list.count - index))
    }
    return list
  }

  /// A UUID in the form of version 4.
  mutating func uuid() -> String {
    let high = next() & ~0xf000 | 0x4000
    let low = next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
    var digits: [UInt8] = []
    digits.reserveCapacity(36)
    for (index, shift) in stride(from: 60, through: 0, by: -4).enumerated() {
      if index == 8 || index == 12 { digits.append(UInt8(ascii: "-")) }
      digits.append(Self.hex[Int(high >> UInt64(shift) & 15)])
    }
    digits.append(UInt8(ascii: "-"))
    for (index, shift) in stride(from: 60, through: 0, by: -4).enumerated() {
      if index == 4 { digits.append(UInt8(ascii: "-")) }
      digits.append(Self.hex[Int(low >> UInt64(shift) & 15)])
    }
    return String(decoding: digits, as: UTF8.self)
  }

  private static let hex = Array("0123456789abcdef".utf8)
}
