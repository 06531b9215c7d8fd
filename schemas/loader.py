"""Files to `Protocol`: the only reader of `protocols/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schemas import pointer as json_pointer
from schemas.bundle import bundle
from schemas.errors import PackError, Problem
from schemas.files import line_of, read, read_checked
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
    document = bundle(read(folder / "openapi.yaml"), folder)
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
        operations={operation.id: operation for operation in _operations(document, folder)},
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
        yield "id", "this id stands here twice", row["id"], "ids are never used again: take the next"
    if row["capability"] not in protocol.capabilities:
        known = ", ".join(protocol.capabilities)
        yield "capability", "is not a capability of protocol.yaml", row["capability"], known
    place = row.get("place")
    if place and (operation := protocol.operations.get(place["operation"])) is None:
        known = ", ".join(protocol.operations)
        yield "place", "names an operation that openapi.yaml lacks", place["operation"], known
    elif place and place.get("answer", "200") not in (*operation.responses, "200"):
        known = ", ".join(operation.responses)
        yield "place", "names an answer that openapi.yaml lacks", place["answer"], known


def _requirement(row: Mapping[str, Any]) -> Requirement:
    place = row.get("place")
    return Requirement(**{**row, "place": Place(**place) if place else None})


def _operations(document: Mapping[str, Any], folder: Path) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield _operation(document, path, method, folder)


def _operation(document: Mapping[str, Any], path: str, method: str, folder: Path) -> Operation:
    item = document["paths"][path]
    body = item[method]
    if "operationId" not in body:
        raise PackError(
            Problem(
                file=str(folder / "openapi.yaml"),
                pointer=json_pointer.join(["paths", path, method]),
                message="an endpoint without operationId",
                hint="every endpoint has one: checks, mock and reports go by it",
            )
        )
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
            status: _response_reference(document, response, [*at, "responses", status])
            for status, response in responses.items()
            if status != "default"
        },
        parameters=dict(_path_parameters(document, path, item)),
    )


def _path_parameters(
    document: Mapping[str, Any], path: str, item: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    for index, parameter in enumerate(item.get("parameters", [])):
        at = ["paths", path, "parameters", str(index)]
        if "$ref" in parameter:
            at = list(json_pointer.parse(parameter["$ref"][1:]))
            parameter = json_pointer.dig(document, at)
        if parameter["in"] == "path":
            yield parameter["name"], "#" + json_pointer.join([*at, "schema"])


def _response_reference(
    document: Mapping[str, Any], response: Mapping[str, Any], at: list[str]
) -> str | None:
    if "$ref" in response:
        at = list(json_pointer.parse(response["$ref"][1:]))
        response = json_pointer.dig(document, at)
    return _schema_reference(response, at)


def _schema_reference(holder: Mapping[str, Any], at: list[str]) -> str | None:
    if "application/json" not in holder.get("content", {}):
        return None
    return "#" + json_pointer.join([*at, "content", "application/json", "schema"])


def _first_example(request: Mapping[str, Any]) -> Any:
    examples = request.get("content", {}).get("application/json", {}).get("examples", {})
    return next((example["value"] for example in examples.values()), None)
