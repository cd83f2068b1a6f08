import Diagnostics
import Foundation
import Pipelines
import TestSupport
import Testing

@testable import Stages

/// What `check` finds before a tenant's rows do.
@Suite struct PageTrialTests {
  /// The faults of the fixture's pipeline with this template, and with other messages.
  private func faults(
    _ template: String = ReportFixture.template, messages: [String: String] = [:],
    aggregate: String? = nil
  ) throws -> [Diagnostic] {
    var fixture = ReportFixture()
    if let aggregate { fixture.aggregate = aggregate }
    return try fixture.with(template: template) { work, environment in
      for (locale, text) in messages {
        try Data(text.utf8).write(
          to: URL(fileURLWithPath: "\(environment.templates)/messages/\(locale).yaml"))
      }
      let templates = try PageTemplates(folder: environment.templates)
      return try PageTrial(work.pipeline, templates: templates).faults()
    }
  }

  private func line(of part: String, in text: String) throws -> Int {
    try #require(
      text.split(separator: "\n", omittingEmptySubsequences: false)
        .firstIndex { $0.contains(part) }) + 1
  }

  @Test func `A pipeline without faults has none, whatever its rows are`() throws {
    #expect(try faults() == [])
  }

  @Test(arguments: [
    // In the part that every page has.
    ("<body title=", "<br><body title=", "not well-formed: an element is not closed"),
    // Only with rows, only without, and only with an amount of another currency.
    (
      "<p>{{sentences.pace}}</p>", "<p>{{sentences.pace}}<br></p>",
      "not well-formed: an element is not closed"
    ),
    (
      "{{#empty}}<p>", "{{#empty}}<p><script>1</script>", "the element 'script' is not allowed"
    ),
    (
      "<ul>{{#amounts}}<li>", "<ul>{{#amounts}}<li onclick=\"x\">",
      "an event handler is not allowed"
    ),
    ("<ul>{{#amounts}}<li>", "<ul>{{#amounts}}<li id=\"x\">", "an id is used twice"),
    (
      "<a href=\"{{links.film}}\">", "<a href=\"nowhere.html\">",
      "a link leads to a file that the release does not have"
    ),
    (
      "{{#figures.best}}<p>", "{{#figures.best}}<p>&nbsp;",
      "not well-formed: an entity that XML does not define"
    ),
  ])
  func `A page that would fail at the run is told at the template's line`(
    old: String, new: String, message: String
  ) throws {
    let template = ReportFixture.template.replacing(old, with: new)
    try #require(template != ReportFixture.template)
    let found = try faults(template).filter { $0.message == message }
    #expect(found.count == 1, "\(found)")
    #expect(found.first?.subject.file?.hasSuffix("templates/p.html") == true)
    let expected = try line(of: new.contains("<br><body") ? "<br>" : new, in: template)
    #expect(found.first?.subject.line == expected)
  }

  @Test func `A fault in a part of a page is told in the part's file`() throws {
    try ReportFixture().with(template: "<div>\n{{>part}}\n</div>") { work, environment in
      try Data("<ul>\n{{#quality}}<li>{{text}}\n<hr></li>\n{{/quality}}</ul>".utf8)
        .write(to: URL(fileURLWithPath: "\(environment.templates)/part.html"))
      let templates = try PageTemplates(folder: environment.templates)
      let found = try PageTrial(work.pipeline, templates: templates).faults()
      #expect(found.count == 1, "\(found)")
      #expect(found.first?.subject.place == "\(environment.templates)/part.html:3")
      #expect(found.first?.hint == "write '<hr />': a page is XML, too")
    }
  }

  @Test func `A run tells the template's line too`() throws {
    do {
      _ = try ReportFixture().files(
        template: "<p>\n{{#figures.posts}}\n<b>{{value}}<br></b>\n{{/figures.posts}}\n</p>")
      Issue.record("it left")
    } catch let error as Diagnostics {
      #expect(error.all.count == 1)
      #expect(error.all.first?.subject.file?.hasSuffix("templates/p.html") == true)
      #expect(error.all.first?.subject.line == 3)
    }
  }

  @Test(arguments: [
    ("{more: '{posts} notas", "{more: '{notas} notas", "p.pace.more", "notas"),
    ("one: '{count} lida.'", "one: '{rows} lida.'", "p.quality.read", "rows"),
    (
      "{posts: 'Notas em {period}.'}", "{posts: 'Notas em {periodo}.'}", "p.definitions.posts",
      "periodo"
    ),
    ("{posts.change} a mais", "{posts.changes} a mais", "p.pace.more", "posts.changes"),
  ])
  func `A message that names what it does not get is refused, in any language`(
    old: String, new: String, key: String, name: String
  ) throws {
    try ReportFixture().with { work, environment in
      let path = "\(environment.templates)/messages/pt-BR.yaml"
      let changed = ReportFixture.messages.replacing(old, with: new)
      try #require(changed != ReportFixture.messages)
      try Data(changed.utf8).write(to: URL(fileURLWithPath: path))
      let templates = try PageTemplates(folder: environment.templates)
      let found = templates.unknownParameters(of: work.pipeline)
      #expect(found.count == 1, "\(found)")
      #expect(
        found.first?.message == "the message '\(key)' names '{\(name)}', which it does not get")
      #expect(found.first?.subject.file == path)
      #expect(found.first?.subject.line != nil)
      #expect(templates.diagnostics(of: work.pipeline).contains(found[0]))
    }
  }

  @Test func `A sentence that a tenant without a year before cannot have is found`() throws {
    // The figure has a change, but not for everybody.
    let aggregate = ReportFixture().aggregate
      .replacing(
        "{when: [posts.change > 0], message: p.pace.more}",
        with: "{when: [posts], message: p.pace.more}")
    let found = try faults(aggregate: aggregate)
    #expect(
      found.map(\.message) == [
        "the message 'p.pace.more' needs '{posts.change}', which is not given"
      ])
    #expect(found.first?.subject.file?.hasSuffix("pipeline.yaml") == true)
  }

  @Test func `A list of terms that has no words is found before its first row`() throws {
    let found = try faults(messages: [
      "en": ReportFixture.messages.replacing(
        "terms: {author_is: {guest: convidado}}", with: "other: x"),
      "pt-BR": ReportFixture.messages.replacing(
        "terms: {author_is: {guest: convidado}}", with: "other: x"),
    ])
    #expect(
      found.map(\.message) == ["the column 'author_is' of format 'term' has no list of terms"])
  }

  @Test func `One slip in the messages is one fault`() throws {
    try ReportFixture().with { _, environment in
      try Data("p:\n  figures: {posts: 'Notas\n".utf8).write(
        to: URL(fileURLWithPath: "\(environment.templates)/messages/en.yaml"))
      do {
        _ = try PageTemplates(folder: environment.templates)
        Issue.record("it was read")
      } catch let error as Diagnostics {
        #expect(error.all.count == 1, "\(error)")
      }
    }
  }

  @Test func `Mustache's faults are told in words`() throws {
    for (template, words) in [
      ("<p>{{#empty}}x{{/emty}}</p>", "closes a section that is not the innermost open one"),
      ("<p>{{#empty}}x</p>", "a section is not closed"),
      ("<p>{{empty</p>", "is not closed with '}}'"),
    ] {
      do {
        _ = try ReportFixture().files(template: template)
        Issue.record("it was read")
      } catch let error as Diagnostics {
        #expect(error.all.first?.message.contains(words) == true, "\(error)")
      }
    }
  }

  @Test(arguments: ["Hello {who", "Hello who}", "Hello {}", "Hello { who }", "{{who}}"])
  func `A brace that belongs to no parameter is refused with its place`(text: String) {
    #expect {
      try MessageCatalog(files: ["en": ("en.yaml", "a:\n  hello: '\(text)'\n")])
    } throws: { error in
      (error as? Diagnostics)?.description
        == "en.yaml:2:10: a brace that does not belong to a parameter such as {count}"
    }
  }

  @Test func `The program's own pages are made from rows of every shape without a fault`() throws {
    let templates = try PageTemplates(folder: Places.project + "/templates")
    for pipeline in try PipelineLibrary(folder: Places.project + "/pipelines").pipelines {
      #expect(try PageTrial(pipeline, templates: templates).faults() == [], "\(pipeline.name)")
    }
    #expect(StitchStage.diagnostics(ofPage: templates) == [])
  }
}
