"""What a script said in a situation: its requests, and which replies they got."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.exchange import MISSING, read_json
from mockserver.transcript import Frame as Heard

__all__ = ["LIST", "Request", "is_said", "messages", "parting", "read_requests", "token_of"]

LIST = "list_actions"

_NO_PARAMETERS: Mapping[str, Any] = {}


@dataclass(frozen=True, kw_only=True, eq=False)
class Request:
    """A call. `token` is its `idempotence` as JSON, empty where there is none, or a null one.

    `reply` is the first reply to it that was said, `None` while it waits. `parameters` are
    empty where they are no map.
    """

    heard: Heard
    action: str
    parameters: Mapping[str, Any]
    token: str
    replies: list[Heard] = field(default_factory=list)

    @property
    def reply(self) -> Heard | None:
        return self.replies[0] if self.replies else None

    def waits_at(self, number: int) -> bool:
        """Is it unanswered at that entry of the transcript?"""
        return self.heard.number < number and (self.reply is None or self.reply.number > number)

    def like(self, other: Request) -> bool:
        """Is the very same asked for?"""
        return self.action == other.action and self.parameters == other.parameters


def is_said(heard: Heard) -> bool:
    """Was that said by the coordinator, and went out? What a play takes over did not."""
    return heard.sender == "coordinator" and "drop" not in heard.faults


def messages(frames: Sequence[Heard], sender: str = "agent") -> list[Heard]:
    """The messages of one side, whatever is in them."""
    return [each for each in frames if each.sender == sender and each.kind in ("text", "binary")]


def parting(frames: Sequence[Heard], connection: int) -> Heard | None:
    """The frame by which a connection ended, whoever ended it; the first of them."""
    ends = (each for each in frames if each.kind in ("close", "lost"))
    return next((each for each in ends if each.connection == connection), None)


def token_of(said: Any) -> str:
    """The token of a message as JSON: `5` and `"5"` are two. Empty where there is none."""
    token = said.get("idempotence") if isinstance(said, dict) else None
    return "" if token is None else json.dumps(token, sort_keys=True)


def read_requests(frames: Sequence[Heard]) -> list[Request]:
    """The calls in a transcript, in their order, each with the replies that were said to it."""
    found: list[Request] = []
    waiting: dict[int, list[Request]] = {}
    for heard in frames:
        if heard.kind not in ("text", "binary"):
            continue
        said = read_json(heard.data)
        if heard.sender == "agent":
            for request in _requests_in(heard, said):
                found.append(request)
                waiting.setdefault(heard.connection, []).append(request)
        elif is_said(heard) and isinstance(said, dict):
            _hand_over(heard, said, waiting.get(heard.connection, []))
    return found


def _requests_in(heard: Heard, said: Any) -> Iterator[Request]:
    if said is MISSING or not isinstance(said, dict) or not isinstance(said.get("action"), str):
        return
    parameters = said.get("parameters")
    yield Request(
        heard=heard,
        action=said["action"],
        parameters=parameters if isinstance(parameters, dict) else _NO_PARAMETERS,
        token=token_of(said),
    )


def _hand_over(heard: Heard, said: Mapping[str, Any], asked: list[Request]) -> None:
    """Note a reply with the oldest request that it fits and that waits, else with the latest."""
    token = token_of(said)
    fitting = [each for each in asked if each.token == token]
    if not token:  # a reply to a call without a token says which action it was, as our mock does
        fitting = [each for each in fitting if said.get("action") == each.action]
    unanswered = [each for each in fitting if not each.replies]
    for request in [*unanswered[:1], *fitting[-1:]][:1]:
        request.replies.append(heard)
