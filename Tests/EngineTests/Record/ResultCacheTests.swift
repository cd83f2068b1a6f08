import Basics
import Diagnostics
import Foundation
import Glibc
import Pipelines
import Stages
import Store
import TestSupport
import Testing

@testable import Engine

@Suite struct ResultCacheTests {
  private let scene: RecordScene

  init() throws { scene = try RecordScene() }

  @discardableResult
  private func add(
    _ number: Int, _ text: String, to cache: ResultCache, warnings: [Warning] = []
  ) throws -> [Artifact] {
    var output = RecordScene.output(text)
    output.warnings = warnings
    return try cache.add(
      output, inputs: RecordScene.inputs(number), stage: "aggregate",
      tenant: RecordScene.tenant, seconds: 0.5, partition: Plans.partition("report").key)
  }

  private func find(_ number: Int, in cache: ResultCache) throws -> ResultCache.Found? {
    try cache.find(RecordScene.inputs(number).key, tenant: RecordScene.tenant)
  }

  @Test func `A result is found before it is recorded, and by a later run after it`() throws {
    let warning = Warning(code: "odd", subject: "item", message: "it is odd")
    let added = try add(1, "one", to: scene.cache(), warnings: [warning])
    #expect(try find(1, in: scene.cache())?.files == added)
    #expect(try find(2, in: scene.cache()) == nil)
    try scene.committer.finish()
    let later = try RecordScene(after: scene)
    let found = try #require(try find(1, in: later.cache()))
    #expect(found.files == added)
    #expect(found.warnings == [warning])
    let path = try #require(found.files.first?.path)
    #expect(FileManager.default.contents(atPath: path) == Data("one".utf8))
    try later.committer.finish()
  }

  @Test(arguments: [true, false])
  func `A result whose file is gone or cut short is none`(isGone: Bool) throws {
    let added = try add(1, "one", to: scene.cache())
    try add(2, "two", to: scene.cache())
    let path = try #require(added.first?.path)
    #expect((isGone ? unlink(path) : truncate(path, 2)) == 0)
    #expect(try find(1, in: scene.cache()) == nil, "before it is recorded")
    try scene.committer.finish()
    #expect(try find(1, in: scene.cache()) == nil, "and after it")
    #expect(try find(2, in: scene.cache()) != nil)
    // Made again under the same key, it is whole again.
    let later = try RecordScene(after: scene)
    try add(1, "one", to: later.cache())
    try later.committer.finish()
    #expect(try find(1, in: scene.cache()) != nil)
  }

  @Test func `No tenant is given another's result`() throws {
    let cache = scene.cache()
    try add(1, "one", to: cache)
    let other = Plans.tenant(2).id
    #expect(try cache.find(RecordScene.inputs(1).key, tenant: other) == nil)
    try scene.committer.finish()
    #expect(try cache.find(RecordScene.inputs(1).key, tenant: other) == nil)
  }

  @Test func `A run that makes everything again takes only its own results`() throws {
    try add(1, "one", to: scene.cache())
    try scene.committer.finish()
    let later = try RecordScene(after: scene)
    let cache = later.cache(.none)
    #expect(try find(1, in: cache) == nil)
    let made = try add(1, "uno", to: cache)
    #expect(try find(1, in: cache)?.files == made)
    try later.committer.finish()
    #expect(try find(1, in: cache)?.files == made, "recorded by now")
    #expect(try find(1, in: scene.cache())?.files == made, "in the older one's place")
  }

  @Test func `Results of other versions are made again, for as long as was asked for`() throws {
    try add(1, "one", to: scene.cache())
    try scene.committer.finish()
    let own = RecordWriter(
      record: scene.lookup, blobs: scene.blobs, run: "run", sharedRun: "run"
    ).versions
    func found(_ versions: String, seconds: Int) throws -> Bool {
      let policy = ResultCache.Policy.madeWith(
        versions: versions, seconds: seconds, since: Stopwatch())
      return try find(1, in: scene.cache(policy)) != nil
    }
    #expect(try found(own, seconds: 3600))
    #expect(try !found("older", seconds: 3600))
    #expect(try found("older", seconds: 0))
  }

  @Test func `The record is not asked where the stage of the partition has no result at all`()
    throws
  {
    let cache = scene.cache()
    try add(1, "one", to: cache)
    try scene.committer.finish()
    let key = RecordScene.inputs(1).key
    #expect(try cache.find(key, tenant: RecordScene.tenant, newest: nil) == nil)
    let newest = try #require(try scene.lookup.withLock { try $0.result(key) })
    #expect(try cache.find(key, tenant: RecordScene.tenant, newest: newest) != nil)
    let other = RecordScene.inputs(2)
    #expect(try cache.find(other.key, tenant: RecordScene.tenant, newest: newest) == nil)
  }

  @Test func `Of two results under one key in one batch the record keeps the later one`() throws {
    let cache = scene.cache()
    try add(1, "one", to: cache)
    let second = try add(1, "uno", to: cache)
    #expect(try find(1, in: cache)?.files == second)
    try scene.committer.finish()
    #expect(try find(1, in: cache)?.files == second)
  }
}
