"""A difference between runs for people: in a terminal, and in Markdown for a pull request."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reports.diff import Change, Diff, Kind
from reports.lines import STYLES, Lines
from reports.run import Run
from reports.text import in_markdown, listing, plural, printable

__all__ = ["HEADINGS", "diff_markdown", "diff_terminal"]

_SHOWN = 30  # changes of a kind that are told in full
_LISTED = 12  # ids in a line

HEADINGS: Mapping[Kind, str] = {
    "broke": "Broke",
    "found": "Broken, and not judged before",
    "unjudged": "No longer judged",
    "new": "New requirements",
    "mended": "Mended",
    "judged": "Judged now, and kept",
    "gone": "Requirements that are gone",
    "still": "Still broken",
}
_IN_FULL: Sequence[Kind] = ("broke", "found", "mended")


def diff_terminal(found: Diff, *, colour: bool, width: int) -> str:
    """The difference in lines of at most `width` columns, but for commands, to be copied."""
    page = _Page(found=found, colour=colour, width=max(width, 40))
    return "\n".join(page.lines()) + "\n"


def diff_markdown(found: Diff) -> str:
    """The same, with what matters most first; whatever a peer said shows as plain text."""
    return "\n".join(_markdown(found)) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page(Lines):
    found: Diff

    def lines(self) -> Iterator[str]:
        yield from self.wrapped(_title(self.found), style="bold")
        yield from self.wrapped(f"OLD  {_about(self.found.old)}", indent=2, hang=5)
        yield from self.wrapped(f"NEW  {_about(self.found.new)}", indent=2, hang=5)
        for remark in self.found.remarks:
            yield from self.wrapped(f"- {remark}", indent=2, hang=2, style="yellow")
        for kind, heading in HEADINGS.items():
            changes = self.found.of(kind)
            yield from self.heading(heading, len(changes))
            yield from self.told(kind, changes)
        yield from self.conclusion()

    def told(self, kind: Kind, changes: Sequence[Change]) -> Iterator[str]:
        full, short = _parted(kind, changes)
        for change in full[:_SHOWN]:
            yield from self.change(change)
        if len(full) > _SHOWN:
            more = [change.id for change in full[_SHOWN:]]
            yield from self.wrapped(f"and {len(more)} more: {listing(more, _LISTED)}", indent=2)
        for words, ids in _groups(short):
            yield from self.wrapped(f"{len(ids):>4} x {words}", indent=2, hang=7)
            yield from self.wrapped(listing(ids, _LISTED), indent=9, style="dim")

    def change(self, change: Change) -> Iterator[str]:
        about = self.paint(f"({change.level}, {change.basis})", "dim")
        yield f"  {self.paint(printable(change.id), 'bold')} {about}  {self.step(change)}"
        yield from self.wrapped(change.text, indent=4)
        yield from self.wrapped(change.section, indent=4, style="dim")
        if change.message:
            label = "was" if change.kind == "mended" else "found"
            yield from self.field(label, change.message, style="" if label == "was" else "red")
        if change.known:
            yield from self.field("baseline", change.known)
        if change.replay:
            yield f"  {self.paint('replay     ', 'dim')}{printable(change.replay)}"

    def step(self, change: Change) -> str:
        before, after = (
            self.paint(word, STYLES[word]) if word else "absent"
            for word in (change.before, change.after)
        )
        return f"{before} -> {after}"

    def conclusion(self) -> Iterator[str]:
        found = self.found
        yield ""
        yield from self.wrapped(_sum(found))
        yield ""
        word, colour = _VERDICTS[found.verdict]
        yield self.tag(word, colour)
        for sentence in found.because:
            yield from self.wrapped(f"- {sentence}", indent=2, hang=2)


_VERDICTS = {
    "worse": ("WORSE", "red"),
    "unclear": ("UNCLEAR", "yellow"),
    "no worse": ("NO WORSE", "green"),
}


def _markdown(found: Diff) -> Iterator[str]:
    yield f"## {in_markdown(_title(found))}: {found.verdict}"
    yield ""
    yield from (f"- {in_markdown(sentence)}" for sentence in found.because)
    yield f"- {in_markdown(_sum(found))}"
    yield f"- OLD: {in_markdown(_about(found.old))}"
    yield f"- NEW: {in_markdown(_about(found.new))}"
    yield from (f"- {in_markdown(remark, 600)}" for remark in found.remarks)
    for kind, heading in HEADINGS.items():
        changes = found.of(kind)
        if changes:
            yield from ("", f"### {heading} ({len(changes)})", "")
            yield from _told(kind, changes)


def _told(kind: Kind, changes: Sequence[Change]) -> Iterator[str]:
    full, short = _parted(kind, changes)
    if full:
        said = "what had been found" if kind == "mended" else "what was found"
        yield f"| requirement | verdict | what it asks | {said} |"
        yield "|---|---|---|---|"
    for change in full[:_SHOWN]:
        known = f" (baseline: {change.known})" if change.known else ""
        cells = (change.text, f"{change.message}{known}")
        step = f"{change.before or 'absent'} → {change.after or 'absent'}"
        asks, said = (in_markdown(cell) for cell in cells)
        yield f"| {in_markdown(change.id)} ({change.level}) | {step} | {asks} | {said} |"
    if len(full) > _SHOWN:
        yield from ("", f"and {len(full) - _SHOWN} more")
    if full and short:
        yield ""
    for words, ids in _groups(short):
        yield f"- {in_markdown(words)}: {in_markdown(listing(ids, _LISTED), 600)}"


def _parted(kind: Kind, changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """What is told one by one, and what in groups."""
    full: list[Change] = []
    short: list[Change] = []
    for change in changes:
        alone = kind in _IN_FULL or (kind == "new" and change.regression)
        (full if alone else short).append(change)
    return full, short


def _groups(changes: Sequence[Change]) -> list[tuple[str, list[str]]]:
    """Ids by what became of them and why, the largest group first."""
    groups: dict[str, list[str]] = defaultdict(list)
    for change in changes:
        groups[_words(change)].append(change.id)
    return sorted(groups.items(), key=lambda group: -len(group[1]))


def _words(change: Change) -> str:
    if change.kind == "unjudged":
        why = change.message or "no cause was given"
        return f"{change.before} before; {change.after or 'left out'} now: {why}"
    if change.kind == "still":
        same = change.before == change.after
        return change.after if same else f"{change.before} before, {change.after} now"
    return change.after or change.before or "never judged"


def _title(found: Diff) -> str:
    header = found.new.header
    return f"{header['protocol']['title']}, {header['role']}"


def _about(run: Run) -> str:
    header = run.header
    counts = ", ".join(f"{count} {name}" for name, count in run.counts.items() if count)
    return (
        f"{header['peer']['name']}, {header['started'][:10]}, revision "
        f"{header['protocol']['version']}, {header['profile']}: {counts or 'nothing'}"
    )


def _sum(found: Diff) -> str:
    counts = found.counts
    broken = sum(change.before in ("fail", "warn") for change in found.of("unjudged"))
    open_ = counts["unjudged"]
    told = f" ({broken} of them broken before)" if broken else ""
    return (
        f"{plural(len(found.regressions), 'regression')}, {counts['mended']} mended, "
        f"{open_} no longer judged{told}, {counts['new']} new, {counts['gone']} gone, "
        f"{counts['still']} still broken, {found.kept} passed in both."
    )
