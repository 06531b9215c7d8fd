"""Values that go from one replay to the next: what the run made up is made up anew, and what the
peer told is what it tells now. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.exchange import MISSING, read_json
from conformance.recording.concealing import placeholders
from conformance.recording.meaning import Meaning
from mockserver.json_text import texts_in

__all__ = ["Carrier"]

_WORD = re.compile(r"assay-secret-\d+|[\w](?:[\w.@+-]*[\w])?")


class Carrier:
    """Says old values as new ones.

    `fixed` are texts that are replaced wherever they stand, in their order: the id of the run, and
    the placeholders of secrets that are known. `Meaning` tells which values are the same thing.
    """

    def __init__(self, meaning: Meaning, fixed: Mapping[str, str]) -> None:
        self._meaning = meaning
        self._fixed = dict(fixed)
        self._texts: dict[str, str] = {}
        self._values: dict[tuple[type, Any], list[tuple[str, Any]]] = {}

    # What is new

    def learn(self, old: Any, new: Any, field: str = "") -> None:
        """What stood in an old answer stands in a new one at the same place. The first word on a
        value counts: what lists it later may have another order.
        """
        if isinstance(old, dict) and isinstance(new, dict):
            for name in old.keys() & new.keys():
                self.learn(old[name], new[name], name)
        elif isinstance(old, list) and isinstance(new, list):
            for one, other in self._pairs(old, new):
                self.learn(one, other, field)
        elif type(old) is type(new) and not isinstance(old, dict | list):
            self._add(old, new, field)

    def _pairs(self, old: list[Any], new: list[Any]) -> Iterator[tuple[Any, Any]]:
        """The items that speak of the same thing of ours; of others, those at the same place."""
        left = [(each, self._made(each)) for each in new]
        for at, one in enumerate(old):
            made = self._made(self.value(one))
            same = next((each for each, names in left if names & made), None)
            if same is not None:
                yield one, same
            elif not made and len(old) == len(new):
                yield one, new[at]

    def _made(self, item: Any) -> set[str]:
        """The strings of an item that are of the replay's own making."""
        new = self._fixed.values()
        return {text for text in texts_in(item) if any(made in text for made in new)}

    def _add(self, old: Any, new: Any, field: str) -> None:
        if isinstance(old, str) and (old in self._fixed or self._carried(old) == new):
            return
        if not self._meaning.is_value(old, field):
            return
        if isinstance(old, str) and self._meaning.is_id(old):
            self._texts.setdefault(old, new)
            return
        known = self._values.setdefault((type(old), old), [])
        if not any(self._meaning.same(old, name, field) for name, _ in known):
            known.append((field, new))

    # What is said

    def text(self, text: str) -> str:
        """A text with all that is new in it."""
        return _WORD.sub(lambda match: self._texts.get(match[0], match[0]), self._carried(text))

    def value(self, value: Any, field: str = "") -> Any:
        """JSON with all that is new in it."""
        if isinstance(value, dict):
            return {self.text(name): self.value(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, field) for item in value]
        known = self._values.get((type(value), value), [])
        for name, new in known:
            if self._meaning.same(value, name, field):
                return new
        if not isinstance(value, str):
            return value
        # A short id with a number in it is seldom another thing's, whatever its field is called.
        numbered = len(known) == 1 and any(char.isdigit() for char in value)
        if numbered and self._meaning.is_value(value, field):
            return known[0][1]
        return self.text(value)

    def body(self, data: bytes) -> bytes:
        """A body, byte by byte as it was but for what is new."""
        try:
            written = data.decode("utf-8")
        except UnicodeDecodeError:
            return data
        text = self.text(written)
        value = read_json(data)
        if value is MISSING or not self._values:
            return text.encode("utf-8", "surrogatepass")
        new = self.value(value)
        if new == read_json(text.encode()):
            return text.encode()
        return json.dumps(new, ensure_ascii=False).encode("utf-8", "surrogatepass")

    def untold(self, text: str) -> list[str]:
        """The secrets in a text that nobody has told yet."""
        return [mark for mark in placeholders(self.text(text)) if mark not in self._fixed]

    def _carried(self, text: str) -> str:
        for old, new in self._fixed.items():
            if old in text:
                text = _whole(old).sub(lambda _, new=new: new, text)  # type: ignore[misc]
        return text


def _whole(old: str) -> re.Pattern[str]:
    """A placeholder is not the beginning of another one."""
    return re.compile(re.escape(old) + (r"(?!\d)" if placeholders(old) else ""))
