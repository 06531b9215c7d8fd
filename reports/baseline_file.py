"""Known failures, written down: a baseline made of runs, and of what an older one says."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.baseline import Entry, expired
from reports.comparison import of_scenario, refuse_strangers, rows_of
from reports.outcome import Outcome
from reports.run import Run
from reports.text import printable, shorten
from schemas.selection import EVERYTHING

__all__ = ["Draft", "Line", "draft", "written"]

_WIDTH = 94
_ID = re.compile(r"[A-Z]+(-[A-Z0-9]+)+")
_HEAD = """\
# Failures that this peer is known for: assay test --baseline FILE. An entry whose requirement no
# longer fails, or whose last day is over, fails the run.
"""
_ABOUT_REASONS = """\
# An entry without a reason is refused: say why it fails, and who will mend it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry that is written. `outcome` is the failure that it is for, where there was one now;
    `kept` whether an older baseline had it, `over` whether its last day was over at the run.
    """

    entry: Entry
    outcome: Outcome | None
    kept: bool
    over: bool

    @property
    def unexplained(self) -> bool:
        return not self.entry["reason"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A baseline that is not written yet. `dropped` are ids of the older one, with the reason why
    each has gone; `undated` are requirements that fail in some runs only, for which no last day was
    given.
    """

    lines: tuple[Line, ...]
    dropped: Mapping[str, str]
    undated: tuple[str, ...]


def draft(
    runs: Sequence[Run], old: Sequence[Entry], *, reason: str = "", expires: str = ""
) -> Draft:
    """What a baseline of these runs has to hold: all that fails in one of them.

    The reasons and last days of `old` stay as they are; `reason` and `expires` are for what is new.
    What fails in some runs and not in others that judged it is flaky, and so is what was told to
    be. Raises `PackError` where the runs have nothing in common.
    """
    refuse_strangers(runs)
    seen = _Seen.of(runs)
    before = {entry["requirement"]: entry for entry in old}
    failing = [name for name in seen.rows if seen.failed[name]]
    kept = [name for name in before if name not in failing and not seen.gone(before[name])]
    lines = [_line(name, seen, before.get(name), reason, expires) for name in (*failing, *kept)]
    return Draft(
        lines=tuple(lines),
        dropped={
            name: why
            for name, entry in before.items()
            if name not in failing and (why := seen.gone(entry))
        },
        undated=tuple(
            line.entry["requirement"]
            for line in lines
            if line.entry.get("flaky") and "expires" not in line.entry
        ),
    )


def written(made: Draft) -> str:
    """The file, in YAML: above each entry what the requirement asks, and what was found."""
    lines = [_HEAD + _ABOUT_REASONS * any(line.unexplained for line in made.lines)]
    if not made.lines:
        return f"{lines[0]}known: []\n"
    lines.append("known:\n")
    lines += [_written(line) for line in made.lines]
    return "".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the runs tell of requirements, by id: how many failed, and how many judged otherwise."""

    rows: Mapping[str, Mapping[str, Any]]
    failed: Counter[str]
    held: Counter[str]
    shown: Mapping[str, Outcome]
    whole: bool
    day: str

    @classmethod
    def of(cls, runs: Sequence[Run]) -> _Seen:
        outcomes = [outcome for run in runs for outcome in run.requirements if outcome.judged]
        broken = [outcome for outcome in outcomes if outcome.verdict == "fail"]
        return cls(
            rows={name: row for run in runs for name, row in rows_of(run).items()},
            failed=Counter(outcome.id for outcome in broken),
            held=Counter(outcome.id for outcome in outcomes if outcome.verdict != "fail"),
            shown={outcome.id: outcome for outcome in broken},
            whole=any(run.header["only"] == EVERYTHING and not of_scenario(run) for run in runs),
            day=max(run.header["started"][:10] for run in runs),
        )

    def gone(self, entry: Entry) -> str:
        """Why an entry that no run needs has to go; empty where it may stay."""
        name = entry["requirement"]
        if self.held[name] and not entry.get("flaky"):
            return "it does not fail now"
        if self.whole and name not in self.rows:
            return "there is no such requirement"
        return ""


def _line(name: str, seen: _Seen, old: Entry | None, reason: str, expires: str) -> Line:
    entry: dict[str, Any] = dict(old or {"requirement": name, "reason": reason})
    if seen.failed[name] and seen.held[name]:
        entry["flaky"] = True
    if expires and (old is None or (entry.get("flaky") and "expires" not in entry)):
        entry["expires"] = expires
    return Line(
        entry=entry,
        outcome=seen.shown.get(name),
        kept=old is not None,
        over=expired(entry, seen.day),
    )


def _written(line: Line) -> str:
    comments = list(_comments(line))
    entry = line.entry
    reason = entry["reason"]
    fields = [
        f"  - requirement: {_quoted(entry['requirement'])}",
        f"    reason: {_quoted(reason)}" if reason else '    reason: ""  # to be filled in',
    ]
    if "expires" in entry:
        fields.append(f"    expires: {_quoted(entry['expires'])}")
    if entry.get("flaky"):
        fields.append("    flaky: true")
    return "".join(f"{text}\n" for text in (*comments, *fields))


def _comments(line: Line) -> Iterator[str]:
    outcome = line.outcome
    if outcome is None:
        yield "  # (it did not fail, or was not judged, when this was written)"
        return
    yield _comment(f"{outcome.level}: {outcome.text}")
    if outcome.message:
        yield _comment(f"found: {outcome.message}")


def _comment(text: str) -> str:
    return f"  # {shorten(' '.join(printable(text).split()), _WIDTH)}"


def _quoted(text: str) -> str:
    """A text in YAML: plain where it is an id, else as JSON, which YAML reads as well."""
    return text if _ID.fullmatch(text) else json.dumps(printable(text), ensure_ascii=False)
