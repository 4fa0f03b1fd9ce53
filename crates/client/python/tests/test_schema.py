"""The classes and the fields of reports are those of the OpenAPI document."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from job_progress import _report, _results, _status
from job_progress._report import to_camel, to_snake

_ROOT = next(parent for parent in Path(__file__).parents if (parent / "tests/cases/api").is_dir())
_SCHEMAS: dict[str, Any] = json.loads((_ROOT / "dist/openapi.json").read_text(encoding="utf-8"))["components"][
    "schemas"
]

#: Classes by the schemas that they stand for.
_CLASSES = {
    "JobStatus": ["Document", "Polling"],
    "Step": ["Step"],
    "Throughput": ["Throughput"],
    "Waiting": ["Waiting"],
    "Children": ["Children"],
    "StatusCounts": ["StatusCounts"],
    "JobError": ["JobError"],
    "Attempt": ["Attempt"],
    "Control": ["Control"],
    "LogLine": ["LogLine"],
    "Links": ["Links"],
    "NewJob": ["Access"],
    "ItemResult": ["ItemAnswer"],
    "ReportResult": ["ReportAnswer", "Access"],
    "ListedJob": ["ListedJob"],
    "LogPage": ["LogPage"],
    "NewToken": ["Minted"],
}
_NAMES = {"ItemAnswer": "ItemResult"}
#: Types that are not those of the schema, and why.
_OTHERS = {
    ("ItemResult", "error"): "str | None",  # a code that a later server adds is no error of type
    ("ReportResult", "links"): "Links | None",  # present only if the report has created the job
}


def _annotation(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        if "enum" in schema:
            return _literal(schema["enum"])
        if name in ("Status", "Substate"):
            return name
        if _NAMES.get(name, name) in _CLASSES:
            return _NAMES.get(name, name)
        return _annotation(_SCHEMAS[name])
    if "anyOf" in schema:
        return " | ".join(map(_annotation, schema["anyOf"]))
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(_annotation({**schema, "type": one}) for one in kind)
    if "enum" in schema:
        return _literal(schema["enum"])
    if kind == "array":
        return f"list[{_annotation(schema['items'])}]"
    if kind == "string":
        return "datetime" if schema.get("format") == "date-time" else "str"
    plain = {"number": "float", "integer": "int", "boolean": "bool", "object": "FreeForm", "null": "None"}
    return plain.get(str(kind), "Any")


def _literal(values: list[str]) -> str:
    return f"Literal[{', '.join(map(repr, values))}]"


def _attributes(module: Any, name: str) -> dict[str, tuple[str, str]]:
    """The annotated attributes of a class with their types and docstrings."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    found = {}
    for node, following in zip(body, [*body[1:], ast.Pass()]):
        if isinstance(node, ast.AnnAssign):
            doc = following.value.value if isinstance(following, ast.Expr) else ""  # type: ignore[attr-defined]
            found[ast.unparse(node.target)] = (ast.unparse(node.annotation), " ".join(doc.split()))
    return found


@pytest.mark.parametrize("name", _CLASSES)
def test_a_class_has_the_members_of_its_schema_with_their_types_and_descriptions(name: str) -> None:
    expected = {}
    for schema in (_SCHEMAS[schema] for schema in _CLASSES[name]):
        for member, property_ in schema["properties"].items():
            annotation = _annotation(property_)
            if member not in schema.get("required", []) and annotation != "Any" and "None" not in annotation:
                annotation = f"{annotation} | None"
            annotation = _OTHERS.get((name, to_snake(member)), annotation)
            expected[to_snake(member)] = (annotation, " ".join(property_.get("description", "").split()))
    module = _status if hasattr(_status, name) and name != "NewJob" else _results
    assert _attributes(module, name) == expected


def test_names_survive_the_way_to_python_and_back() -> None:
    members = {member for schema in _SCHEMAS.values() for member in schema.get("properties", {}) if "_" not in member}
    assert {to_camel(to_snake(member)) for member in members} == members


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("ReportFields", "Report"),
        ("ReportedStep", "ReportedStep"),
        ("ReportedThroughput", "ReportedThroughput"),
        ("ReportedWaiting", "ReportedWaiting"),
    ],
)
def test_a_report_has_the_fields_of_its_schema(name: str, schema: str) -> None:
    fields = getattr(_report, name).__annotations__
    assert [to_camel(field) for field in fields] == list(_SCHEMAS[schema]["properties"])
    for field, annotation in fields.items():
        property_ = _SCHEMAS[schema]["properties"][to_camel(field)]
        is_any = "type" not in property_ and "anyOf" not in property_ and "$ref" not in property_
        can_clear = "null" in property_.get("type", []) or {"type": "null"} in property_.get("anyOf", [])
        text = getattr(annotation, "__forward_arg__", str(annotation))
        assert text == "Any" if is_any else ("None" in text) == (can_clear and schema == "Report"), field
    assert set(_SCHEMAS["Creation"]["properties"]) - set(_SCHEMAS["Report"]["properties"]) == {
        "jobId",
        "replace",
        "parentId",
    }
