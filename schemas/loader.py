"""Files to `Protocol`: the only reader of `protocols/`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from schemas import pointer as json_pointer
from schemas.bundle import bundle
from schemas.errors import PackError, Problem
from schemas.files import line_of, read_checked
from schemas.spec import Operation, Place, Protocol, Requirement

__all__ = ["PROTOCOLS", "load", "load_requirements", "protocol_ids"]

PROTOCOLS = Path(__file__).parent / "protocols"

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def protocol_ids(root: Path = PROTOCOLS) -> list[str]:
    """The protocols that ship, by name, in alphabetical order."""
    return sorted(path.parent.name for path in root.glob("*/protocol.yaml"))


def pack_folder(pack: str) -> Path:
    """The folder of a pack, given as the id of a shipped one or as a path of one's own."""
    if pack in protocol_ids():
        return PROTOCOLS / pack
    if (Path(pack) / "protocol.yaml").is_file():
        return Path(pack)
    raise PackError(
        Problem(
            file=pack,
            message="is neither a protocol that ships nor a folder with a protocol.yaml",
            hint=f"protocols: {', '.join(protocol_ids())}",
        )
    )


def load(pack: str) -> Protocol:
    """The protocol of that id, or of the pack in that folder.

    Raises `PackError` with every problem found, each with file, line, value and a hint.
    """
    folder = pack_folder(pack)
    about = read_checked(folder / "protocol.yaml", "protocol")
    document = bundle(read_checked(folder / "openapi.yaml", "openapi"), folder)
    return Protocol(
        id=about["id"],
        title=about["title"],
        version=about["version"],
        document=about["document"],
        summary=about["summary"],
        roles=about["roles"],
        transports=tuple(about["transports"]),
        authentication=about["authentication"],
        port=about["defaults"]["port"],
        readiness=about["defaults"]["readiness"],
        capabilities=about["capabilities"],
        operations=_by_id(_operations(document, folder), folder),
        openapi=document,
        folder=str(folder),
    )


def load_requirements(protocol: Protocol) -> dict[str, Requirement]:
    """Every requirement of a protocol by id, in the document's order.

    Apart from `load`, because the mock starts without them. Raises `PackError`.
    """
    path = Path(protocol.folder) / "requirements.yaml"
    rows = read_checked(path, "requirements")["requirements"]
    problems = [
        Problem(
            file=str(path),
            line=line_of(path, ["requirements", str(index), key]),
            pointer=json_pointer.join(["requirements", index, key]),
            message=message,
            value=value,
            hint=hint,
        )
        for index, row in enumerate(rows)
        for key, message, value, hint in _row_problems(row, rows[:index], protocol)
    ]
    if problems:
        raise PackError(*problems)
    return {row["id"]: _requirement(row) for row in rows}


def _row_problems(
    row: Mapping[str, Any], before: list[Any], protocol: Protocol
) -> Iterator[tuple[str, str, object, str]]:
    if any(other["id"] == row["id"] for other in before):
        yield (
            "id",
            "this id stands here twice",
            row["id"],
            "ids are never used again: take the next",
        )
    if row["capability"] not in protocol.capabilities:
        known = ", ".join(protocol.capabilities)
        yield "capability", "is not a capability of protocol.yaml", row["capability"], known
    if "place" in row:
        yield from _place_problems(row["place"], protocol)


def _place_problems(
    place: Mapping[str, Any], protocol: Protocol
) -> Iterator[tuple[str, str, object, str]]:
    operation = protocol.operations.get(place["operation"])
    if operation is None:
        known = ", ".join(protocol.operations)
        yield "place", "names an operation that openapi.yaml lacks", place["operation"], known
    elif "answer" in place and place["answer"] not in operation.responses:
        known = ", ".join(operation.responses)
        yield "place", "names an answer that openapi.yaml lacks", place["answer"], known
    elif "answer" not in place and operation.request is None:
        hint = "give the place an answer, if one is meant"
        yield "place", "names the body of a request that has none", place["operation"], hint


def _requirement(row: Mapping[str, Any]) -> Requirement:
    place = row.get("place")
    return Requirement(**{**row, "place": Place(**place) if place else None})


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
    return Operation(
        id=body["operationId"],
        method=method.upper(),
        path=path,
        summary=body.get("summary", ""),
        section=body.get("x-section", ""),
        capability=body.get("x-capability", ""),
        request=_schema_reference(request, [*at, "requestBody"]),
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


def _schema_reference(holder: Mapping[str, Any], at: list[str]) -> str | None:
    if "application/json" not in holder.get("content", {}):
        return None
    return "#" + json_pointer.join([*at, "content", "application/json", "schema"])


def _first_example(request: Mapping[str, Any]) -> Any:
    examples = request.get("content", {}).get("application/json", {}).get("examples", {})
    return next((example["value"] for example in examples.values()), None)
