"""Reads metrics.json, metrics.protobuf, traces.json and traces.protobuf of a folder by OpenTelemetry's own
declarations. Exits with 1 if one is not such a message, or the two encodings say different things.
"""

import base64
import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

folder = sys.argv[1]


def standard(value):
    """OTLP's JSON has identifiers in hexadecimal, where protobuf's has base64."""
    if isinstance(value, list):
        return [standard(each) for each in value]
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(each)).decode()
            if key in ("traceId", "spanId", "parentSpanId")
            else standard(each)
            for key, each in value.items()
        }
    return value


def read(name, message):
    with open(f"{folder}/{name}.json", encoding="utf-8") as file:
        of_json = json_format.ParseDict(standard(json.load(file)), message())
    with open(f"{folder}/{name}.protobuf", "rb") as file:
        of_protobuf = message.FromString(file.read())
    if of_json != of_protobuf:
        sys.exit(f"{name}: the encodings differ\n{of_json}\n{of_protobuf}")
    if of_protobuf.DiscardUnknownFields() or of_json != of_protobuf:
        sys.exit(f"{name}: there are fields that nobody knows")
    return of_protobuf


def value(any_value):
    return getattr(any_value, any_value.WhichOneof("value"))


for resource in read("traces", ExportTraceServiceRequest).resource_spans:
    assert {each.key for each in resource.resource.attributes} == {"service.name", "service.version"}
    for scope in resource.scope_spans:
        for span in scope.spans:
            assert len(span.trace_id) == 16 and len(span.span_id) == 8
            seconds = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9
            print(
                f"span {span.name} {seconds} {span.status.code} {span.status.message}"
                f" links={len(span.links)} parent={bool(span.parent_span_id)}"
            )
            for each in span.attributes:
                print(f"attribute {span.name} {each.key}={value(each.value)}")
for resource in read("metrics", ExportMetricsServiceRequest).resource_metrics:
    for scope in resource.scope_metrics:
        for metric in scope.metrics:
            kind = metric.WhichOneof("data")
            for point in getattr(metric, kind).data_points:
                assert point.time_unix_nano > 0
                assert kind == "gauge" or 0 < point.start_time_unix_nano < point.time_unix_nano
                number = (
                    f"{list(point.bucket_counts)} {point.sum}"
                    if kind == "histogram"
                    else point.as_double
                )
                if kind == "histogram":
                    assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
                    assert sum(point.bucket_counts) == point.count
                print(f"metric {metric.name} {metric.unit} {kind} {number}")
