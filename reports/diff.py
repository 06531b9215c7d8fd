"""What became of a peer between two runs: what broke, what was mended, what is judged no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reports.comparison import left_out, refuse_strangers, remarks, rows_of
from reports.outcome import Outcome, Verdict
from reports.run import Run
from reports.text import listing, plural

__all__ = ["KINDS", "Change", "Diff", "Kind", "diff"]

Kind = Literal["broke", "found", "mended", "unjudged", "judged", "new", "gone", "still"]

KINDS: tuple[Kind, ...] = (
    "broke",
    "found",
    "unjudged",
    "new",
    "mended",
    "judged",
    "gone",
    "still",
)
"""In the order in which they matter to whoever reads it.

- `broke`: it was kept, and is broken.
- `found`: it is broken, and was not judged before.
- `unjudged`: it was judged, and is no longer.
- `new`: the older set of requirements lacks it.
- `mended`: it was broken, and is kept.
- `judged`: it was not judged, and is kept.
- `gone`: the newer set lacks it.
- `still`: it was broken, and is.
"""

_State = Literal["kept", "broken", "open", "absent"]

_STATE: Mapping[Verdict, _State] = {
    "pass": "kept",
    "fail": "broken",
    "warn": "broken",
    "inconclusive": "open",
    "not-applicable": "open",
}
_KIND: Mapping[tuple[_State, _State], Kind | None] = {
    ("kept", "kept"): None,
    ("kept", "broken"): "broke",
    ("kept", "open"): "unjudged",
    ("kept", "absent"): "gone",
    ("broken", "kept"): "mended",
    ("broken", "broken"): "still",
    ("broken", "open"): "unjudged",
    ("broken", "absent"): "gone",
    ("open", "kept"): "judged",
    ("open", "broken"): "found",
    ("open", "open"): None,
    ("open", "absent"): "gone",
    ("absent", "kept"): "new",
    ("absent", "broken"): "new",
    ("absent", "open"): "new",
}
_REASONS: Mapping[Kind, tuple[str, str]] = {
    "broke": ("broke", "broke"),
    "found": ("is broken, and was not judged before", "are broken, and were not judged before"),
    "new": ("is new and broken", "are new and broken"),
    "unjudged": ("passed before, and is not judged now", "passed before, and are not judged now"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A requirement that did not pass in both runs, or that one of them lacks.

    `before` and `after` are its verdicts, empty where a run has none. `message` is what was found,
    or why it was not judged: in the new run, and of what was mended or is gone in the old one.
    `known` is the new run's baseline's reason for expecting it. `replay` is the command that says
    again what led to the finding. `regression` is whether the peer is the worse for it.
    """

    kind: Kind
    id: str
    level: str
    basis: str
    section: str
    text: str
    before: Verdict | Literal[""]
    after: Verdict | Literal[""]
    message: str
    known: str
    replay: str
    regression: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """Two runs, and what is different, in the order of the newer one's requirements.

    `remarks` are sentences about what is uneven between them, `kept` how many requirements passed
    in both. `lenient` lets the new run leave open what the old one judged.
    """

    old: Run
    new: Run
    changes: tuple[Change, ...]
    remarks: tuple[str, ...]
    kept: int
    lenient: bool

    def of(self, kind: Kind) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind == kind)

    @property
    def counts(self) -> dict[Kind, int]:
        """How many changes there are of each kind; every kind is there."""
        found = Counter(change.kind for change in self.changes)
        return {kind: found[kind] for kind in KINDS}

    @property
    def regressions(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.regression)

    @property
    def because(self) -> tuple[str, ...]:
        """Sentences that say why the new run is worse, or can't show that it is not."""
        return tuple(_because(self))

    @property
    def verdict(self) -> Literal["worse", "unclear", "no worse"]:
        """`unclear` where no regression shows, and the new run can't show that there is none."""
        if self.regressions:
            return "worse"
        return "unclear" if self.because else "no worse"

    @property
    def exit_code(self) -> int:
        """1 where there is a regression, or the new run can't show that there is none; else 0."""
        return 1 if self.because else 0


def diff(old: Run, new: Run, *, lenient: bool = False) -> Diff:
    """The difference between two runs. Raises `PackError` where they have nothing in common."""
    refuse_strangers((old, new))
    changes = tuple(_changes(old, new, lenient=lenient))
    before = {outcome.id for outcome in old.requirements if outcome.verdict == "pass"}
    kept = sum(each.id in before and each.verdict == "pass" for each in new.requirements)
    return Diff(
        old=old,
        new=new,
        changes=changes,
        remarks=remarks(("OLD", "NEW"), (old, new)),
        kept=kept,
        lenient=lenient,
    )


def _changes(old: Run, new: Run, *, lenient: bool) -> Iterator[Change]:
    befores = {outcome.id: outcome for outcome in old.requirements}
    afters = {outcome.id: outcome for outcome in new.requirements}
    rows = rows_of(new)
    gone = {name: row for name, row in rows_of(old).items() if name not in rows}
    for name, row in (*rows.items(), *gone.items()):
        before = _Seen.of(old, name, befores.get(name))
        after = _Seen.of(new, name, afters.get(name))
        kind = _KIND[before.state, after.state]
        if kind is not None:
            yield _change(kind, row, before, after, new, lenient=lenient)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What one run tells of a requirement. `why` is its finding, or why it has none."""

    state: _State
    verdict: Verdict | Literal[""]
    why: str
    outcome: Outcome | None

    @classmethod
    def of(cls, run: Run, name: str, outcome: Outcome | None) -> _Seen:
        if outcome is not None:
            state = _STATE[outcome.verdict]
            return cls(state=state, verdict=outcome.verdict, why=outcome.message, outcome=outcome)
        why = left_out(run, name)
        return cls(state="open" if why else "absent", verdict="", why=why, outcome=None)


def _change(
    kind: Kind,
    row: Mapping[str, Any],
    before: _Seen,
    after: _Seen,
    new: Run,
    *,
    lenient: bool,
) -> Change:
    told = before if kind in ("mended", "gone") else after
    broken = after.outcome if after.state == "broken" else None
    return Change(
        kind=kind,
        id=row["id"],
        level=row["level"],
        basis=row["basis"],
        section=row["section"],
        text=row["text"],
        before=before.verdict,
        after=after.verdict,
        message=told.why,
        known=broken.known if broken else "",
        replay=new.replay(broken, broken.by_weight[0]) if broken else "",
        regression=_worse(kind, before, after, lenient=lenient),
    )


def _worse(kind: Kind, before: _Seen, after: _Seen, *, lenient: bool) -> bool:
    """A warning counts only where the requirement is known to have been kept: a lawful peer may
    have given it ever since.
    """
    if kind in ("found", "new"):
        return after.verdict == "fail"
    if kind == "unjudged":
        return before.state == "kept" and not lenient
    return kind == "broke"


def _because(found: Diff) -> Iterator[str]:
    for kind, (one, many) in _REASONS.items():
        names = [change.id for change in found.of(kind) if change.regression]
        if names:
            verb = one if len(names) == 1 else many
            yield f"{plural(len(names), 'requirement')} {verb}: {listing(names)}."
    if not found.new.complete or found.new.faults:
        yield "NEW is not whole, and cannot show that nothing else broke."
