/// All metrics of the program. `docs/reference/metrics.md` lists them.
///
/// Gauges say what the record says now. Counters only grow, also when old runs are forgotten.
/// Labels are names of pipelines, schedules, stages, channels and words of closed lists. A tenant's
/// slug is a label only where `telemetry.tenants: slug` is set.
package enum MetricCatalog {
  /// The upper bounds of histograms of durations, in seconds. `+Inf` follows.
  package static let durations: [Double] = [0.05, 0.25, 1, 5, 15, 60, 300, 1800, 7200]

  package static let build = Metric(.gauge, "build_info", ["version"], "1, by the version")
  package static let rendered = Metric(
    .gauge, "metrics_rendered_timestamp_seconds", unit: "seconds",
    "When these numbers were read from the record, by the record's clock")
  package static let series = Metric(
    .gauge, "metrics_series", [], "How many time series these are, without this one")

  package static let running = Metric(
    .gauge, "runs_under_way", ["name"], "Runs that are under way")
  package static let lastStarted = Metric(
    .gauge, "run_last_started_timestamp_seconds", ["name"], unit: "seconds",
    "When the last run began")
  package static let lastFinished = Metric(
    .gauge, "run_last_finished_timestamp_seconds", ["name"], unit: "seconds",
    "When the last run ended; absent while it is under way")
  package static let lastDuration = Metric(
    .gauge, "run_last_duration_seconds", ["name"], unit: "seconds",
    "How long the last run took, or has taken so far")
  package static let lastState = Metric(
    .gauge, "run_last_state", ["name", "state"],
    "1 for the state of the last run: running, done, failed or interrupted")
  package static let lastPlanned = Metric(
    .gauge, "run_last_planned_partitions", ["name"], "Partitions of the last run")
  package static let lastPartitions = Metric(
    .gauge, "run_last_partitions", ["name", "outcome"],
    "Partitions of the last run that ended: published, unchanged, failed or skipped")
  package static let lastStages = Metric(
    .gauge, "run_last_stages", ["name", "outcome"],
    "Stages of the last run that ran, or whose result was found")
  package static let lastWarnings = Metric(
    .gauge, "run_last_warnings", ["name"], "Warnings of the last run")
  package static let lastNotes = Metric(
    .gauge, "run_last_note", ["name", "code"],
    "1 for each warning about the last run as a whole, such as a wrong clock")

  package static let completed = Metric(
    .gauge, "schedule_completed_timestamp_seconds", ["schedule"], unit: "seconds",
    "When the last run of the whole schedule began that worked on all its partitions")
  package static let good = Metric(
    .gauge, "schedule_good_timestamp_seconds", ["schedule"], unit: "seconds",
    "When the last run of the whole schedule began that left nothing undone")
  package static let nextDue = Metric(
    .gauge, "schedule_next_due_timestamp_seconds", ["schedule"], unit: "seconds",
    "By when the next run of the whole schedule must have ended (due: in the schedule)")

  package static let serviceObjective = Metric(
    .gauge, "service_objective_ratio", [],
    "Which share of the partitions due in 30 days must be published by their deadline")
  package static let serviceLevel = Metric(
    .gauge, "service_level_ratio", ["schedule", "window"],
    "Which share of the partitions due in the last 1d, 3d, 7d or 30d was published by their deadline"
  )
  package static let servicePartitions = Metric(
    .gauge, "service_partitions", ["schedule", "window", "outcome"],
    "Partitions due in the window that were published or unchanged by their deadline (kept), or not (missed)"
  )
  package static let serviceBurn = Metric(
    .gauge, "service_burn_ratio", ["schedule", "window"],
    "How many times faster than the objective allows partitions were missed in the window")

  package static let partitions = Metric(
    .gauge, "partitions", ["pipeline", "state"],
    "Partitions by their last outcome: done, stale (failed, with an older release) or missing")
  package static let statuses = Metric(
    .gauge, "partitions_published", ["pipeline", "status"],
    "Partitions with a release: provisional, final, restated or withdrawn")
  package static let failingSince = Metric(
    .gauge, "partitions_failing_since_timestamp_seconds", ["pipeline"], unit: "seconds",
    "Since when the partition that has failed the longest fails")
  package static let partitionWarnings = Metric(
    .gauge, "partition_warnings", ["pipeline", "code"],
    "Warnings of the newest releases, such as cards in place of recordings, by their code")
  package static let tenantPartitions = Metric(
    .gauge, "tenant_partitions", ["tenant", "pipeline", "state"],
    "Partitions of a tenant by their last outcome (only with telemetry.tenants: slug)")
  package static let ahead = Metric(
    .gauge, "partitions_ahead", [],
    "Partitions whose rows were read at a time that has not come yet")

  package static let runs = Metric(
    .counter, "runs", ["name", "state"], "Runs that ended, by their state")
  package static let runSeconds = Metric(
    .counter, "runs_duration_seconds", ["name"], unit: "seconds", "Seconds that ended runs took")
  package static let ended = Metric(
    .counter, "run_partitions", ["name", "outcome"],
    "Partitions of ended runs: published, unchanged, failed or skipped")
  package static let stages = Metric(
    .counter, "run_stages", ["name", "outcome"],
    "Stages of ended runs that ran, or whose result was found")
  package static let failures = Metric(
    .counter, "failures", ["pipeline", "stage", "code"],
    "Partitions that failed in ended runs, by stage and code")
  package static let attempts = Metric(
    .counter, "stage_attempts", ["pipeline", "stage", "outcome"],
    "Tries at stages in ended runs: ok, or the code of the failure")
  package static let stageSeconds = Metric(
    .histogram, "stage_duration_seconds", ["pipeline", "stage"], unit: "seconds",
    "How long successful tries at stages took in ended runs")

  package static let extractions = Metric(
    .counter, "extractions", ["pipeline", "outcome"],
    "Partitions whose rows were read, were known to be unchanged, or could not be read, in ended runs"
  )
  package static let extractionRows = Metric(
    .counter, "extraction_rows", ["pipeline"], "Rows that ended runs read from sources")
  package static let extractionSeconds = Metric(
    .counter, "extraction_duration_seconds", ["pipeline", "source"], unit: "seconds",
    "Seconds that ended runs waited for a source's rows, all sessions together")
  package static let pieces = Metric(
    .counter, "pieces", ["pipeline", "kind", "outcome"],
    "Pieces of films, such as segments, that ended runs made, or found made")
  package static let publishedBytes = Metric(
    .counter, "published_bytes", ["pipeline"], unit: "bytes",
    "Bytes of the payloads of new releases of ended runs")
  package static let sourceLag = Metric(
    .gauge, "source_lag_seconds", ["source"], unit: "seconds",
    "How far a standby's rows were behind its primary's when the last run read them")

  package static let requests = Metric(
    .gauge, "requests", ["pipeline", "status"],
    "Requests of the platform that are not answered: requested or running")
  package static let requestsSince = Metric(
    .gauge, "requests_oldest_timestamp_seconds", ["pipeline"], unit: "seconds",
    "When the oldest request was made that is not answered")

  package static let deliveries = Metric(
    .gauge, "deliveries", ["channel", "state"],
    "Messages that wait (pending, sending, retryable, uncertain) or that nobody got (dead)")
  package static let deliveriesSince = Metric(
    .gauge, "deliveries_oldest_timestamp_seconds", ["channel"], unit: "seconds",
    "When the oldest message was queued that waits and could leave now")
  package static let breakers = Metric(
    .gauge, "delivery_breakers_open", ["channel"], "Destinations that take no messages")
  package static let incidents = Metric(
    .gauge, "delivery_incidents_open", ["channel"], "Incidents that are not over")

  package static let upkeepLast = Metric(
    .gauge, "upkeep_last_timestamp_seconds", ["work"], unit: "seconds",
    "When the whole store was last verified or mirrored: when that began")
  package static let upkeepGood = Metric(
    .gauge, "upkeep_good_timestamp_seconds", ["work"], unit: "seconds",
    "When the last of these began that left no problem")
  package static let upkeepProblems = Metric(
    .gauge, "upkeep_last_problems", ["work"],
    "Faults that the last verification found, or failures of the last mirroring")
  package static let upkeepDuration = Metric(
    .gauge, "upkeep_last_duration_seconds", ["work"], unit: "seconds", "How long it took")
  package static let upkeepReleases = Metric(
    .gauge, "upkeep_releases", ["work"], "Releases that the last verification found")
  package static let upkeepBytes = Metric(
    .gauge, "upkeep_bytes", ["work"], unit: "bytes",
    "Bytes of the releases that the last verification found")
  package static let unverified = Metric(
    .gauge, "store_unverified_timestamp_seconds", [], unit: "seconds",
    "Since when the oldest change is published that no good verification followed")

  package static let volumeFree = Metric(
    .gauge, "volume_free_bytes", ["volume"], unit: "bytes",
    "What can still be written to the file system of the store or of the workspace")

  /// All of them, in the order in which they are written.
  package static let all = [
    build, rendered, series, running, lastStarted, lastFinished, lastDuration, lastState,
    lastPlanned, lastPartitions, lastStages, lastWarnings, lastNotes, completed, good, nextDue,
    serviceObjective, serviceLevel, servicePartitions, serviceBurn, partitions, statuses,
    failingSince, partitionWarnings, tenantPartitions, ahead, runs,
    runSeconds, ended, stages, failures, attempts, stageSeconds, extractions,
    extractionRows, extractionSeconds, pieces, publishedBytes, sourceLag, requests, requestsSince,
    deliveries, deliveriesSince, breakers, incidents, upkeepLast, upkeepGood, upkeepProblems,
    upkeepDuration, upkeepReleases, upkeepBytes, unverified, volumeFree,
  ]
}
