"""What a run was to judge: the requirements of one revision and one role, and their digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from reports.text import listing
from schemas.spec import FrozenSet, Protocol, Requirement, Role

__all__ = ["difference", "frozen_text", "present", "renewed", "rows_apart", "set_digest"]

_FIELDS = ("id", "level", "basis", "section", "text", "capability")
"""What a run's header tells of a row; whatever else a row has says how it is judged."""

_FROZEN_HEAD = """\
# yaml-language-server: $schema=../../meta/frozen.schema.json
$schema: ../../meta/frozen.schema.json
# What certificates are bound to. Written by: assay requirements PROTOCOL --freeze
# An entry is never changed or taken away: certificates name it.
sets:
"""
_FROZEN_ENTRY = """\
  - role: {role}
    revision: {revision}
    number: {number}
    requirements: {requirements}
    frozen: "{frozen}"
    digest: {digest}
"""


def set_digest(protocol: Protocol, role: Role, rows: Iterable[Requirement]) -> str:
    """SHA-256, in hex, of the requirements of `role`, whatever their order in the file.

    It is taken over JSON in UTF-8 with sorted keys and no spaces: the protocol's id and version,
    the role, and the rows by their ids. A word changed in one of them is another set.
    """
    told = [
        {name: getattr(row, name) for name in (*_FIELDS, "untestable")}
        for row in sorted(rows, key=lambda row: row.id)
        if row.role == role
    ]
    whole = {"protocol": protocol.id, "version": protocol.version, "role": role, "rows": told}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def present(
    protocol: Protocol, role: Role, rows: Iterable[Requirement], sets: Iterable[FrozenSet]
) -> FrozenSet | None:
    """The frozen set that the requirements of `role` are, as they stand; `None` where they were
    changed since, or never frozen.
    """
    digest = set_digest(protocol, role, rows)
    return next((each for each in sets if (each.role, each.digest) == (role, digest)), None)


def renewed(
    protocol: Protocol, rows: Collection[Requirement], sets: Sequence[FrozenSet], day: str
) -> tuple[FrozenSet, ...]:
    """The frozen sets, with one more for each role whose requirements are none of them yet."""
    missing = [
        role
        for role in protocol.roles
        if any(row.role == role for row in rows) and not present(protocol, role, rows, sets)
    ]
    return (*sets, *(_next(protocol, role, rows, sets, day) for role in missing))


def frozen_text(sets: Iterable[FrozenSet]) -> str:
    """frozen.yaml with these sets."""
    return _FROZEN_HEAD + "".join(
        _FROZEN_ENTRY.format(**asdict(each) | {"revision": json.dumps(each.revision)})
        for each in sets
    )


def difference(header: Mapping[str, Any], protocol: Protocol, rows: Iterable[Requirement]) -> str:
    """How the requirements of a run's header differ from the whole set; empty where they do not."""
    said = header["protocol"]
    if (said["id"], said["version"]) != (protocol.id, protocol.version):
        here = f"{protocol.id} {protocol.version}"
        return f"it is of {said['id']} {said['version']}, and the set at hand of {here}"
    wanted = {row.id: _told(row) for row in rows if row.role == header["role"]}
    return rows_apart(wanted, {row["id"]: row for row in header["requirements"]})


def rows_apart(
    wanted: Mapping[str, Mapping[str, Any]], found: Mapping[str, Mapping[str, Any]]
) -> str:
    """How the rows that were found, by id, differ from those that are wanted, in a few words."""
    parts = {
        "lacks": sorted(wanted.keys() - found.keys()),
        "adds": sorted(found.keys() - wanted.keys()),
        "words otherwise": sorted(
            name
            for name in wanted.keys() & found.keys()
            if any(wanted[name][field] != found[name][field] for field in _FIELDS)
        ),
    }
    return "; ".join(f"it {how} {listing(names)}" for how, names in parts.items() if names)


def _next(
    protocol: Protocol,
    role: Role,
    rows: Iterable[Requirement],
    sets: Iterable[FrozenSet],
    day: str,
) -> FrozenSet:
    own = [row for row in rows if row.role == role]
    before = [
        each.number for each in sets if (each.role, each.revision) == (role, protocol.version)
    ]
    return FrozenSet(
        role=role,
        revision=protocol.version,
        number=max(before, default=0) + 1,
        requirements=len(own),
        frozen=day,
        digest=set_digest(protocol, role, own),
    )


def _told(row: Requirement) -> dict[str, str]:
    return {name: getattr(row, name) for name in _FIELDS}
