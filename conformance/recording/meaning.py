"""Which values of a recording are the same by meaning, and not just by chance."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from conformance.recording.concealing import placeholders
from schemas.spec import Protocol

__all__ = ["Meaning", "is_time"]

_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*")
_NAMING = {"id", "name", "username", "key", "uuid", "agent", "cursor"}
"""Last words of fields that name something."""

_PARTIES = {"sender", "target", "receiver", "from", "to", "user", "recipient"}
"""What names somebody on one side names them on the other."""

_SINCE = {"since", "cursor", "after", "until", "before"}
"""Fields in which a moment that was told is given back."""

_SHORTEST, _LONGEST = 10, 128
"""Characters of an id that is one wherever it stands."""

_SHORTEST_WORD = 3
_SHORTEST_INSIDE = 6


def is_time(value: str) -> bool:
    """Is it a moment, as ISO 8601 writes one?"""
    return _TIME.fullmatch(value) is not None


class Meaning:
    """Knows the words of a protocol that name no single thing: its statuses, types and levels."""

    def __init__(self, protocol: Protocol) -> None:
        documents = (protocol.openapi, protocol.asyncapi, protocol.grpc)
        self._common = {word for document in documents for word in _fixed(document)}

    def is_value(self, value: Any, field: str) -> bool:
        """Can it go from one message to another at all, and mean something there?"""
        if isinstance(value, str):
            named = self._is_word(value) and _last(field) in _NAMING
            return self.is_id(value) or is_time(value) or named
        number = isinstance(value, int) and not isinstance(value, bool)
        return number and value > 0 and _last(field) in _NAMING

    def same(self, value: Any, first: str, second: str) -> bool:
        """Does an equal value mean the same in a field `first` as in a field `second`? An id does
        wherever it stands; a plain word, a number or a moment where the fields are akin.
        """
        if isinstance(value, str) and self.is_id(value):
            return True
        if isinstance(value, str) and is_time(value):
            return _last(first) == _last(second) or _last(second) in _SINCE
        return _akin(first, second)

    def is_id(self, value: str) -> bool:
        """Does it name one thing, wherever it stands?"""
        if value in placeholders(value):
            return True
        known = value in self._common or is_time(value)
        sound = _SHORTEST <= len(value) <= _LONGEST and not re.search(r"\s", value)
        return sound and not known and any(char.isdigit() for char in value) and not _plain(value)

    def stands_out(self, value: str, field: str) -> bool:
        """Would it be known inside of a longer text?"""
        digits = any(char.isdigit() for char in value) and not is_time(value)
        named = _last(field) in _NAMING and digits and not re.search(r"\s", value)
        return self.is_id(value) or (named and len(value) >= _SHORTEST_INSIDE)

    def _is_word(self, value: str) -> bool:
        known = value in self._common
        return not known and _SHORTEST_WORD <= len(value) <= _LONGEST and "\n" not in value


def _plain(value: str) -> bool:
    """Is it a number, a version, a media type, or an address, that many may have alike?"""
    return re.fullmatch(r"[\d.,:+-]+|v?\d+(\.\d+)+\S*|[a-z]+/\S+|[a-z]+://\S+", value) is not None


def _akin(first: str, second: str) -> bool:
    if not (_last(first) in _NAMING and _last(second) in _NAMING):
        return False
    if first.lower() == second.lower():
        return True
    one, other = set(_words(first)[:-1]), set(_words(second)[:-1])
    kind = {_last(first), _last(second)}
    if len(kind) > 1 and kind != {"name", "username"}:
        return False
    return not one or not other or bool(one & other) or bool(one & _PARTIES and other & _PARTIES)


@lru_cache(maxsize=4096)
def _words(field: str) -> Sequence[str]:
    return [word.lower() for word in _WORDS.findall(field)]


def _last(field: str) -> str:
    return (_words(field) or [""])[-1]


def _fixed(document: Any) -> Iterator[str]:
    """The values of all `enum`s, `const`s and message types of a document."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            if key == "enum" and isinstance(value, list):
                yield from (word for word in value if isinstance(word, str))
            elif key in ("const", "x-type") and isinstance(value, str):
                yield value
            else:
                yield from _fixed(value)
    elif isinstance(document, list):
        for item in document:
            yield from _fixed(item)
