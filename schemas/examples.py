"""Golden messages: legal ones written by hand, and illegal ones that differ by a single change."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas import pointer as json_pointer
from schemas.errors import PackError, Problem
from schemas.files import line_of, read_checked
from schemas.spec import Example, Message, Operation, Place, Protocol

__all__ = ["load_examples"]


def load_examples(protocol: Protocol) -> list[Example]:
    """Every example of a protocol, the legal ones of an operation or message before the illegal.

    Raises `PackError` for a broken file, an unknown operation, message or answer, and a change
    that leads nowhere.
    """
    folder = Path(protocol.folder) / "examples"
    examples: list[Example] = []
    for name in sorted({path.name for path in folder.glob("*valid/*.yaml")}):
        subject = _subject(folder / "valid" / name, protocol)
        valid = _legal(folder / "valid" / name, subject)
        examples += valid.values()
        broken = folder / "invalid" / name
        if broken.exists():
            examples += [
                _changed(broken, key, said, valid) for key, said in _read(broken, "illegal").items()
            ]
    return examples


def _read(path: Path, kind: str) -> dict[str, Any]:
    said: dict[str, Any] = read_checked(path, f"examples#/$defs/{kind}-file")["examples"]
    return said


def _subject(path: Path, protocol: Protocol) -> Operation | Message:
    subject = protocol.operations.get(path.stem) or protocol.messages.get(path.stem)
    if subject is None:
        known = ", ".join([*protocol.operations, *protocol.messages])
        message = "is named after no operation of openapi.yaml and no message of asyncapi.yaml"
        raise PackError(Problem(file=str(path), message=message, value=path.stem, hint=known))
    return subject


def _legal(path: Path, subject: Operation | Message) -> dict[str, Example]:
    return {
        name: Example(
            name=f"{subject.id}/{name}",
            place=_place(path, name, said.get("answer", ""), subject),
            message=said["message"],
        )
        for name, said in _read(path, "legal").items()
    }


def _place(path: Path, name: str, answer: str, subject: Operation | Message) -> Place:
    responses = subject.responses if isinstance(subject, Operation) else {}
    if answer and answer not in responses:
        steps = ["examples", name, "answer"]
        raise PackError(
            Problem(
                file=str(path),
                line=line_of(path, steps),
                pointer=json_pointer.join(steps),
                message="names an answer that openapi.yaml lacks",
                value=answer,
                hint=", ".join(responses),
            )
        )
    if isinstance(subject, Message):
        return Place(message=subject.id)
    return Place(operation=subject.id, answer=answer)


def _changed(
    path: Path, name: str, said: Mapping[str, Any], valid: Mapping[str, Example]
) -> Example:
    base = valid.get(said["like"])
    if base is None:
        raise PackError(
            Problem(
                file=str(path),
                line=line_of(path, ["examples", name, "like"]),
                pointer=json_pointer.join(["examples", name, "like"]),
                message="there is no valid example of that name",
                value=said["like"],
                hint=", ".join(valid),
            )
        )
    try:
        message = _change(base.message, json_pointer.parse(said["at"]), said)
    except (LookupError, TypeError, ValueError) as error:
        raise PackError(
            Problem(
                file=str(path),
                line=line_of(path, ["examples", name, "at"]),
                pointer=json_pointer.join(["examples", name, "at"]),
                message="leads nowhere in the example that it changes",
                value=said["at"],
            )
        ) from error
    return Example(
        name=f"{base.place.subject}/{name}",
        place=base.place,
        message=message,
        violates=said["violates"],
        pointer=said["at"],
    )


def _change(message: Any, steps: tuple[str, ...], said: Mapping[str, Any]) -> Any:
    if not steps:
        return said["put"]
    changed = copy.deepcopy(message)
    holder = json_pointer.dig(changed, steps[:-1])
    key: Any = int(steps[-1]) if isinstance(holder, list) else steps[-1]
    if "drop" in said:
        del holder[key]
    else:
        holder[key] = said["put"]
    return changed
