"""Takes secrets out of what is recorded, and leaves in their place what tells them apart.

The same secret is the same placeholder wherever it stands, so that what is recorded still shows
which token was handed out here and brought back there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_plus

from conformance.masking import is_secret_field, is_secret_header, secrets_in
from conformance.recording.records import OFFERED, Asked, Content, Record, Spoken

__all__ = ["Concealer", "placeholders"]

_NAMED = re.compile(r"(?i)(token|jwt|passphrase|(?:^|[_.-])pass|api[_-]?key|authorization|cookie)$")
_PLACEHOLDER = re.compile(r"assay-secret-\d+")
_SHORTEST = 4
"""Characters of a secret that is looked for everywhere: a shorter one would be found by chance."""

_NO_SECRETS = {
    *("bool", "boolean", "false", "none", "null", "number", "optional", "password", "required"),
    *("secret", "string", "text", "token", "true", "object", "array", "integer", "undefined"),
}
"""What stands in a field called like a secret where the field is only described."""

_SHORT_TYPES = ("str", "int", "any")

_SCHEME = re.compile(r"(?i)^(bearer|basic|digest|token)\s+(?=\S)")
_PAIR = re.compile(r"([^=;,\s]+)=([^;,\s]+)")
_ATTRIBUTES = ("path", "domain", "expires", "max-age", "samesite", "version")


def placeholders(text: str) -> list[str]:
    """The secrets that a text held, by what stands in their place."""
    return _PLACEHOLDER.findall(text)


class Concealer:
    """Knows every secret that it has met. `known` are some beforehand.

    `offered` says that credentials go with a handshake as sub-protocols: a version, a name, a
    password.
    """

    def __init__(self, known: Iterable[str] = (), *, offered: bool = False) -> None:
        self._offered = offered
        self._names: dict[str, str] = {}
        self._heads: dict[str, list[int]] = {}
        """How what is looked for begins, and how long it may be then, the longest first."""
        self._pattern: re.Pattern[str] | None = None
        self._met = 0
        for secret in known:
            self._meet(secret)

    def record(self, record: Record) -> Record:
        """A copy without secrets."""
        return self._asked(record) if isinstance(record, Asked) else self._spoken(record)

    def text(self, text: str) -> str:
        """Without the secrets that are known, and without what looks like one."""
        self._look(text)
        return self._without(text)

    def look(self, text: str) -> None:
        """Learn what looks like a secret in a text, and replace nothing yet."""
        self._look(text)

    def meet(self, record: Record) -> None:
        """Learn the secrets of a record, and replace none yet: that is dear as long as each record
        brings new ones.
        """
        if not isinstance(record, Asked):
            self._look_at(record.content.value)
            return
        for headers in (record.headers, record.answer_headers):
            for name, value in headers:
                self._look_at_header(name, value)
        for name, value in record.query:
            self._look_at_field(name, value)
        for content in (record.body, record.answer):
            self._look_at(content.value)

    def _asked(self, record: Asked) -> Asked:
        self.meet(record)
        return replace(
            record,
            path=self._without(record.path),
            parameters={name: self._without(value) for name, value in record.parameters.items()},
            query=[(name, self._without(value)) for name, value in record.query],
            headers=[(name, self._without(value)) for name, value in record.headers],
            answer_headers=[(name, self._without(value)) for name, value in record.answer_headers],
            body=self._content(record.body),
            answer=self._content(record.answer),
            failure=self._without(record.failure),
        )

    def _spoken(self, record: Spoken) -> Spoken:
        self.meet(record)
        return replace(record, content=self._content(record.content))

    def _content(self, content: Content) -> Content:
        return replace(content, value=self._json(content.value))

    # Finding them

    def _look_at(self, value: Any, name: str = "") -> None:
        if isinstance(value, Mapping):
            inside = name.lower() == "credentials"
            for key, item in value.items():
                self._look_at(item, "password" if inside else key)
        elif isinstance(value, list):
            for item in value:
                self._look_at(item, name)
        elif isinstance(value, str):
            self._look_at_field(name, value)

    def _look_at_field(self, name: str, value: str) -> None:
        if is_secret_field(name) or _NAMED.search(name):
            self._meet(_SCHEME.sub("", value))
        else:
            self._look(value)

    def _look_at_header(self, name: str, value: str) -> None:
        if name == OFFERED:
            words = [word.strip() for word in value.split(",")]
            for word in words[2:] if self._offered else ():
                self._meet(word)
        elif "cookie" in name:
            for key, held in _PAIR.findall(value):
                if key.lower() not in _ATTRIBUTES:
                    self._meet(held)
        elif is_secret_header(name):
            self._meet(_SCHEME.sub("", value))
        else:
            self._look(value)

    def _look(self, text: str) -> None:
        for secret in secrets_in(text):
            self._meet(secret)

    def _meet(self, secret: str) -> None:
        if len(secret) < _SHORTEST or secret in self._names or _PLACEHOLDER.search(secret):
            return
        if secret.lower() in _NO_SECRETS:
            return
        self._met += 1
        mark = f"assay-secret-{self._met}"
        for written in (secret, quote(secret, safe=""), quote_plus(secret)):
            if written not in self._names:
                self._names[written] = mark
                self._look_for(written)

    def _look_for(self, secret: str) -> None:
        sizes = self._heads.setdefault(secret[:_SHORTEST], [])
        if not sizes:
            self._pattern = None
        if len(secret) not in sizes:
            sizes.append(len(secret))
            sizes.sort(reverse=True)

    # Replacing them

    def _json(self, value: Any, name: str = "") -> Any:
        if isinstance(value, Mapping):
            inside = name.lower() == "credentials"
            return {
                self._without(key): self._json(item, "password" if inside else key)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self._json(item, name) for item in value]
        if not isinstance(value, str):
            return value
        short = 0 < len(value) < _SHORTEST and value not in _SHORT_TYPES
        if short and (is_secret_field(name) or _NAMED.search(name)):
            return "assay-secret-0"
        return self._without(value)

    def _without(self, text: str) -> str:
        if not self._names or not text:
            return text
        if self._pattern is None:  # of whole keys and certificates it would be dear to make
            self._pattern = re.compile("|".join(map(re.escape, self._heads)))
        pieces: list[str] = []
        at = kept = 0
        while found := self._pattern.search(text, at):
            start = found.start()
            long = (text[start : start + size] for size in self._heads[found[0]])
            secret = next((each for each in long if each in self._names), "")
            if secret:
                pieces += (text[kept:start], self._names[secret])
                kept = start + len(secret)
            at = start + max(len(secret), 1)
        return "".join((*pieces, text[kept:]))
