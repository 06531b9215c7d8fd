"""What a protocol's own scenarios have a client say, as starting points for what is made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from schemas.arazzo.expressions import ExpressionError, Scope, fill
from schemas.arazzo.library import scenarios
from schemas.files import read
from schemas.spec import Protocol

__all__ = ["bodies", "messages"]

_SOURCE = "$sourceDescriptions."
_ANSWERED = "$steps."
_STAND_INS = ("one", 1)


def bodies(protocol: Protocol) -> dict[str, list[Any]]:
    """The bodies of requests, by operation: those that say what they hold before anything has
    happened. Those of procedures are in the JSON form of protocol buffers.
    """
    found: dict[str, list[Any]] = {}
    for step, payload in _said(protocol, lambda payload: payload):
        if "operationId" in step:
            _add(found, _operation(step["operationId"]), payload)
    return found


def messages(protocol: Protocol) -> dict[str, list[Any]]:
    """What is said on connections, by the id of the message. A text, and a number, stand for
    whatever was answered before, so not all of it need be legal.
    """
    found: dict[str, list[Any]] = {}
    for value in _STAND_INS:
        for step, payload in _said(protocol, partial(_stood_for, value)):
            if step.get("action") == "send":
                channel = protocol.channels[step["channelPath"].rpartition("/")[2]]
                message = channel.message("agent", payload)
                if message is not None:
                    _add(found, message.id, payload)
    return found


def _stood_for(value: Any, payload: Any) -> Any:
    """A payload with this value in the place of what earlier steps have to tell."""
    if isinstance(payload, dict):
        return {name: _stood_for(value, each) for name, each in payload.items()}
    if isinstance(payload, list):
        return [_stood_for(value, each) for each in payload]
    return value if isinstance(payload, str) and _ANSWERED in payload else payload


def _add(found: dict[str, list[Any]], name: str, payload: Any) -> None:
    known = found.setdefault(name, [])
    if payload not in known:
        known.append(payload)


def _operation(name: str) -> str:
    """An operation's id alone, where a scenario names its source before it."""
    return name.removeprefix(_SOURCE).partition(".")[2] if name.startswith(_SOURCE) else name


def _said(
    protocol: Protocol, prepared: Callable[[Any], Any]
) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Each step that says something, and what, where nothing is needed for it but the inputs."""
    for path in scenarios(protocol.id):
        for workflow in read(path)["workflows"]:
            inputs = workflow.get("inputs", {}).get("properties", {})
            scope = Scope(inputs={name: _first(said) for name, said in inputs.items()})
            for step in workflow["steps"]:
                said = step.get("requestBody", {})
                if "payload" in said:
                    try:
                        yield step, fill(prepared(said["payload"]), scope)
                    except (ExpressionError, ValueError):
                        continue  # it depends on what was answered before


def _first(said: Mapping[str, Any]) -> Any:
    """A value of an input: its default, or whatever its schema shows first."""
    for name in ("default", "const"):
        if name in said:
            return said[name]
    shown = [*said.get("examples", ()), *said.get("enum", ())]
    return shown[0] if shown else said.get("x-fresh", _STAND_INS[0])
