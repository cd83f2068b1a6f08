"""Reads dashboards by Grafana's own types: dashboard_judge.py FILE.json ...

Exits with 1 if a file has a key that they do not know, or a panel lacks a title, a description, a unit or a query. Prints each
query as a line of JSON: {"dashboard", "panel", "kind", "query"}.
"""

import json
import sys

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

register_default_plugins()


def lost(ours, theirs, place):
    """What of `ours` is not in what their types kept."""
    if isinstance(ours, dict):
        for key, value in ours.items():
            if not isinstance(theirs, dict) or key not in theirs:
                yield f"{place}.{key}"
            else:
                yield from lost(value, theirs[key], f"{place}.{key}")
    elif isinstance(ours, list):
        if not isinstance(theirs, list) or len(ours) != len(theirs):
            yield place
        else:
            for number, value in enumerate(ours):
                yield from lost(value, theirs[number], f"{place}[{number}]")
    elif ours != theirs:
        yield f"{place}: {ours!r} is read as {theirs!r}"


faults = []
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        ours = json.load(file)
    theirs = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(ours)))
    faults += [f"{path}: {fault}" for fault in lost(ours, theirs, "")]
    for panel in ours["panels"]:
        place = f"{path}: {panel.get('title')}"
        for key in ("title", "description"):
            if not panel.get(key):
                faults.append(f"{place}: no {key}")
        if not panel["fieldConfig"]["defaults"].get("unit"):
            faults.append(f"{place}: no unit")
        if not panel["targets"]:
            faults.append(f"{place}: no query")
        for target in panel["targets"]:
            print(json.dumps({
                "dashboard": ours["uid"], "panel": panel["title"], "kind": panel["datasource"]["type"],
                "query": target.get("expr") or target["rawSql"]}))
if faults:
    sys.exit("\n".join(faults))
