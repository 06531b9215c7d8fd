"""The OpenAPI document and the page that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .model import ROUTES, Obj, Op

if TYPE_CHECKING:
    from .parsing import Field, FieldTable, Kind
    from .reading import Reading

__all__ = ["docs_page", "document"]

_TITLE = "Agent Coordinator"


def document(reading: Reading, fields: FieldTable) -> Obj:
    """An OpenAPI description of the endpoints, 3.0 or 3.1."""
    paths: Obj = {}
    for method, path, op in ROUTES:
        if op not in (Op.OPENAPI, Op.DOCS):
            paths.setdefault(path, {})[method.lower()] = _operation(reading, fields, path, op)
    whole: Obj = {
        "openapi": reading.openapi,
        "info": {"title": _TITLE, "version": "1.0.0"},
        "paths": paths,
    }
    if reading.prefix:
        whole["servers"] = [{"url": reading.prefix}]
    return whole


def _operation(reading: Reading, fields: FieldTable, path: str, op: Op) -> Obj:
    operation: Obj = {
        "operationId": op.value,
        "responses": {"200": {"description": "Successful response"}},
    }
    if op is Op.HEARTBEAT or (op is Op.CLEAR and reading.clear_answer == "nothing"):
        operation["responses"] = {"2XX": {"description": "Accepted"}}
    if "{" in path:
        name = path.partition("{")[2].partition("}")[0]
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        ]
    if op in fields:
        schema = _body_schema(fields[op]) if reading.openapi_detail == "schemas" else {}
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return operation


def _body_schema(lines: tuple[Field, ...]) -> Obj:
    schema: Obj = {
        "type": "object",
        "properties": {line.name: _schema(line.kind) for line in lines},
    }
    required = [line.name for line in lines if line.required]
    return {**schema, "required": required} if required else schema


def _schema(kind: Kind) -> Obj:
    text = {"type": "string"}
    shapes: Obj = {
        "texts": {"type": "array", "items": text},
        "text map": {"type": "object", "additionalProperties": text},
        "metrics": {"type": "object", "additionalProperties": {"type": "number"}},
        "lax metrics": {"type": "object"},
        "object": {"type": "object"},
        "task": {"type": "object"},
        "requirements": {"type": "object"},
        "any": {},
    }
    found: Obj = shapes.get(kind.value, text)
    return found


def docs_page(reading: Reading) -> str:
    """A page for people; a browser needs no more to find the description."""
    url = f"{reading.prefix}/openapi.json"
    return (
        f"<!DOCTYPE html>\n<html><head><title>{_TITLE} - docs</title></head>"
        f'<body><h1>{_TITLE}</h1><p>Description: <a href="{url}">{url}</a></p></body></html>\n'
    )
