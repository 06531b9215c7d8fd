"""What GitHub's runner is told on standard output: an annotation for each broken requirement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.outcome import Outcome
from reports.run import Run
from reports.status import conclusion, troubles
from reports.text import plural, printable, shorten

__all__ = ["commands"]

_SHOWN = 10  # of a kind: of one step, GitHub shows no more
_MESSAGE = 1_000


def commands(run: Run) -> Iterator[str]:
    """Commands for the runner, one a line; nothing in them can be taken for another one.

    Errors are what fails the run, warnings what does not, and a notice tells the outcome.
    """
    warned = [outcome for outcome in run.requirements if outcome.verdict == "warn"]
    beside = [_command("error", each.name, each.message) for each in troubles(run)]
    failed = [_of("error", outcome, run) for outcome in run.unexpected]
    yield from _limited("error", [*failed, *beside])
    yield from _limited("warning", [_of("warning", outcome, run) for outcome in warned])
    header = run.header
    yield _command(
        "notice",
        f"{header['protocol']['title']}: {conclusion(run).lower()}",
        f"{header['peer']['name']}: {run.conformance_percent} of "
        f"{plural(run.applicable, 'applicable requirement')} passed, "
        f"{run.judged_percent} were judged. {run.ending}",
    )


def _limited(kind: str, found: Sequence[str]) -> Iterator[str]:
    """As many as are shown, the last of which tells how many are not."""
    if len(found) <= _SHOWN:
        yield from found
        return
    yield from found[: _SHOWN - 1]
    left = len(found) - _SHOWN + 1
    yield _command(kind, "more", f"{left} more: see the summary and the reports")


def _of(kind: str, outcome: Outcome, run: Run) -> str:
    deciding = outcome.by_weight[0]
    replay = run.replay(outcome, deciding)
    title = f"{outcome.id} ({outcome.level}, {outcome.basis})"
    return _command(kind, title, f"{outcome.message}\n{outcome.text}\n{replay}".strip())


def _command(kind: str, title: str, message: str) -> str:
    return f"::{kind} title={_property(title)}::{_escaped(shorten(message, _MESSAGE))}"


def _escaped(text: str) -> str:
    """As the runner wants it: it unescapes these, and ends a command at a line feed."""
    text = printable(text).replace("%", "%25")
    return text.replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
