"""An OpenAPI document to `Operation`s."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from schemas import pointer as json_pointer
from schemas.errors import PackError, Problem
from schemas.files import line_of
from schemas.spec import Operation

__all__ = ["read_operations"]

_READ = ("application/json", "multipart/form-data")
"""Media types of a request that are read and validated."""

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def read_operations(document: Mapping[str, Any], folder: Path) -> dict[str, Operation]:
    """Every operation of a bundled document by id. `folder` is where complaints point to."""
    return _by_id(_operations(document, folder), folder)


def _by_id(operations: Iterable[Operation], folder: Path) -> dict[str, Operation]:
    found: dict[str, Operation] = {}
    for operation in operations:
        if operation.id in found:
            steps = ["paths", operation.path, operation.method.lower(), "operationId"]
            raise _problem(
                folder,
                steps,
                "this operationId stands here twice",
                operation.id,
                f"{found[operation.id].method} {found[operation.id].path} has it already",
            )
        found[operation.id] = operation
    return found


def _problem(
    folder: Path, steps: list[str], message: str, value: object, hint: str = ""
) -> PackError:
    path = folder / "openapi.yaml"
    return PackError(
        Problem(
            file=str(path),
            line=line_of(path, steps),
            pointer=json_pointer.join(steps),
            message=message,
            value=value,
            hint=hint,
        )
    )


def _operations(document: Mapping[str, Any], folder: Path) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield _operation(document, path, method, folder)


def _operation(document: Mapping[str, Any], path: str, method: str, folder: Path) -> Operation:
    item = document["paths"][path]
    body = item[method]
    at = ["paths", path, method]
    request = body.get("requestBody", {})
    responses = body.get("responses", {})
    media_type = next((each for each in _READ if each in request.get("content", {})), _READ[0])
    return Operation(
        id=body["operationId"],
        method=method.upper(),
        path=path,
        summary=body.get("summary", ""),
        section=body.get("x-section", ""),
        capability=body.get("x-capability", ""),
        request=_schema_reference(request, [*at, "requestBody"], media_type),
        media_type=media_type,
        open=body.get("x-open", False),
        request_required=bool(request.get("required")),
        request_example=_first_example(request),
        responses={
            status: _response_reference(document, response, [*at, "responses", status], folder)
            for status, response in responses.items()
            if status != "default"
        },
        parameters=dict(_path_parameters(document, path, item, folder)),
    )


def _path_parameters(
    document: Mapping[str, Any], path: str, item: Mapping[str, Any], folder: Path
) -> Iterator[tuple[str, str]]:
    for index, written in enumerate(item.get("parameters", [])):
        at = ["paths", path, "parameters", str(index)]
        parameter, at = _resolved(document, written, at, folder)
        if parameter["in"] == "path":
            yield parameter["name"], "#" + json_pointer.join([*at, "schema"])


def _response_reference(
    document: Mapping[str, Any], response: Mapping[str, Any], at: list[str], folder: Path
) -> str | None:
    return _schema_reference(*_resolved(document, response, at, folder))


def _resolved(
    document: Mapping[str, Any], node: Mapping[str, Any], at: list[str], folder: Path
) -> tuple[Mapping[str, Any], list[str]]:
    """What a node refers to and where that stands; the node itself where it refers to nothing."""
    if "$ref" not in node:
        return node, at
    target = list(json_pointer.parse(node["$ref"][1:]))
    try:
        return json_pointer.dig(document, target), target
    except LookupError as error:
        message = "refers to something that is not there"
        raise _problem(folder, [*at, "$ref"], message, node["$ref"]) from error


def _schema_reference(
    holder: Mapping[str, Any], at: list[str], media_type: str = "application/json"
) -> str | None:
    if media_type not in holder.get("content", {}):
        return None
    return "#" + json_pointer.join([*at, "content", media_type, "schema"])


def _first_example(request: Mapping[str, Any]) -> Any:
    examples = request.get("content", {}).get("application/json", {}).get("examples", {})
    return next((example["value"] for example in examples.values()), None)
