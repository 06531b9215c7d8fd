"""Certificates that a coordinator hands out, and the requests that are made with them.

A recording holds no private key; but it shows where in which answer one stood, and that is all that
a scenario needs to use the one that it is given itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.recording.records import Asked, Record
from schemas import pointer as json_pointer

__all__ = ["Issued", "issued"]

_CERTIFICATE, _KEY = "-----BEGIN CERTIFICATE-----", "PRIVATE KEY-----"
_SHORTEST, _LONGEST = 4, 128
"""Characters of what may be an id that a path holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """`outputs` are what steps have to keep, by their names; `identities` the `x-identity` of the
    steps that show a certificate.
    """

    outputs: Mapping[str, Mapping[str, str]]
    identities: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class _Identity:
    names: frozenset[str]
    certificate: str
    key: str


def issued(records: Sequence[Record], steps: Mapping[int, str]) -> Issued:
    """Of records in their order, whose steps are called as in `steps` (by number)."""
    outputs: dict[str, dict[str, str]] = {}
    identities: dict[str, dict[str, str]] = {}
    known: list[_Identity] = []
    for record in records:
        step = steps.get(record.number)
        if not isinstance(record, Asked) or step is None:
            continue
        shown = _shown(record, known)
        if shown is not None:
            identities[step] = {"certificate": shown.certificate, "key": shown.key}
        found = dict(_texts(record.answer.value, ()))
        certificate = next((at for at, text in found.items() if _CERTIFICATE in text), None)
        key = next((at for at, text in found.items() if _KEY in text), None)
        if certificate is None or (key is None and shown is None):
            continue
        kept = outputs.setdefault(step, {})
        kept["certificate"] = f"$response.body#{certificate}"
        if key is not None:
            kept["certificate-key"] = f"$response.body#{key}"
        names = frozenset(each for each in found.values() if _SHORTEST <= len(each) <= _LONGEST)
        told = f"$steps.{step}.outputs."
        known.insert(
            0,
            _Identity(
                names if shown is None else shown.names,
                f"{told}certificate",
                f"{told}certificate-key" if key is not None or shown is None else shown.key,
            ),
        )
    return Issued(outputs=outputs, identities=identities)


def _shown(record: Asked, known: Sequence[_Identity]) -> _Identity | None:
    values = set(record.parameters.values())
    return next((each for each in known if each.names & values), None)


def _texts(value: Any, steps: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*steps, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*steps, str(index)))
    elif isinstance(value, str):
        yield json_pointer.join(steps), value
