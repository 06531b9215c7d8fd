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
_LACKING = re.compile(
    r"(?i)(?<![a-z])(?:missing|requires?|required|lacks?|lacking|absent"
    r"|must be (?:given|present)|not (?:given|set))(?![a-z])"
)
_SOMETHING = r"param|argument|(?<![a-z])args?(?![a-z])|field|(?<![a-z])key|propert"
_NEARBY = 40
_SAYS_SO = re.compile(
    r"(?i)unknown|not (?:found|exist|supported|implemented)|no such|invalid|unsupported|unrecogni"
    r"|bad request|error|fail|reject|refus|denied|forbidden"
)
_STATES = {"status", "state", "result", "outcome", "success", "ok"}
_MESSAGES = {"message", "msg", "text", "detail", "details", "description"}
_OF_AN_ERROR = _MESSAGES | {"code", "reason", "status", "success", "ok"}
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


def lacks_something(reply: Any, request: Request) -> bool:
    """Does an error say that a parameter is missing? It says so of a parameter, or names one."""
    if reply is MISSING:
        return False
    text = json.dumps(bare(reply))
    if isinstance(request.action, str) and request.action:
        text = text.replace(request.action, "")  # `get_required_mods`, say
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    names = [re.escape(name) for name in request.names if name]
    something = re.compile("|".join([_SOMETHING, *names]), re.IGNORECASE)
    return any(
        something.search(text, max(0, found.start() - _NEARBY), found.end() + _NEARBY)
        for found in _LACKING.finditer(text)
    )


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
        self._outlines = [outline(reply) for _, reply in known]
        self._texts = {text for _, reply in known for text in _texts(reply)}
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
        if self.contradicts(request, reply) or any(map(self._is_error, [said, *_below(said)])):
            return True
        if frozenset(said) not in self._keys:
            return bool(set(said) - set().union(*self._keys)) or not self._marks
        told = _scalars(said, request)
        return any(told.get(key, MISSING) != value for key, value in self._marks.items()) or any(
            pair not in self._seen for pair in told.items() if _CODES.search(pair[0])
        )

    def _is_error(self, said: Mapping[str, Any]) -> bool:
        """Is it a map that says that something failed, in names that no known success has?"""
        new = {key: value for key, value in said.items() if key not in self._inner}
        if any(key.lower() in _STATES and _is_bad(value) for key, value in new.items()):
            return True
        names = {key.lower() for key in new}
        return bool(names & _MESSAGES) and names <= _OF_AN_ERROR and len(new) == len(said)

    def passes_for_success(self, request: Request, reply: Any) -> bool:
        """Could no script tell it from a success? It is empty, or has all marks of success and the
        form of a known one, and no words that say otherwise.
        """
        if not isinstance(reply, dict):
            return True
        if self.contradicts(request, reply):
            return False
        said = bare(reply)
        told = _scalars(said, request)
        if any(told.get(key, MISSING) != value for key, value in self._marks.items()):
            return not said
        words = _words(request)
        new = {_replaced(text, words) for text in _texts(said) - self._texts}
        if any(map(_SAYS_SO.search, new)):
            return False
        empty = set(told) <= set(self._marks) and not any(
            value for key, value in said.items() if key not in told
        )
        return empty or outline(said) in self._outlines


def _is_bad(value: Any) -> bool:
    """Is it what an error has for its status, its success or its result?"""
    if isinstance(value, str):
        return bool(_SAYS_SO.search(value))
    return value is False or (not isinstance(value, bool | float) and value in range(400, 600))


def _texts(value: Any) -> set[str]:
    """All texts in a message."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return {text for item in inner for text in _texts(item)}
    return {value} if isinstance(value, str) else set()


def _scalars(reply: Mapping[str, Any], request: Request) -> dict[str, str]:
    """The plain values at the top, where they may be marks of success."""
    words = _words(request)
    return {
        key: json.dumps(_plain(value, key, words))
        for key, value in reply.items()
        if isinstance(value, str | bool | int) or value is None
    }


def _below(reply: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [value for value in reply.values() if isinstance(value, dict)]


def _inner_keys(reply: Mapping[str, Any]) -> set[str]:
    """The names at the top and one level below."""
    return {*reply, *(key for each in _below(reply) for key in each)}
