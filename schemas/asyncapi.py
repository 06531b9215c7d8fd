"""An AsyncAPI 3.0 document to `Channel`s and their `Message`s.

The document is written from the coordinator's side: what an operation `receive`s an agent sends,
what it `send`s an agent receives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schemas import pointer as json_pointer
from schemas.errors import PackError, Problem
from schemas.files import line_of
from schemas.spec import Channel, Message, Role

__all__ = ["read_channels"]

_IN_PAYLOAD = "$message.payload#"

_SENDERS: Mapping[str, Role] = {"receive": "agent", "send": "coordinator"}


def read_channels(document: Mapping[str, Any], folder: Path) -> dict[str, Channel]:
    """Every channel of a bundled document by id. Raises `PackError` for a reference into nothing,
    and for a message that no operation sends or receives.
    """
    reader = _Reader(document, folder / "asyncapi.yaml")
    return {name: reader.channel(name) for name in document["channels"]}


class _Reader:
    def __init__(self, document: Mapping[str, Any], file: Path) -> None:
        self._document = document
        self._file = file
        self._operations = dict(self._directions())

    def channel(self, name: str) -> Channel:
        said = self._document["channels"][name]
        return Channel(
            id=name,
            path=said["address"],
            summary=said.get("summary", ""),
            section=said.get("x-section", ""),
            capability=said.get("x-capability", ""),
            discriminator=said.get("x-discriminator", ""),
            messages={each: self._message(name, each) for each in said["messages"]},
        )

    def _directions(self) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
        """The operation of each message, by channel and message."""
        for name, operation in self._document["operations"].items():
            channel = self._last_step(operation["channel"]["$ref"], ["operations", name, "channel"])
            for index, message in enumerate(operation["messages"]):
                at = ["operations", name, "messages", str(index)]
                yield (channel, self._last_step(message["$ref"], at)), operation

    def _message(self, channel: str, name: str) -> Message:
        at = ["channels", channel, "messages", name]
        reference = self._document["channels"][channel]["messages"][name]["$ref"]
        self._last_step(reference, at)
        target = [*json_pointer.parse(reference[1:])]
        said = json_pointer.dig(self._document, target)
        operation = self._operations.get((channel, name))
        if operation is None:
            raise self._problem(at, "no operation sends or receives this message", name)
        examples = said.get("examples", [])
        return Message(
            id=name,
            channel=channel,
            sender=_SENDERS[operation["action"]],
            summary=said.get("summary", ""),
            section=said.get("x-section", ""),
            capability=said.get("x-capability", ""),
            payload="asyncapi#" + json_pointer.join([*target, "payload"]),
            type=said.get("x-type", ""),
            correlation=_correlation(said),
            example=examples[0]["payload"] if examples else None,
        )

    def _last_step(self, reference: str, at: list[str]) -> str:
        steps = json_pointer.parse(reference[1:])
        try:
            json_pointer.dig(self._document, steps)
        except LookupError as error:
            message = "refers to something that is not there"
            raise self._problem([*at, "$ref"], message, reference) from error
        return steps[-1]

    def _problem(self, steps: list[str], message: str, value: object) -> PackError:
        return PackError(
            Problem(
                file=str(self._file),
                line=line_of(self._file, steps),
                pointer=json_pointer.join(steps),
                message=message,
                value=value,
            )
        )


def _correlation(message: Mapping[str, Any]) -> str:
    """Where a message's payload holds its correlation id, as a JSON Pointer."""
    location: str = message.get("correlationId", {}).get("location", "")
    return location.removeprefix(_IN_PAYLOAD) if location.startswith(_IN_PAYLOAD) else ""
