"""What an unknown agent's replies have in common: how its errors differ from its successes.

The document shows the shape of a single reply, that to `list_actions`; all others are free. So the
way in which a peer tells an error is learnt from the peer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.exchange import MISSING

__all__ = ["Manners", "Request", "kind", "lacks_something", "outline"]

_CODES = re.compile(r"(?i)code|status|err|reason|type|kind|result")
_WORDS_OF_TROUBLE = re.compile(r"(?i)err|fail|exception|fault|problem|reject|refus|denied|reason")
_ID = re.compile(r"(?i)\b[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b")
_NAMES = re.compile(r"<name>(?:[\s,'\"\[\]]|\band\b|<name>)*<name>")
_LACKING = re.compile(r"(?i)missing|requir|lack|absent|must be (?:given|present)|not (?:given|set)")
_LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Request:
    """The call of an action. A `token` that is `MISSING` is left out, and so are `parameters`.

    `words` are the names and values in it that a reply may repeat.
    """

    action: Any
    parameters: Any = field(default_factory=dict)
    token: Any = MISSING
    members: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @property
    def lists(self) -> bool:
        """Does it ask for the catalogue, as the document shows it?"""
        return bool(self.action == "list_actions" and self.parameters == {})

    def payload(self) -> dict[str, Any]:
        """As it is sent."""
        said = {"action": self.action, "parameters": self.parameters, **self.members}
        said = {name: value for name, value in said.items() if value is not MISSING}
        return said if self.token is MISSING else {**said, "idempotence": self.token}


def outline(value: Any, depth: int = 3) -> Any:
    """The names in a message without their values, to so many levels."""
    if isinstance(value, dict) and depth:
        return {key: outline(value[key], depth - 1) for key in sorted(value)}
    return "[]" if isinstance(value, list) else "*"


def bare(reply: Any) -> Any:
    """A reply without its token."""
    if not isinstance(reply, dict):
        return reply
    return {key: value for key, value in reply.items() if key != "idempotence"}


def kind(reply: Any, request: Request) -> str:
    """What sort of reply it is: two of a kind differ only in what they repeat of their requests,
    and in numbers that are no codes.
    """
    if reply is MISSING:
        return ""
    return json.dumps(_plain(bare(reply), "", _words(request)), sort_keys=True)


def _words(request: Request) -> list[tuple[str, str]]:
    given = request.parameters if isinstance(request.parameters, dict) else {}
    names = {*request.names, *given}
    values = {value for value in given.values() if isinstance(value, str) and len(value) > 3}
    found = [(word, "<value>") for word in values]
    found += [(request.action, "<action>")] if isinstance(request.action, str) else []
    found += [(word, "<name>") for word in names]
    return sorted((pair for pair in found if pair[0]), key=lambda pair: -len(pair[0]))


def _plain(value: Any, key: str, words: list[tuple[str, str]]) -> Any:
    if isinstance(value, dict):
        said = {name: _plain(item, name, words) for name, item in value.items()}
        return {_replaced(name, words): item for name, item in said.items()}
    if isinstance(value, list):
        items = [json.dumps(_plain(item, key, words), sort_keys=True) for item in value[:20]]
        return sorted(set(items))
    if isinstance(value, str):
        return _replaced(value[:_LONGEST], words)
    if isinstance(value, bool) or value is None or _CODES.search(key):
        return value
    return "#"


def _replaced(text: str, words: list[tuple[str, str]]) -> str:
    for word, place in words:
        text = text.replace(word, place)
    return _NAMES.sub("<name>", re.sub(r"\d+", "#", _ID.sub("#", text)))


def lacks_something(reply: Any) -> bool:
    """Does an error say that something is missing?"""
    return bool(_LACKING.search(json.dumps(bare(reply)))) if reply is not MISSING else False


class Manners:
    """How a peer tells an error from a success, learnt from replies that must be successes."""

    def __init__(self, successes: Iterable[tuple[Request, Any]]) -> None:
        known = [(request, bare(reply)) for request, reply in successes if isinstance(reply, dict)]
        self._keys = {frozenset(reply) for _, reply in known}
        scalars = [_scalars(reply, request) for request, reply in known]
        self._marks = dict(
            set.intersection(*(set(each.items()) for each in scalars)) if scalars else ()
        )
        self._seen = {pair for each in scalars for pair in each.items()}
        self._inner = {key for _, reply in known for key in _inner_keys(reply)}
        self.learnt = bool(known)

    def contradicts(self, request: Request, reply: Any) -> bool:
        """Does it bear a mark or a word of error that no known success bears?"""
        if not isinstance(reply, dict):
            return True
        said = bare(reply)
        if any(_WORDS_OF_TROUBLE.search(key) for key in _inner_keys(said) - self._inner):
            return True
        told = _scalars(said, request)
        return any(key in told and told[key] != value for key, value in self._marks.items())

    def tells_error(self, request: Request, reply: Any) -> bool:
        """Can a script tell this reply from a success?"""
        if not isinstance(reply, dict):
            return False
        said = bare(reply)
        new = _inner_keys(said) - self._inner
        if any(_WORDS_OF_TROUBLE.search(key) for key in new):
            return True
        if frozenset(said) not in self._keys:
            return bool(set(said) - set().union(*self._keys)) or not self._marks
        told = _scalars(said, request)
        return any(told.get(key, MISSING) != value for key, value in self._marks.items()) or any(
            pair not in self._seen for pair in told.items() if _CODES.search(pair[0])
        )


def _scalars(reply: Mapping[str, Any], request: Request) -> dict[str, str]:
    """The plain values at the top, where they may be marks of success."""
    words = _words(request)
    return {
        key: json.dumps(_plain(value, key, words))
        for key, value in reply.items()
        if isinstance(value, str | bool | int) or value is None
    }


def _inner_keys(reply: Mapping[str, Any]) -> set[str]:
    """The names at the top and one level below."""
    below = (value for value in reply.values() if isinstance(value, dict))
    return {*reply, *(key for each in below for key in each)}
