import Basics
import Foundation

/// What a run read and made, as events of OpenLineage: a job for each pipeline and one for each of
/// its stages, with one run of both for each run here.
package struct RunLineage: Sendable {
  /// A table or a dataset, by its columns. It holds no row.
  package struct Dataset: Sendable {
    /// A column, with PostgreSQL's name of its type where that is known.
    package struct Field: Encodable, Sendable {
      package var name: String
      package var type: String?

      package init(name: String, type: String?) {
        self.name = name
        self.type = type
      }
    }

    package var namespace: String
    package var name: String
    package var fields: [Field]
    /// For each column, the columns of other datasets whose values can be in it.
    package var origins: [String: [Origin]] = [:]
    /// What the run made of it; `nil` if nothing, or if that is not known.
    package var made: Made?

    /// A dataset with these columns.
    package init(namespace: String, name: String, fields: [Field]) {
      self.namespace = namespace
      self.name = name
      self.fields = fields
    }

    /// A column of another dataset.
    package struct Origin: Encodable, Sendable {
      package var namespace: String
      package var name: String
      package var field: String

      package init(namespace: String, name: String, field: String) {
        self.namespace = namespace
        self.name = name
        self.field = field
      }
    }

    /// How much a run made, of all partitions together.
    package struct Made: Sendable {
      package var rows: Int
      package var bytes: Int?
      /// A digest over the digests of all partitions: equal if and only if they are.
      package var digest: String

      package init(rows: Int, bytes: Int?, digest: String) {
        self.rows = rows
        self.bytes = bytes
        self.digest = digest
      }
    }
  }

  /// What a pipeline, or one of its stages, did in the run.
  package struct Job: Sendable {
    package var pipeline: String
    /// `nil` for the pipeline as a whole.
    package var stage: String?
    /// Microseconds since 1970.
    package var began: Int64
    package var ended: Int64
    /// The codes of its failures, each once.
    package var codes: [String]
    package var inputs: [Dataset]
    package var outputs: [Dataset]

    package init(
      pipeline: String, stage: String?, began: Int64, ended: Int64, codes: [String],
      inputs: [Dataset], outputs: [Dataset]
    ) {
      self.pipeline = pipeline
      self.stage = stage
      self.began = began
      self.ended = ended
      self.codes = codes
      self.inputs = inputs
      self.outputs = outputs
    }

    var name: String { stage.map { "\(pipeline).\($0)" } ?? pipeline }
  }

  package var run: String
  package var version: String
  package var jobs: [Job]

  /// The jobs of a run.
  package init(run: String, version: String, jobs: [Job]) {
    self.run = run
    self.version = version
    self.jobs = jobs
  }

  /// The namespace of jobs and of what is made here.
  package static let namespace = "yearbook"

  /// START of each job, and COMPLETE, or FAIL if any partition failed in it. A pipeline's stages
  /// stand between its own two.
  package func requests() throws -> [TelemetrySender.Parcel.Request] {
    var events: [Event] = []
    for pipeline in jobs where pipeline.stage == nil {
      events.append(event(pipeline, isEnd: false))
      for stage in jobs where stage.stage != nil && stage.pipeline == pipeline.pipeline {
        events += [event(stage, isEnd: false), event(stage, isEnd: true)]
      }
      events.append(event(pipeline, isEnd: true))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try events.map {
      .init(
        "POST", "/api/v1/lineage", mediaType: "application/json",
        body: Array(try encoder.encode($0)))
    }
  }

  private func event(_ job: Job, isEnd: Bool) -> Event {
    let producer = "urn:yearbook:\(version)"
    let failure = isEnd && !job.codes.isEmpty ? job.codes.joined(separator: ", ") : nil
    func datasets(_ all: [Dataset], isOutput: Bool) -> [Event.Dataset] {
      all.map { dataset in
        let made = isOutput && isEnd ? dataset.made : nil
        let origins = isOutput ? dataset.origins.filter { !$0.value.isEmpty } : [:]
        return Event.Dataset(
          namespace: dataset.namespace, name: dataset.name,
          facets: .init(
            schema: .init(
              _producer: producer, _schemaURL: Self.facet("1-2-0/SchemaDatasetFacet"),
              fields: dataset.fields),
            columnLineage: origins.isEmpty
              ? nil
              : .init(
                _producer: producer, _schemaURL: Self.facet("1-2-0/ColumnLineageDatasetFacet"),
                fields: origins.mapValues { .init(inputFields: $0) }),
            version: made.map {
              .init(
                _producer: producer, _schemaURL: Self.facet("1-0-1/DatasetVersionDatasetFacet"),
                datasetVersion: $0.digest)
            }),
          outputFacets: made.map {
            .init(
              outputStatistics: .init(
                _producer: producer,
                _schemaURL: Self.facet("1-0-2/OutputStatisticsOutputDatasetFacet"),
                rowCount: $0.rows, size: $0.bytes))
          })
      }
    }
    return Event(
      eventTime: Self.time(isEnd ? max(job.began, job.ended) : job.began), producer: producer,
      schemaURL: "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
      eventType: !isEnd ? "START" : failure == nil ? "COMPLETE" : "FAIL",
      run: .init(
        runId: Self.identifier(run, job.name),
        facets: .init(
          parent: job.stage == nil
            ? nil
            : .init(
              _producer: producer, _schemaURL: Self.facet("1-2-0/ParentRunFacet"),
              run: .init(runId: Self.identifier(run, job.pipeline)),
              job: .init(namespace: Self.namespace, name: job.pipeline)),
          errorMessage: failure.map {
            .init(
              _producer: producer, _schemaURL: Self.facet("1-0-1/ErrorMessageRunFacet"),
              message: $0, programmingLanguage: "Swift")
          })),
      job: .init(
        namespace: Self.namespace, name: job.name,
        facets: .init(
          jobType: .init(
            _producer: producer, _schemaURL: Self.facet("2-0-4/JobTypeJobFacet"),
            processingType: "BATCH", integration: "YEARBOOK",
            jobType: job.stage == nil ? "PIPELINE" : "STAGE"))),
      inputs: datasets(job.inputs, isOutput: false), outputs: datasets(job.outputs, isOutput: true)
    )
  }

  private static func facet(_ path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    return "https://openlineage.io/spec/facets/\(path).json#/$defs/\(name)"
  }

  private static func time(_ microseconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(microseconds) / 1_000_000)
      .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }

  /// A UUID (version 8) that follows from the run and the job.
  static func identifier(_ run: String, _ job: String) -> String {
    var digits = Array(SHA256Digest(of: "yearbook lineage \(run) \(job)".utf8).hex.prefix(32))
    digits[12] = "8"
    digits[16] = "a"
    let parts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
    return parts.joined(separator: "-")
  }
}

