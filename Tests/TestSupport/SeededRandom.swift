import FoundationEssentials
import Glibc

/// A generator of numbers that a test can repeat: Steele, Lea and Flood's SplitMix64 (OOPSLA 2014).
package struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  package mutating func number(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &self)
  }

  /// True in one of so many cases.
  package mutating func isOne(of count: Int) -> Bool { number(1...count) == 1 }

  package mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[number(0...elements.count - 1)]
  }

  /// Bytes of which many have a meaning to readers, up to so many.
  package mutating func bytes(upTo most: Int, from alphabet: [UInt8]) -> [UInt8] {
    (0..<number(0...most)).map { _ in pick(alphabet) }
  }
}

/// Which random cases a test tries. Each case is a seed of its own, so that a failure is repeated by
/// `YEARBOOK_SEED=N` alone.
package enum Seeds {
  /// The seeds of `few` cases, of `many` with `YEARBOOK_SOAK`, of one with `YEARBOOK_SEED`.
  package static func of(few: Int, many: Int) -> Range<UInt64> {
    if let seed = getenv("YEARBOOK_SEED").flatMap({ UInt64(String(cString: $0)) }) {
      return seed..<seed + 1
    }
    return 1..<UInt64(isSoak ? many : few) + 1
  }

  /// Whether there is time: `make soak` sets it.
  package static let isSoak = getenv("YEARBOOK_SOAK") != nil
}
