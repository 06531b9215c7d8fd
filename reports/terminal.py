"""What a person can act on, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.body import Body
from reports.evidence import Proof, proof
from reports.lines import CONCLUSIONS, LABEL, STYLES, VALUE, Lines
from reports.outcome import Check, Outcome
from reports.run import Run
from reports.text import listing, plural, printable

__all__ = ["summary"]

_SHOWN = 3  # failed checks of one requirement, and offending values of one check
_COMMAND = 4_000  # characters of a command that can still be copied from a screen


def summary(run: Run, *, colour: bool, width: int, reports: Path | None = None) -> str:
    """The run in lines of at most `width` columns, but for commands and paths, to be copied.

    `colour` allows ANSI colours; whatever the peer said is stripped of its own control
    characters. `reports` is the folder that `write_all` wrote to.
    """
    page = _Page(run=run, colour=colour, width=max(width, 40))
    return "\n".join(page.lines(reports)) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page(Lines):
    run: Run

    def lines(self, reports: Path | None) -> Iterator[str]:
        yield from self.title()
        for outcome in self.run.unexpected:
            yield from self.failure(outcome)
        yield from self.known()
        yield from self.stale()
        yield from self.warnings()
        yield from self.inconclusive()
        yield from self.faults()
        yield from self.conclusion()
        if reports is not None:
            # In one piece, however long: it is there to be opened.
            path = printable(str(reports / "report.html"))
            yield f"  {self.paint('report'.ljust(LABEL), 'dim')}{path}"

    def title(self) -> Iterator[str]:
        header = self.run.header
        protocol, peer = header["protocol"], header["peer"]
        where = f" at {self.run.address}" if self.run.address else ""
        yield from self.wrapped(f"{protocol['title']} {protocol['version']}", style="bold")
        yield from self.wrapped(
            f"{header['role']} {peer['name']}{where}, {header['profile']}, seed {header['seed']}",
            style="dim",
        )

    def failure(self, outcome: Outcome) -> Iterator[str]:
        yield ""
        basis = f"{outcome.level}, {outcome.basis}"
        name = self.paint(printable(outcome.id), "bold")
        yield f"{self.tag('FAIL', 'red')} {name} {self.paint(f'({basis})', 'dim')}"
        yield from self.wrapped(outcome.text, indent=2)
        yield from self.wrapped(outcome.section, indent=2, style="dim")
        failed = [check for check in outcome.by_weight if check.verdict == "fail"]
        for check in failed[:_SHOWN]:
            yield from self.finding(outcome, check)
        if len(failed) > _SHOWN:
            yield from self.wrapped(f"and {len(failed) - _SHOWN} more checks fail", indent=2)

    def finding(self, outcome: Outcome, check: Check) -> Iterator[str]:
        replay = self.run.replay(outcome, check)
        found = proof(check.evidence, self.run.header["role"], limit=VALUE, replay=replay)
        times = f" ({check.times} times)" if check.times > 1 else ""
        yield from self.field("found", f"{check.message or check.name}{times}", style="red")
        for offence in found.offences[:_SHOWN]:
            yield from self.field("at", str(offence))
        if len(found.offences) > _SHOWN:
            yield from self.field("", f"and {len(found.offences) - _SHOWN} more places")
        for label, value in (("expected", found.expected), ("actual", found.actual)):
            if value.lines:
                yield from self.field(label, _flat(value))
        yield from self.last_said(found)
        if found.reproduce:
            yield from self.command(found.reproduce)
        # In one piece, however long: it is there to be copied.
        yield f"  {self.paint('replay'.ljust(LABEL), 'dim')}{printable(found.replay)}"

    def last_said(self, found: Proof) -> Iterator[str]:
        """The frame that is judged, or the last one; without frames, the last answer."""
        talk = found.conversation
        for frame in [talk.judged] if talk.judged else talk.frames[-1:]:
            body = _flat(frame.body)
            yield from self.field("said", f"{frame}: {body}" if body else str(frame))
        for exchange in [] if talk.frames else found.exchanges[-1:]:
            said = exchange.answer.status if exchange.answer else f"no answer: {exchange.failure}"
            yield from self.field("answer", f"{exchange.line} -> {said}")

    def command(self, text: str) -> Iterator[str]:
        if len(text) > _COMMAND:
            size = f"{len(text) // 1000} kB long: copy it from report.html"
            yield from self.field("reproduce", size, style="dim")
            return
        yield "  " + self.paint("reproduce", "dim")
        yield from (f"    {line}" for line in printable(text).split("\n"))

    def known(self) -> Iterator[str]:
        yield from self.heading("Known failures", len(self.run.known))
        terms = {entry["requirement"]: _terms(entry) for entry in self.run.header["baseline"]}
        for outcome in self.run.known:
            yield from self.entry(outcome, f"{outcome.known}{terms[outcome.id]}")

    def stale(self) -> Iterator[str]:
        yield from self.heading("Baseline entries that no longer hold", len(self.run.stale))
        for entry in self.run.stale:
            what = "expired" if entry.expired else "stale"
            yield f"  {self.paint(printable(entry.requirement), 'yellow')} {what}"
            yield from self.wrapped(f"{entry.why}; its reason: {entry.reason}", indent=4)

    def warnings(self) -> Iterator[str]:
        warned = [outcome for outcome in self.run.requirements if outcome.verdict == "warn"]
        yield from self.heading("Warnings", len(warned))
        for outcome in warned:
            yield from self.entry(outcome, f"{outcome.text} {outcome.message}")

    def inconclusive(self) -> Iterator[str]:
        yield from self.heading("Inconclusive", self.run.counts["inconclusive"])
        for cause, outcomes in self.run.causes:
            names = listing([outcome.id for outcome in outcomes])
            yield from self.wrapped(f"{len(outcomes):>4} x {cause}", indent=2, hang=7)
            yield from self.wrapped(names, indent=9, style="dim")

    def faults(self) -> Iterator[str]:
        yield from self.heading("Faults of our own, not the peer's", len(self.run.faults))
        for fault in self.run.faults:
            yield from self.wrapped(f"{fault.check}: {fault.message}", indent=2, hang=2)

    def conclusion(self) -> Iterator[str]:
        run = self.run
        yield ""
        yield from self.counts()
        yield from self.wrapped(
            f"{run.conformance_percent} of {plural(run.applicable, 'applicable requirement')} "
            f"passed, {run.judged_percent} were judged"
        )
        yield ""
        word, style = CONCLUSIONS[run.verdict]
        yield self.tag(word, style)
        for sentence in run.because:
            yield from self.wrapped(f"- {sentence}", indent=2, hang=2)

    def counts(self) -> list[str]:
        counts = self.run.counts.items()
        plain = ", ".join(f"{count} {verdict}" for verdict, count in counts)
        if len(plain) > self.width:
            return self.wrapped(plain)
        painted = (
            self.paint(f"{count} {verdict}", STYLES[verdict] if count else "dim")
            for verdict, count in counts
        )
        return [", ".join(painted)]

    def entry(self, outcome: Outcome, text: str) -> Iterator[str]:
        yield "  " + self.paint(f"{printable(outcome.id)} {outcome.level}", "yellow")
        yield from self.wrapped(text, indent=4)


def _terms(entry: Mapping[str, Any]) -> str:
    """How long a baseline entry holds, and whether its failure comes and goes."""
    until = f", until {entry['expires']}" if "expires" in entry else ""
    return f"{until}{', flaky' if entry.get('flaky') else ''}"


def _flat(body: Body) -> str:
    """A body on one line, without its marks: the offending places stand on lines of their own."""
    said = (line for line in body.lines if not line.missing)
    return " ".join(f"{line.key}{line.value}{line.tail}".strip() for line in said)
