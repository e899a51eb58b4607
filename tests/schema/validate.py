"""validate.py ASYNCAPI_SCHEMA - see schema_test.sh. Runs in the root of the tree, prints TAP."""

import json
import pathlib
import re
import sys

import yaml
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SCHEMAS = pathlib.Path("proto/schema")
GOLDEN = pathlib.Path("tests/golden")
EVENTS = (
    "object_event", "item_event", "user_event", "interaction_event", "display_event", "play_event",
    "export_event", "generation_request", "generation_event",
)

results = []


def report(name, problem=None):
    """One line of TAP; problem is None or what is wrong."""
    results.append(problem is None)
    print(f"{'ok' if problem is None else 'not ok'} {len(results)} - {name}")
    if problem is not None:
        print("# " + str(problem).replace("\n", "\n# "))


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def retrieve(uri):
    return Resource.from_contents(read(SCHEMAS / uri), default_specification=DRAFT202012)


def validator(name):
    return Draft202012Validator(
        {"$ref": f"{name}.json"}, registry=Registry(retrieve=retrieve),
        format_checker=FormatChecker(),
    )


def first_error(schema, instance):
    error = next(iter(schema.iter_errors(instance)), None)
    return error and f"{error.json_path}: {error.message}"


def check_schemas():
    for path in sorted(SCHEMAS.glob("*.json")):
        errors = Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(read(path))
        report(f"{path} is a JSON Schema", next((e.message for e in errors), None))


def check_samples():
    for event in EVENTS:
        schema = validator(event)
        samples = sorted(GOLDEN.glob(f"{event}.*.json"))
        report(f"{event} has samples", None if len(samples) > 1 else "fewer than two")
        for path in samples:
            report(f"{path} is valid", first_error(schema, read(path)))


def check_bad_samples():
    for path in sorted((GOLDEN / "bad").glob("*.json")):
        sample = read(path)
        refused = first_error(validator(path.name.split(".")[0]), sample["event"]) is not None
        beyond = sample.get("beyond_schema", False)
        report(
            f"{path} is {'beyond the schema' if beyond else 'refused'}",
            None if refused != beyond else f"the schema {'refuses' if refused else 'takes'} it",
        )


def check_headers():
    headers = read(GOLDEN / "dead_letter.json")["headers"]
    for name in ("envelope_headers", "dead_letter_headers"):
        report(f"the dead letter has its {name}", first_error(validator(name), headers))
        for missing in read(SCHEMAS / f"{name}.json")["required"]:
            rest = {k: v for k, v in headers.items() if k != missing}
            wrong = first_error(validator(name), rest)
            report(f"{name} needs {missing}", None if wrong else "it was not missed")


def topics_in_c():
    """The rows of garden_topics, as AsyncAPI has them."""
    names = dict(re.findall(r'#define (TOPIC_\w+) "([^"]+)"', pathlib.Path("proto/topics.h").read_text()))
    rows = re.findall(
        r"\{(TOPIC_\w+), (\d+), (true|false), (?:DAYS\((\d+)\)|BUS_KEEP_FOREVER)\}",
        pathlib.Path("proto/topics.c").read_text(),
    )
    return {
        names[name]: (int(partitions), "compact" if compact == "true" else "delete",
                      int(days) * 86400000 if days else -1)
        for name, partitions, compact, days in rows
    }


def topics_in(document):
    topics = {}
    for channel in document["channels"].values():
        kafka = channel["bindings"]["kafka"]
        conf = kafka["topicConfiguration"]
        topics[channel["address"]] = (
            kafka["partitions"], conf["cleanup.policy"][0], conf["retention.ms"])
    return topics


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def broken_reference(document):
    """The first $ref of the document that leads nowhere, or None."""
    for ref in references(document):
        if ref.startswith("#/"):
            node = document
            for part in ref[2:].split("/"):
                node = node.get(part) if isinstance(node, dict) else None
            if node is None:
                return f"{ref} leads nowhere"
        elif not (pathlib.Path("proto") / ref).is_file():
            return f"{ref} is no file"
    return None


def check_asyncapi(schema_path):
    document = yaml.safe_load(pathlib.Path("proto/asyncapi.yaml").read_text(encoding="utf-8"))
    errors = Draft7Validator(read(pathlib.Path(schema_path))).iter_errors(document)
    report("asyncapi.yaml is AsyncAPI 3.0.0",
           next((f"{e.json_path}: {e.message[:400]}" for e in errors), None))
    report("asyncapi.yaml's references lead somewhere", broken_reference(document))
    ours, theirs = topics_in_c(), topics_in(document)
    report("asyncapi.yaml and topics.c agree",
           None if ours and ours == theirs else f"topics.c: {ours}\nasyncapi.yaml: {theirs}")
    described = set(document["components"]["messages"])
    report("asyncapi.yaml has every event",
           None if described == {*EVENTS, "dead_letter"} else described ^ {*EVENTS, "dead_letter"})


def check_openapi():
    path = pathlib.Path("proto/openapi.yaml")
    if not path.exists():
        report("openapi.yaml is OpenAPI # SKIP there is none yet")
        return
    from openapi_spec_validator import validate

    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        validate(document)
        report(f"openapi.yaml is OpenAPI {document['openapi']}")
    except Exception as problem:  # its errors have no common class
        report("openapi.yaml is OpenAPI", f"{type(problem).__name__}: {problem}"[:600])


def main():
    check_schemas()
    check_samples()
    check_bad_samples()
    check_headers()
    check_asyncapi(sys.argv[1])
    check_openapi()
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
