"""How much of what is asked a run judged, and how much of what is described it came by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reports.outcome import VERDICTS, Outcome, Verdict
from reports.run import Run
from reports.text import percent

__all__ = ["Group", "Message", "Operation", "Share", "Status", "Surface", "groups", "surface"]

State = Literal["seen", "unseen", "undocumented", "unanswered"]

_NO_ANSWER = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of how many: `part` of `whole`."""

    part: int
    whole: int

    @property
    def percent(self) -> str:
        return percent(self.part, self.whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The requirements of one `name`, a level, say; both shares are of the applicable ones."""

    name: str
    counts: Mapping[Verdict, int]
    passed: Share
    judged: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A status of an operation; `text` is one that was answered, or as the document has it."""

    text: str
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation with what the document lets it answer and what it answered."""

    id: str
    method: str
    path: str
    claimed: bool
    seen: bool
    statuses: Sequence[Status]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that the judged side may send."""

    id: str
    channel: str
    claimed: bool
    seen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """What of the protocol a run came by. The shares leave out what the peer does not claim, and
    `answered` counts documented statuses only.
    """

    operations: Sequence[Operation]
    messages: Sequence[Message]
    called: Share
    answered: Share
    sent: Share


def groups(outcomes: Iterable[Outcome], by: str) -> list[Group]:
    """The outcomes by an attribute of theirs, in the order in which its values first come."""
    found: dict[str, list[Verdict]] = {}
    for outcome in outcomes:
        found.setdefault(getattr(outcome, by), []).append(outcome.verdict)
    return [_group(name, verdicts) for name, verdicts in found.items()]


def _group(name: str, verdicts: Sequence[Verdict]) -> Group:
    counts = {verdict: verdicts.count(verdict) for verdict in VERDICTS}
    applicable = len(verdicts) - counts["not-applicable"]
    judged = applicable - counts["inconclusive"]
    return Group(
        name=name,
        counts=counts,
        passed=Share(part=counts["pass"], whole=applicable),
        judged=Share(part=judged, whole=applicable),
    )


def surface(run: Run) -> Surface | None:
    """What of the protocol the run came by; `None` for a record that does not tell."""
    told = run.header.get("surface")
    if told is None:
        return None
    unclaimed = set(run.header["unclaimed"])
    operations = [_operation(each, run, unclaimed) for each in told["operations"]]
    messages = [
        Message(
            id=each["id"],
            channel=each["channel"],
            claimed=each["capability"] not in unclaimed,
            seen=each["id"] in run.messages,
        )
        for each in told["messages"]
    ]
    return Surface(
        operations=operations,
        messages=messages,
        called=_share(each.seen for each in operations if each.claimed),
        answered=_share(
            status.state == "seen"
            for each in operations
            if each.claimed
            for status in each.statuses
            if status.state in ("seen", "unseen")
        ),
        sent=_share(each.seen for each in messages if each.claimed),
    )


def _share(seen: Iterable[bool]) -> Share:
    each = list(seen)
    return Share(part=sum(each), whole=len(each))


def _operation(told: Mapping[str, Any], run: Run, unclaimed: set[str]) -> Operation:
    seen = run.covered.get(told["id"], frozenset())
    return Operation(
        id=told["id"],
        method=told["method"],
        path=told["path"],
        claimed=told["capability"] not in unclaimed,
        seen=bool(seen),
        statuses=list(_statuses(told["answers"], seen)),
    )


def _statuses(documented: Sequence[str], seen: frozenset[str]) -> Iterator[Status]:
    """The documented ones, a range with what of it was answered, and then the others."""
    left = set(seen)
    for key in documented:
        matching = {status for status in left if _is(status, key)}
        left -= matching
        text = key if not matching or key in matching else f"{key}: {', '.join(sorted(matching))}"
        yield Status(text=text, state="seen" if matching else "unseen")
    for status in sorted(left):
        answered = status != _NO_ANSWER
        yield Status(
            text=status if answered else "no answer",
            state="undocumented" if answered else "unanswered",
        )


def _is(status: str, key: str) -> bool:
    return status == key or (key.endswith("XX") and len(key) == 3 and status[:1] == key[:1])
