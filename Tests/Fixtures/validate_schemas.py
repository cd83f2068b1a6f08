"""Holds JSON against its schemas: validate_schemas.py SCHEMAS OUTPUTS

SCHEMAS has NAME.schema.json, OUTPUTS has NAME.*.json and NAME.*.jsonl (a value on each line). Prints
what does not fit, and the names of schemas without any output. Exits with 1 if there is something.
"""
import json
import pathlib
import sys

from jsonschema import Draft202012Validator

schemas, outputs = map(pathlib.Path, sys.argv[1:])
faults, used = [], set()
validators = {}
for path in sorted(schemas.glob("*.schema.json")):
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    validators[path.name.removesuffix(".schema.json")] = Draft202012Validator(schema)
for path in sorted(outputs.iterdir()):
    name = path.name.split(".")[0]
    used.add(name)
    text = path.read_text()
    values = text.splitlines() if path.suffix == ".jsonl" else [text]
    if not any(value.strip() for value in values):
        faults.append(f"{path.name}: empty")
    for value in values:
        try:
            read = json.loads(value)
        except ValueError as error:
            faults.append(f"{path.name}: no JSON: {error}")
            continue
        for error in validators[name].iter_errors(read):
            causes = [error, *sorted(error.context, key=lambda cause: -len(cause.absolute_path))[:3]]
            told = "; ".join(f"{cause.json_path}: {cause.message[:300]}" for cause in causes)
            faults.append(f"{path.name}: {told}")
faults += [f"no output of {name}" for name in sorted(set(validators) - used)]
print("\n".join(faults))
sys.exit(1 if faults else 0)
