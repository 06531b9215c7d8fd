"""Files to `Protocol`: the only reader of `protocols/`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schemas import pointer as json_pointer
from schemas.asyncapi import read_channels
from schemas.bundle import bundle
from schemas.errors import PackError, Problem
from schemas.files import line_of, read_checked, read_kept
from schemas.grpc import read_procedures
from schemas.openapi import read_operations
from schemas.spec import FrozenSet, Place, Protocol, Requirement

__all__ = [
    "PROTOCOLS",
    "document_of",
    "frozen_file",
    "load",
    "load_descriptors",
    "load_frozen",
    "load_requirements",
    "pack_folder",
    "protocol_ids",
    "requirement_ids",
    "scenario_files",
]

PROTOCOLS = Path(__file__).parent / "protocols"

_DOCUMENTS = ("openapi.yaml", "asyncapi.yaml", "grpc.yaml")


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


def document_of(path: Path) -> tuple[str, str] | None:
    """The pack that a document is of, as `load` takes it, and its kind (`openapi`, `asyncapi` or
    `grpc`); `None` for a file that is no pack's.
    """
    folder = path.resolve().parent
    if path.name not in _DOCUMENTS or not (folder / "protocol.yaml").is_file():
        return None
    pack = folder.name if folder.parent == PROTOCOLS.resolve() else str(folder)
    return pack, path.stem


def scenario_files(pack: str) -> list[Path]:
    """The scenarios of a pack, in alphabetical order. Raises `PackError` for an unknown pack."""
    return sorted((pack_folder(pack) / "scenarios").glob("*.arazzo.yaml"))


def load(pack: str) -> Protocol:
    """The protocol of that id, or of the pack in that folder.

    Raises `PackError` with every problem found, each with file, line, value and a hint.
    """
    folder = pack_folder(pack)
    about = read_checked(folder / "protocol.yaml", "protocol")
    openapi = _document(folder / "openapi.yaml", "openapi")
    asyncapi = _document(folder / "asyncapi.yaml", "asyncapi")
    grpc = _document(folder / "grpc.yaml", "grpc")
    if not openapi and not asyncapi:
        message = "has neither an openapi.yaml nor an asyncapi.yaml"
        raise PackError(Problem(file=str(folder), message=message))
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
        operations={
            **(read_operations(openapi, folder) if openapi else {}),
            **(read_procedures(grpc) if grpc else {}),
        },
        openapi=openapi,
        folder=str(folder),
        channels=read_channels(asyncapi, folder) if asyncapi else {},
        asyncapi=asyncapi,
        grpc=grpc,
        grpc_port=about["defaults"].get("grpc_port", 0),
        token_header=about["defaults"].get("token_header", ""),
        tls=about["defaults"].get("tls", False),
        dialects=tuple(about.get("dialects", ("documented",))),
        hooks=about.get("hooks", {}),
    )


def _document(path: Path, meta: str) -> dict[str, Any]:
    """A bundled document, or an empty one where the protocol has none."""
    return bundle(read_checked(path, meta), path) if path.exists() else {}


def load_descriptors(protocol: Protocol) -> bytes:
    """The compiled form of the protocol's .proto: a FileDescriptorSet. Raises `PackError`."""
    path = Path(protocol.folder, protocol.grpc["proto"]).with_suffix(".binpb")
    try:
        return path.read_bytes()
    except OSError as error:
        hint = "compile it: python -m grpc_tools.protoc --include_imports --descriptor_set_out=…"
        message = f"cannot be read: {error.strerror or error}"
        raise PackError(Problem(file=str(path), message=message, hint=hint)) from error


def requirement_ids(protocol: Protocol) -> frozenset[str]:
    """The ids of requirements that stand on lines of their own, without the rest being read or
    checked: for who only looks some of them up, a hundred times as fast as `load_requirements`.
    """
    try:
        text = (Path(protocol.folder) / "requirements.yaml").read_text("utf-8")
    except OSError:
        return frozenset()
    return frozenset(re.findall(r"(?m)^[ \t]*(?:- +)?id: +([A-Z0-9-]+)[ \t]*$", text))


