"""Reads events of OpenLineage, a JSON line each, by the classes of its own client: lineage_judge.py FILE

Exits with 1 if a key is not one that they know, or a value is not what they take. Prints each event in short.
"""

import json
import sys

import attr
from openlineage.client.generated import (
    column_lineage_dataset, dataset_version_dataset, error_message_run, job_type_job, output_statistics_output_dataset,
    parent_run, schema_dataset)
from openlineage.client.generated.base import EventType, InputDataset, Job, OutputDataset, Run, RunEvent

FACETS = {
    "schema": schema_dataset.SchemaDatasetFacet,
    "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet,
    "version": dataset_version_dataset.DatasetVersionDatasetFacet,
    "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    "parent": parent_run.ParentRunFacet,
    "errorMessage": error_message_run.ErrorMessageRunFacet,
    "jobType": job_type_job.JobTypeJobFacet,
}


def facet(name, value):
    kind = FACETS[name]
    value = dict(value)
    producer, schema = value.pop("_producer"), value.pop("_schemaURL")
    assert producer.startswith("urn:yearbook:"), producer
    assert schema == kind._get_schema(), f"{schema} is not {kind._get_schema()}"
    if name == "schema":
        value["fields"] = [schema_dataset.SchemaDatasetFacetFields(**each) for each in value["fields"]]
    if name == "columnLineage":
        value["fields"] = {
            column: column_lineage_dataset.Fields(
                **{**each, "inputFields": [column_lineage_dataset.InputField(**one) for one in each["inputFields"]]})
            for column, each in value["fields"].items()}
    if name == "parent":
        value = {"run": parent_run.Run(**value["run"]), "job": parent_run.Job(**value["job"])}
    made = kind(**value)
    assert all(getattr(made, key) is not None for key in value)
    return made


def facets(value):
    return {name: facet(name, each) for name, each in value.items()}


def datasets(kind, values):
    made = []
    for each in values:
        each = {name: facets(value) if name.lower().endswith("facets") else value for name, value in each.items()}
        made.append(kind(**each))
    return made


with open(sys.argv[1], encoding="utf-8") as file:
    for line in file:
        event = json.loads(line)
        assert event.pop("schemaURL") == RunEvent._get_schema()
        run, job = event.pop("run"), event.pop("job")
        made = RunEvent(
            eventType=EventType(event.pop("eventType")), eventTime=event.pop("eventTime"), producer=event.pop("producer"),
            run=Run(runId=run.pop("runId"), facets=facets(run.pop("facets"))),
            job=Job(namespace=job.pop("namespace"), name=job.pop("name"), facets=facets(job.pop("facets"))),
            inputs=datasets(InputDataset, event.pop("inputs")), outputs=datasets(OutputDataset, event.pop("outputs")))
        assert not event and not run and not job, f"unknown: {event} {run} {job}"
        attr.asdict(made)
        print(
            made.eventType.value, made.job.name, made.run.runId, len(made.inputs), len(made.outputs),
            "parent" if "parent" in made.run.facets else "-")
