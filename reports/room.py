"""What of a run a page has room for: what broke comes first, and all that is cut is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports.outcome import Check, Found, Outcome, Verdict
from reports.text import plural

__all__ = ["Row", "Section", "candidates", "sections", "shown_findings"]

ROWS = 3_000
"""Requirements that one page lists."""

FULL = 5
"""Findings of one requirement that are shown with their transcripts."""

BRIEF = 6_000
"""Other checks that are named, a line each; no requirement has more than 20 of them."""

BUDGET = 2_500_000
"""Characters of HTML that all transcripts together may take."""

_LEAST = 2_000  # no finding takes less: with no more room than that, none is tried

_ORDER: Sequence[Verdict] = ("fail", "warn", "inconclusive", "pass", "not-applicable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A requirement as a page shows it: findings in `full`, rendered, other checks in `brief`, each
    with the command that replays it, if there is one. `left_out` says what is not shown.
    """

    outcome: Outcome
    full: Sequence[Markup]
    brief: Sequence[tuple[Check, str]]
    left_out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the protocol's document; `counts` are of all its requirements, shown or not."""

    title: str
    rows: Sequence[Row]
    counts: Sequence[tuple[Verdict, int]]
    left_out: str


def candidates(found: Iterable[Found]) -> list[Found]:
    """The findings that may be shown with their transcripts, in the order in which they get room:
    the first one of each requirement comes before the second one of any.
    """
    by_turn = sorted(_numbered(found), key=lambda pair: pair[0])
    return [each for turn, each in by_turn if turn < FULL]


def shown_findings(
    found: Iterable[Found], render: Callable[[Found], Markup], budget: int = BUDGET
) -> dict[str, Markup]:
    """The first of these findings that there is room for, rendered, by their names."""
    shown: dict[str, Markup] = {}
    for each in found:
        if budget < _LEAST:
            break
        text = render(each)
        if len(text) <= budget:
            shown[each.name] = text
            budget -= len(text)
    return shown


def _numbered(found: Iterable[Found]) -> Iterator[tuple[int, Found]]:
    """Each with its number among those of its requirement, from 0."""
    turns: dict[str, int] = {}
    for each in found:
        turn = turns.get(each.outcome.id, 0)
        turns[each.outcome.id] = turn + 1
        yield turn, each


def sections(
    outcomes: Sequence[Outcome],
    found: Iterable[Found],
    shown: Mapping[str, Markup],
    replay: Callable[[Found], str],
) -> Iterator[Section]:
    """The requirements by section, with what is `shown` of the findings `found`."""
    kept = _kept(outcomes)
    most = min(20, max(1, BRIEF // max(len(kept), 1)))
    broken: dict[str, list[Found]] = {}
    for each in found:
        broken.setdefault(each.outcome.id, []).append(each)
    chapters: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        chapters.setdefault(outcome.section, []).append(outcome)
    for title, chapter in chapters.items():
        verdicts = [outcome.verdict for outcome in chapter]
        rows = [
            _row(outcome, broken.get(outcome.id, ()), shown, replay, most)
            for outcome in chapter
            if outcome.id in kept
        ]
        yield Section(
            title=title,
            rows=rows,
            counts=[
                (verdict, verdicts.count(verdict)) for verdict in _ORDER if verdict in verdicts
            ],
            left_out=_more(len(chapter) - len(rows), "requirement"),
        )


def _kept(outcomes: Sequence[Outcome]) -> set[str]:
    """The ids of those that are listed: what did not pass comes first."""
    by_weight = sorted(outcomes, key=lambda outcome: _ORDER.index(outcome.verdict))
    return {outcome.id for outcome in by_weight[:ROWS]}


def _row(
    outcome: Outcome,
    broken: Sequence[Found],
    shown: Mapping[str, Markup],
    replay: Callable[[Found], str],
    most: int,
) -> Row:
    full = [shown[each.name] for each in broken if each.name in shown]
    short = [each for each in broken if each.name not in shown]
    brief = [(each.check, replay(each)) for each in short[:most]]
    others = [check for check in outcome.by_weight if check.verdict not in ("fail", "warn")]
    brief += [(check, "") for check in others[: most - len(brief)]]
    return Row(
        outcome=outcome,
        full=full,
        brief=brief,
        left_out=_more(len(short) + len(others) - len(brief), "check"),
    )


def _more(count: int, noun: str) -> str:
    return f"{plural(count, f'more {noun}')} not shown here, see results.json" if count > 0 else ""