def load_requirements(protocol: Protocol) -> dict[str, Requirement]:
    """Every requirement of a protocol by id, in the document's order.

    Apart from `load`, because the mock starts without them. Raises `PackError`.
    """
    path = Path(protocol.folder) / "requirements.yaml"
    rows = read_kept(path, "requirements")["requirements"]
    known: set[str] = set()
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
        for key, message, value, hint in _row_problems(row, known, protocol)
    ]
    if problems:
        raise PackError(*problems)
    return {row["id"]: _requirement(row) for row in rows}


def frozen_file(protocol: Protocol) -> Path:
    """Where a pack's frozen requirement sets are, or would be."""
    return Path(protocol.folder) / "frozen.yaml"


def load_frozen(protocol: Protocol) -> tuple[FrozenSet, ...]:
    """The requirement sets of a protocol that were frozen, the oldest first; none where its pack
    has none. Raises `PackError`, also where two entries bear one name or one digest.
    """
    path = frozen_file(protocol)
    if not path.exists():
        return ()
    sets = [FrozenSet(**each) for each in read_checked(path, "frozen")["sets"]]
    problems = [
        Problem(
            file=str(path),
            line=line_of(path, ["sets", str(index), key]),
            pointer=json_pointer.join(["sets", index, key]),
            message="an earlier entry of this role has it",
            value=getattr(each, key),
            hint="entries are never changed: assay requirements PROTOCOL --freeze adds one",
        )
        for index, each in enumerate(sets)
        for key, same in (("number", _same_name), ("digest", _same_digest))
        if any(same(each, other) for other in sets[:index])
    ]
    if problems:
        raise PackError(*problems)
    return tuple(sets)


def _same_name(one: FrozenSet, other: FrozenSet) -> bool:
    return (one.role, one.revision, one.number) == (other.role, other.revision, other.number)


def _same_digest(one: FrozenSet, other: FrozenSet) -> bool:
    return (one.role, one.digest) == (other.role, other.digest)


def _row_problems(
    row: Mapping[str, Any], before: set[str], protocol: Protocol
) -> Iterator[tuple[str, str, object, str]]:
    """What is wrong with a row, whose id joins those before it."""
    if row["id"] in before:
        yield (
            "id",
            "this id stands here twice",
            row["id"],
            "ids are never used again: take the next",
        )
    before.add(row["id"])
    if row["capability"] not in protocol.capabilities:
        known = ", ".join(protocol.capabilities)
        yield "capability", "is not a capability of protocol.yaml", row["capability"], known
    if row.get("hook", "") not in {"", *protocol.hooks}:
        known = ", ".join(protocol.hooks)
        yield "hook", "is not a hook of protocol.yaml", row["hook"], known
    if "place" in row:
        yield from _place_problems(row["place"], protocol)


def _place_problems(
    place: Mapping[str, Any], protocol: Protocol
) -> Iterator[tuple[str, str, object, str]]:
    if "message" in place:
        if place["message"] not in protocol.messages:
            known = ", ".join(protocol.messages)
            yield "place", "names a message that asyncapi.yaml lacks", place["message"], known
        return
    operation = protocol.operations.get(place["operation"])
    if operation is None:
        known = ", ".join(protocol.operations)
        file = "grpc.yaml" if "." in place["operation"] else "openapi.yaml"
        yield "place", f"names an operation that {file} lacks", place["operation"], known
    elif "answer" in place and place["answer"] not in operation.responses:
        known = ", ".join(operation.responses)
        yield "place", "names an answer that openapi.yaml lacks", place["answer"], known
    elif "answer" not in place and operation.request is None:
        hint = "give the place an answer, if one is meant"
        yield "place", "names the body of a request that has none", place["operation"], hint


def _requirement(row: Mapping[str, Any]) -> Requirement:
    place = row.get("place")
    return Requirement(**{**row, "place": Place(**place) if place else None})
