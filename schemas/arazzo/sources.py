"""Source descriptions: what a document's steps can name, and what they mean by it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from schemas import pointer as json_pointer
from schemas.arazzo.expressions import Expression, ExpressionError, parse
from schemas.arazzo.model import Source, SourceKind
from schemas.arazzo.page import Page, Spot, nearest
from schemas.arazzo.pages import locate
from schemas.arazzo.vendor import Foreign, read_vendor
from schemas.errors import PackError
from schemas.loader import document_of
from schemas.spec import Channel, Operation, Protocol

__all__ = ["Meant", "Sources"]

_POINTED = re.compile(r"\{?\$sourceDescriptions\.([A-Za-z0-9_-]+)(?:\.url)?\}?#(/.*)")
_CLIENT: Mapping[str, Literal["send", "receive"]] = {"receive": "send", "send": "receive"}
"""What the client does where the coordinator, whose document it is, does the other thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What a step names: an operation, or a channel with the `messages` that may be said there.

    `action` is what the client does, where the name says it. `foreign` is the operation in a
    vendor's words.
    """

    operation: Operation | None = None
    channel: Channel | None = None
    messages: tuple[str, ...] = ()
    action: Literal["send", "receive", ""] = ""
    foreign: Foreign | None = None


@dataclass(slots=True, kw_only=True)
class _Entry:
    source: Source
    names: Mapping[str, Meant] = field(default_factory=dict)
    pointers: Mapping[str, Meant] = field(default_factory=dict)
    broken: bool = False


class Sources:
    """Those of one document. What is not found is complained about, and `None`."""

    def __init__(self, page: Page, protocol: Protocol) -> None:
        self._page = page
        self._protocol = protocol
        self._entries: dict[str, _Entry] = {}
        for index, said in enumerate(page.said["sourceDescriptions"]):
            self._add(said, ("sourceDescriptions", str(index)))

    @property
    def all(self) -> Mapping[str, Source]:
        return {name: entry.source for name, entry in self._entries.items()}

    def has(self, name: str, what: str) -> bool:
        """Is there a source of that name with an operation, or a field, of that name?"""
        entry = self._entries[name]
        return entry.broken or what in entry.names or what in entry.source.fields

    def operation(self, text: str, at: Spot) -> Meant | None:
        """What an `operationId` means."""
        if not text.startswith("$"):
            return self._plain(text, at)
        expression = self._expression(text, at)
        if expression is None:
            return None
        name, what = expression.names
        entry = self._entry(name, text, at)
        if entry is None or entry.broken:
            return None
        if what not in entry.names:
            self._unknown(name, what, text, at)
        return entry.names.get(what)

    def pointed(self, text: str, at: Spot, what: str) -> Meant | None:
        """What an `operationPath` or a `channelPath` means; `what` is a word for it."""
        found = _POINTED.fullmatch(text)
        if found is None:
            hint = "{$sourceDescriptions.NAME.url}#/a/json/pointer"
            self._page.complain(at, f"names no {what}", text, hint)
            return None
        entry = self._entry(found[1], text, at)
        if entry is None or entry.broken:
            return None
        if found[2] not in entry.pointers:
            known = [
                each
                for each in entry.pointers
                if each.startswith("/channels") == (what == "channel")
            ]
            message = f"{found[1]} has no {what} there"
            self._page.complain(at, message, text, nearest(found[2], known))
        return entry.pointers.get(found[2])

    def _plain(self, text: str, at: Spot) -> Meant | None:
        entries = {name: e for name, e in self._entries.items() if e.source.kind != "arazzo"}
        having = [name for name, entry in entries.items() if text in entry.names]
        if len(entries) > 1:
            hint = f"$sourceDescriptions.{having[0]}.{text}" if having else self._similar(text)
            message = "with several sources, an operation is named with its source"
            self._page.complain(at, message, text, hint)
            return entries[having[0]].names[text] if len(having) == 1 else None
        if having:
            return entries[having[0]].names[text]
        if not any(entry.broken for entry in entries.values()):
            self._page.complain(at, "no source has this operation", text, self._similar(text))
        return None

    def _unknown(self, name: str, what: str, text: str, at: Spot) -> None:
        others = [each for each, entry in self._entries.items() if what in entry.names]
        hint = f"$sourceDescriptions.{others[0]}.{what}" if others else ""
        hint = hint or nearest(what, self._entries[name].names)
        self._page.complain(at, f"{name} has no operation {what}", text, hint)

    def _similar(self, text: str) -> str:
        return nearest(text, [each for entry in self._entries.values() for each in entry.names])

    def _expression(self, text: str, at: Spot) -> Expression | None:
        try:
            expression = parse(text)
        except ExpressionError as error:
            self._page.complain_of(error, text, at)
            return None
        if expression.root == "sourceDescriptions":
            return expression
        hint = "$sourceDescriptions.NAME.OPERATION"
        self._page.complain(at, "names no operation", text, hint)
        return None

    def _entry(self, name: str, text: str, at: Spot) -> _Entry | None:
        entry = self._entries.get(name)
        if entry is None:
            self._page.complain(
                at, f"there is no source {name}", text, nearest(name, self._entries)
            )
        return entry

    def _add(self, said: Mapping[str, Any], at: Spot) -> None:
        name = said["name"]
        if name in self._entries:
            self._page.complain((*at, "name"), "another source has this name already", name)
            return
        path = (
            None if said.get("type") == "arazzo" else locate(self._page, said["url"], (*at, "url"))
        )
        ours = None if path is None else document_of(path)
        kind: SourceKind = (
            said.get("x-type") or said.get("type") or (ours[1] if ours else "openapi")
        )  # type: ignore[assignment]
        entry = _Entry(source=Source(name=name, url=said["url"], kind=kind, fields=said))
        self._entries[name] = entry
        if kind == "arazzo":
            return
        if path is None:
            entry.broken = True
        elif ours is not None:
            self._take(entry, ours[1], at)
        else:
            self._take_foreign(entry, path, at)

    def _take(self, entry: _Entry, kind: str, at: Spot) -> None:
        """One of our own documents."""
        if kind != entry.source.kind:
            key = "x-type" if "x-type" in entry.source.fields else "type"
            message = f"the document is one of {kind}"
            hint = f"x-type: {kind}" if kind == "grpc" else f"type: {kind}"
            self._page.complain((*at, key), message, entry.source.kind, hint)
        if kind == "asyncapi":
            entry.names, entry.pointers = _of_channels(self._protocol)
        else:
            entry.names, entry.pointers = _of_operations(self._protocol, rpc=kind == "grpc")

    def _take_foreign(self, entry: _Entry, path: Path, at: Spot) -> None:
        entry.broken = True
        if entry.source.kind != "openapi":
            message = (
                f"only an OpenAPI document may be another's, and not one of {entry.source.kind}"
            )
            hint = f"assay:{self._protocol.id}/{entry.source.kind}.yaml"
            self._page.complain((*at, "url"), message, entry.source.url, hint)
            return
        try:
            found = read_vendor(path, self._protocol)
        except PackError as error:
            self._page.problems += error.problems
            return
        entry.broken = False
        meant = {each: Meant(operation=each.operation, foreign=each) for each in found}
        entry.names = {each.id: meant[each] for each in found if each.id}
        entry.pointers = {each.pointer: meant[each] for each in found}


def _of_operations(protocol: Protocol, *, rpc: bool) -> tuple[dict[str, Meant], dict[str, Meant]]:
    found = {each.id: Meant(operation=each) for each in protocol if each.is_rpc is rpc}
    pointers = {
        json_pointer.join(
            ("rpcs", name) if rpc else ("paths", each.operation.path, each.operation.method.lower())
        ): each
        for name, each in found.items()
        if each.operation is not None
    }
    return found, pointers


def _of_channels(protocol: Protocol) -> tuple[dict[str, Meant], dict[str, Meant]]:
    names = {}
    for name, said in protocol.asyncapi["operations"].items():
        channel = protocol.channels[json_pointer.parse(said["channel"]["$ref"])[-1]]
        messages = tuple(json_pointer.parse(each["$ref"])[-1] for each in said["messages"])
        action = _CLIENT[said["action"]]
        names[name] = Meant(channel=channel, messages=messages, action=action)
    pointers = {json_pointer.join(("operations", name)): each for name, each in names.items()}
    for name, channel in protocol.channels.items():
        pointers[json_pointer.join(("channels", name))] = Meant(
            channel=channel, messages=tuple(channel.messages)
        )
    return names, pointers
