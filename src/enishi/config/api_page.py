"""The page that explains the API, drawn from its own description; as a program it prints that description."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

METHODS = ("get", "post", "patch", "put", "delete")


@dataclass(frozen=True)
class FieldShown:
    name: str
    type: str
    required: bool
    text: str = ""


@dataclass
class OperationShown:
    method: str
    path: str
    id: str
    summary: str
    text: str
    parameters: list[FieldShown] = field(default_factory=list)
    body: list[FieldShown] = field(default_factory=list)
    answer: str = ""
    answer_fields: list[FieldShown] = field(default_factory=list)


def description() -> dict[str, Any]:
    """OpenAPI 3.1, as plain JSON types."""
    from enishi.config.api import api

    plain: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    return plain


def _type(schema: dict[str, Any]) -> str:
    """A type in a few letters: ``integer or null``, ``list of PointIn``."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_type(part) for part in schema[several]))
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("format") in {"date", "date-time"}:
        return str(schema["format"])
    return str(schema.get("type", "any"))


def _fields(schema: dict[str, Any], known: dict[str, Any]) -> list[FieldShown]:
    if "$ref" in schema:
        schema = known.get(schema["$ref"].rpartition("/")[2], {})
    if schema.get("type") == "array":
        return _fields(schema.get("items", {}), known)
    required = set(schema.get("required", []))
    return [
        FieldShown(name, _type(part), name in required, part.get("description", ""))
        for name, part in schema.get("properties", {}).items()
    ]


def _body(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    return next((part.get("schema", {}) for part in content.values()), {})


def _answer(operation: dict[str, Any]) -> dict[str, Any]:
    for status, response in sorted(operation.get("responses", {}).items()):
        if status.startswith("2"):
            return next((part.get("schema", {}) for part in response.get("content", {}).values()), {})
    return {}


def operations() -> dict[str, list[OperationShown]]:
    """Every operation by its group, in the order of the addresses."""
    described = description()
    known = described.get("components", {}).get("schemas", {})
    groups: dict[str, list[OperationShown]] = defaultdict(list)
    for path, methods in described["paths"].items():
        for method in METHODS:
            operation = methods.get(method)
            if operation is None:
                continue
            answer = _answer(operation)
            groups[(operation.get("tags") or ["API"])[0]].append(
                OperationShown(
                    method=method.upper(),
                    path=path,
                    id=operation["operationId"],
                    summary=operation.get("summary", ""),
                    text=operation.get("description", ""),
                    parameters=[
                        FieldShown(
                            part["name"],
                            _type(part.get("schema", {})),
                            bool(part.get("required")),
                            part.get("description") or part.get("schema", {}).get("description", ""),
                        )
                        for part in operation.get("parameters", [])
                    ],
                    body=_fields(_body(operation), known),
                    answer=_type(answer) if answer else "",
                    answer_fields=_fields(answer, known),
                )
            )
    return dict(groups)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What programs can ask, with every field; nothing here runs in the browser."""
    return render(request, "config/api.html", {"groups": operations()})


if __name__ == "__main__":
    import os
    import sys

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enishi.config.settings")
    django.setup()
    json.dump(description(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
