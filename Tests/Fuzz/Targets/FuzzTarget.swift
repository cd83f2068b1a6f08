import Diagnostics

/// A part of the program that reads what it did not write, and what must hold of it for every input.
struct FuzzTarget: Sendable {
  /// The name of the target's folder of seeds too.
  var name: String
  /// Throws a `Violation` where something does not hold.
  var check: @Sendable ([UInt8]) throws -> Void

  #if YEARBOOK_SERVICE
    static let all = ofProgram + service
  #else
    static let all = ofProgram
  #endif

  private static let ofProgram: [FuzzTarget] = [
    FuzzTarget(name: "table", check: checkTable),
    FuzzTarget(name: "cells", check: checkCells),
    FuzzTarget(name: "parse", check: checkParse),
    FuzzTarget(name: "pipeline", check: checkPipeline),
    FuzzTarget(name: "schedule", check: checkSchedule),
    FuzzTarget(name: "messages", check: checkMessages),
    FuzzTarget(name: "age", check: checkAgeFile),
    FuzzTarget(name: "keys", check: checkKeys),
    FuzzTarget(name: "signature", check: checkSignature),
    FuzzTarget(name: "heads", check: checkHeads),
    FuzzTarget(name: "objects", check: checkObjects),
    FuzzTarget(name: "bounce", check: checkBounce),
    FuzzTarget(name: "mail", check: checkMail),
    FuzzTarget(name: "captions", check: checkCaptions),
    FuzzTarget(name: "values", check: checkValues),
    FuzzTarget(name: "told", check: checkTold),
  ]
}

/// Something that must hold for every input and does not.
struct Violation: Error, CustomStringConvertible {
  var description: String
}

extension FuzzTarget {
  static func require(_ holds: Bool, _ what: @autoclosure () -> String) throws {
    if !holds { throw Violation(description: what()) }
  }

  /// Runs what may refuse its input; a refusal has one of the codes, bounded texts, and nothing in them that is not
  /// printed.
  ///
  /// - Returns: Whether the input was taken.
  @discardableResult
  static func accepts(
    _ codes: Set<Diagnostic.Code>, _ body: () throws -> Void
  ) throws -> Bool {
    do {
      try body()
      return true
    } catch let error as Diagnostic {
      try check(error, codes)
    } catch let errors as Diagnostics {
      try require(!errors.all.isEmpty, "a refusal without a reason")
      for error in errors.all { try check(error, codes) }
    } catch let violation as Violation {
      throw violation
    } catch {
      throw Violation(description: "a failure of another shape: \(type(of: error))")
    }
    return false
  }

  private static func check(_ error: Diagnostic, _ codes: Set<Diagnostic.Code>) throws {
    try require(codes.contains(error.code), "the code \(error.code) of '\(error)'")
    for text in [error.description, error.hint ?? ""] {
      try require(text.utf8.count <= 4_000, "a text of \(text.utf8.count) bytes")
      for scalar in text.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
          throw Violation(description: "U+\(String(scalar.value, radix: 16)) in a message: \(text)")
        default: break
        }
      }
    }
  }
}
