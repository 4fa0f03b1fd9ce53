"""Which bodies the API reads although their schema excludes them (PROTOCOL.md, section 2): rounding errors, and `[]` for `{}`."""

import json
import pathlib

import jsonschema_rs

DOCUMENT = json.loads((pathlib.Path(__file__).resolve().parents[2] / "dist" / "openapi.json").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
# The operations of which a body `[]` is `{}`.
EMPTY_LISTS = [("POST", path) for path in ["/v2/jobs", *(f"/v2/jobs/{{jobId}}/{request}" for request in ["cancel", "pause", "resume", "retry"])]]
# A number beyond its bound by at most this much is the bound.
ROUNDING = 1e-6


def body_schema(method, path, media_type):
    """The schema of a request body; None if the operation has no body of that media type."""
    content = DOCUMENT["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
    return content.get(media_type, {}).get("schema")


def matches(value, schema):
    return jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]}).is_valid(value)


def as_read(value, schema):
    """The value as the API reads it where the schema applies: what it reads leniently becomes what the schema wants."""
    if "$ref" in schema:
        return as_read(value, SCHEMAS[schema["$ref"].rpartition("/")[2]])
    for alternative in [*schema.get("anyOf", []), *schema.get("oneOf", [])]:
        read = as_read(value, alternative)
        if matches(read, alternative):
            return read
    types = schema.get("type", [])
    types = types if isinstance(types, list) else [types]
    if value == [] and "object" in types and "array" not in types:
        return {}
    if isinstance(value, float) and "number" in types:
        for bound, is_past in (("minimum", lambda bound: value < bound), ("maximum", lambda bound: value > bound)):
            if bound in schema and is_past(schema[bound]) and abs(value - schema[bound]) <= ROUNDING:
                return schema[bound]
    if isinstance(value, list) and "items" in schema:
        return [as_read(item, schema["items"]) for item in value]
    if isinstance(value, dict):
        others = schema.get("additionalProperties")
        others = others if isinstance(others, dict) else {}
        members = schema.get("properties", {})
        return {name: as_read(member, members.get(name, others)) for name, member in value.items()}
    return value


def is_lenient(method, path, media_type, body):
    """Whether the API reads a body that its schema excludes, and only because of what it reads leniently."""
    schema = body_schema(method, path, media_type)
    if schema is None:
        return False
    # The validator takes no lone surrogates. The API reads them as U+FFFD, and the schema does not exclude them.
    body = json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
    if matches(body, schema):
        return False
    # As a body `[]` is `{}` in a creation and a control request only; elsewhere it is an empty list of reports, which is refused.
    if body == [] and (method.upper(), path) not in EMPTY_LISTS:
        return False
    return matches(as_read(body, schema), schema)


def check():
    """Checks the rules above: a lenient value excuses itself and nothing beside it."""
    creation, reports = ("POST", "/v2/jobs"), ("POST", "/v2/jobs/{jobId}/reports")
    step = {"id": "a", "progress": 100.0000009}
    for operation, body, expected in [
        (creation, [], True),
        (creation, {"metadata": []}, True),
        (creation, {"progress": 100.0000009, "current": -9e-7}, True),
        (creation, {"steps": [step], "message": "a \ud83d"}, True),
        (reports, [{"tags": [], "throughput": {"rate": -1e-9}}, {}], True),
        (reports, [], False),
        (("POST", "/v2/jobs/{jobId}/retry"), [], True),
        (("POST", "/v2/jobs/{jobId}/retry"), {"reason": []}, False),
        (creation, {"metadata": {}}, False),
        (creation, {"progress": 100.0000011}, False),
        (creation, {"current": 100.0000009}, False),
        (creation, {"order": -9e-7}, False),
        (creation, {"error": []}, False),
        (creation, {"tags": [], "steps": [], "kind": 5}, False),
        (creation, {"metadata": {"empty": []}, "progress": 200}, False),
        (creation, {"steps": [step, {"label": "no id"}]}, False),
        (reports, [{"tags": []}, {"unknown": []}], False),
    ]:
        assert is_lenient(*operation, "application/json", body) is expected, f"{operation[1]} {body}: not {expected}"


if __name__ == "__main__":
    check()
