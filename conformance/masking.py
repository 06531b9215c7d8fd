"""Takes secrets out of what is written down: they are needed on the wire, never in a report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["MASK", "Masker", "is_secret_field", "is_secret_header", "secrets_in"]

MASK = "•••"

_HEADER = re.compile(
    r"(?i)^(authorization|proxy-authorization|cookie|set-cookie)$|token|secret|api-?key"
)
_ENDING = r"(?:password|passwd|secret|api_?key|private_?key|access_?token|refresh_?token)"
_WHOLE = r"(?:token|(?:proxy-)?authorization|(?:set-)?cookie)"
_FIELD = re.compile(rf"(?i){_ENDING}$|^{_WHOLE}$")
_TEXT = (
    re.compile(r"(?i)(bearer\s+)[A-Za-z0-9._~+/=-]+"),
    re.compile(r"(?i)((?:^|[?&])(?:token|key|secret|password|api_key|access_token)=)[^&\s\"']+"),
    re.compile(r"(://[^\s/:@\"']{1,200}:)[^\s/@\"']{1,400}(?=@)"),
    re.compile(r"()(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
    re.compile(
        r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?=-----END [A-Z ]*PRIVATE KEY-----|$)"
    ),
    # A field in a text: of JSON that is broken, cut, or within JSON, where quotes are escaped.
    re.compile(
        rf"(?is)([\"'](?:[\w-]{{0,80}}{_ENDING}|{_WHOLE})\\{{0,3}}[\"']\s{{0,9}}:\s{{0,9}}"
        r"(\\{0,3}[\"'])(?!\2)).+?(?=(?<!\\)\2|$)"
    ),
)

_SIGN = re.compile(r"[=\"']|://|eyJ|-----BEGIN|(?i:bearer)")
"""Where none of these is, none of `_TEXT` can match: most of what is said is a word or a number."""


class Masker:
    """Masks what looks like a secret, and the values that are known to be one.

    `known` are those of the target file. Very short ones are left alone: they would mask half a
    page.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = sorted({value for value in known if len(value) > 3}, key=len, reverse=True)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """A copy in which the values of headers that carry secrets are masked."""
        return {
            name: MASK if _HEADER.search(name) else self.text(value)
            for name, value in headers.items()
        }

    def json(self, value: Any) -> Any:
        """A copy in which fields that are named like secrets, and texts like them, are masked."""
        if isinstance(value, dict):
            return {self.text(key): self._field(key, field) for key, field in value.items()}
        if isinstance(value, list):
            return [self.json(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def _field(self, key: str, field: Any) -> Any:
        if isinstance(field, str) and _FIELD.search(key):
            return MASK
        if isinstance(field, dict) and key == "credentials":
            return dict.fromkeys(map(self.text, field), MASK)
        return self.json(field)

    def text(self, text: str) -> str:
        """The text without bearer tokens, JWTs, private keys, tokens and passwords in URLs,
        and known secrets.
        """
        for secret in self._known:
            text = text.replace(secret, MASK)
        if _SIGN.search(text):
            for pattern in _TEXT:
                text = pattern.sub(rf"\g<1>{MASK}", text)
        return text


def is_secret_header(name: str) -> bool:
    """Does a header of that name carry a secret?"""
    return _HEADER.search(name) is not None


def is_secret_field(name: str) -> bool:
    """Does a field of that name hold one?"""
    return _FIELD.search(name) is not None


def secrets_in(text: str) -> Iterator[str]:
    """What looks like a secret in a text, whatever it is called."""
    for pattern in _TEXT if _SIGN.search(text) else ():
        for match in pattern.finditer(text):
            yield match[0][len(match[1]) :]
