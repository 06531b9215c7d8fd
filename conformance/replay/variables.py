"""The secrets of a target, by the names of the variables that stand for them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.target import Target
from schemas.spec import Protocol

__all__ = ["variables"]

_SHORTEST = 4
"""Characters of a secret that is looked for: a shorter one would be found by chance."""


def variables(target: Target, protocol: Protocol) -> dict[str, str]:
    """Each name with its secret. The same secret has one name, its first, also where it stands in
    another one.
    """
    found: dict[str, str] = {}
    for name, value in _named(target, protocol):
        known = any(each in value for each in found.values())
        if len(value) >= _SHORTEST and not known:
            found.setdefault(name, value)
    return found


def _named(target: Target, protocol: Protocol) -> Iterator[tuple[str, str]]:
    yield "ASSAY_TOKEN", target.token(protocol)
    yield "ASSAY_PASSWORD", target.credentials.password
    for header, value in (*target.headers.items(), *target.metadata.items()):
        scheme, _, secret = value.partition(" ")
        plain = header.lower() == "authorization"
        yield "ASSAY_TOKEN" if plain else f"ASSAY_{_word(header)}", secret or scheme
    for header, value in target.operator.headers.items():
        yield f"ASSAY_OPERATOR_{_word(header)}", value
    for one in target.principals:
        yield f"ASSAY_TOKEN_OF_{_word(one.name)}", one.token
    for number, value in enumerate(target.secrets, start=1):
        yield f"ASSAY_SECRET_{number}", value


def _word(text: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_")
