"""A run that goes on where an earlier one stopped: its checks that ended are not run again, and
those that generate their cases look for others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

__all__ = ["NOTHING", "Earlier", "check_id", "read_earlier"]

_GROUP = re.compile(r"@[^@\]]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What an earlier run leaves to the one that goes on: the ids of the checks that `ended`, and
    the `records` of these, of what they found, and of what the run came by, as they stand in its
    run.jsonl.
    """

    run: str = ""
    chapter: int = 0
    """How many runs there were before this one: generated cases follow from it and the seed."""
    ended: frozenset[str] = frozenset()
    records: tuple[Mapping[str, Any], ...] = ()


NOTHING = Earlier()


def check_id(node: str) -> str:
    """A check's id as it stands in run.jsonl: that of pytest, without the group of a worker."""
    return _GROUP.sub("", node)


def read_earlier(path: Path) -> Earlier:
    """What the run.jsonl at `path` leaves. Its last line may be cut off."""
    header, *records = _whole_lines(path)
    ended = frozenset(each["check"] for each in records if each["record"] == "ended")
    names = {check.rpartition("::")[2] for check in ended}
    always = ("coverage", "ended")
    kept = [each for each in records if each["record"] in always or _is_kept(each, names)]
    return Earlier(
        run=header["run"],
        chapter=header.get("continues", {}).get("chapter", 0) + 1,
        ended=ended,
        records=tuple(kept),
    )


def _is_kept(record: Mapping[str, Any], names: set[str]) -> bool:
    """A verdict of a check that ended, or of what was said in one; not of the run as a whole."""
    check: str = record.get("check", "run")
    of_check = check.startswith("test_")
    return record["record"] == "verdict" and check != "run" and (check in names or not of_check)


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    lines = path.read_bytes().split(b"\n")
    return [orjson.loads(line) for line in lines[:-1]]  # the last is empty, or cut off