/// The JSON of an event.
private struct Event: Encodable {
  struct Schema: Encodable {
    var _producer: String
    var _schemaURL: String
    var fields: [RunLineage.Dataset.Field]
  }
  struct Origins: Encodable { var inputFields: [RunLineage.Dataset.Origin] }
  struct ColumnLineage: Encodable {
    var _producer: String
    var _schemaURL: String
    var fields: [String: Origins]
  }
  struct Version: Encodable {
    var _producer: String
    var _schemaURL: String
    var datasetVersion: String
  }
  struct Statistics: Encodable {
    var _producer: String
    var _schemaURL: String
    var rowCount: Int
    var size: Int?
  }
  struct DatasetFacets: Encodable {
    var schema: Schema
    var columnLineage: ColumnLineage?
    var version: Version?
  }
  struct OutputFacets: Encodable { var outputStatistics: Statistics }
  struct Dataset: Encodable {
    var namespace: String
    var name: String
    var facets: DatasetFacets
    var outputFacets: OutputFacets?
  }
  struct RunName: Encodable { var runId: String }
  struct JobName: Encodable {
    var namespace: String
    var name: String
  }
  struct Parent: Encodable {
    var _producer: String
    var _schemaURL: String
    var run: RunName
    var job: JobName
  }
  struct Problem: Encodable {
    var _producer: String
    var _schemaURL: String
    var message: String
    var programmingLanguage: String
  }
  struct RunFacets: Encodable {
    var parent: Parent?
    var errorMessage: Problem?
  }
  struct Run: Encodable {
    var runId: String
    var facets: RunFacets
  }
  struct Kind: Encodable {
    var _producer: String
    var _schemaURL: String
    var processingType: String
    var integration: String
    var jobType: String
  }
  struct JobFacets: Encodable { var jobType: Kind }
  struct Job: Encodable {
    var namespace: String
    var name: String
    var facets: JobFacets
  }

  var eventTime: String
  var producer: String
  var schemaURL: String
  var eventType: String
  var run: Run
  var job: Job
  var inputs: [Dataset]
  var outputs: [Dataset]
}
