"""A summary in Markdown for a pull request: findings first, their evidence folded away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reports.evidence import proof, proof_text
from reports.files import write_whole
from reports.outcome import Found, Outcome, findings
from reports.run import Run
from reports.status import conclusion
from reports.text import listing, plural, printable, shorten

__all__ = ["markdown", "write_markdown"]

_LIMIT = 60_000  # characters of all: a comment on GitHub holds 65 536
_REST = 200  # of them for a word on what was left out
_EVIDENCE = 6_000  # characters of the evidence of one finding
_BODY = 1_000  # characters of one body in it
_MESSAGE = 600
_SHOWN = 3  # checks of one requirement

_MARKUP = re.compile(r"[&<>*_`\[\]\\#|~@:!$]|(?<=www)\.")


@dataclass(frozen=True, slots=True)
class _Block:
    """An entry as a line, and with its evidence folded away where it has some."""

    line: str
    folded: str = ""


def markdown(run: Run, limit: int = _LIMIT) -> str:
    """The summary, in about `limit` characters.

    What a peer said stands in code, where Markdown means nothing and nobody is mentioned. Evidence
    is left out before findings are, and how many of these are left out is told.
    """
    page = "".join(_head(run))
    left = 0
    for block in _blocks(run):
        room = limit - _REST - len(page)
        if block.folded and len(block.folded) <= room - limit // 3:  # which is for what has none
            page += block.folded
        elif len(block.line) <= room:
            page += block.line
        else:
            left += 1
    return f"{page}\nLeft out here for want of room: {left} more.\n" if left else page


def write_markdown(run: Run, path: Path) -> None:
    """Writes the summary, whole or not at all. Raises `OSError`."""
    write_whole(path, markdown(run).encode())


def _head(run: Run) -> Iterator[str]:
    header, counts = run.header, run.counts
    protocol = header["protocol"]
    yield f"## {conclusion(run)}: {_code(header['peer']['name'])}\n\n"
    facts = (
        f"{_plain(protocol['title'])} {_plain(protocol['version'])}",
        header["role"],
        f"{header['profile']} profile",
        f"seed {header['seed']}",
    )
    yield f"{', '.join(facts)}\n\n"
    yield (
        f"**{_plain(run.conformance_percent)}** of "
        f"{plural(run.applicable, 'applicable requirement')} passed, "
        f"{_plain(run.judged_percent)} were judged.\n\n"
    )
    yield f"| {' | '.join(counts)} |\n|{'---:|' * len(counts)}\n"
    yield f"| {' | '.join(map(str, counts.values()))} |\n\n"
    yield from (f"- {_code(shorten(sentence, _MESSAGE))}\n" for sentence in run.because)


def _blocks(run: Run) -> Iterator[_Block]:
    warned = [outcome for outcome in run.requirements if outcome.verdict == "warn"]
    for title, outcomes in (("Failures", run.unexpected), ("Warnings", warned)):
        if outcomes:
            yield _Block(f"\n### {title} ({len(outcomes)})\n\n")
        for outcome in outcomes:
            yield _finding(outcome, run)
    yield from _faults(run)
    if run.known:
        yield _Block(f"\n### Known failures ({len(run.known)})\n\n")
    for outcome in run.known:
        yield _Block(f"- **{_plain(outcome.id)}** {_code(outcome.known)}\n")
    yield from _inconclusive(run)


def _finding(outcome: Outcome, run: Run) -> _Block:
    title = f"<b>{_plain(outcome.id)}</b> {outcome.level}, {outcome.basis}: "
    title += _code(shorten(outcome.message, _MESSAGE))
    about = f"{_plain(outcome.text)} ({_plain(outcome.section)})"
    broken = findings([outcome])
    text = "\n\n".join(_evidence(found, run) for found in broken[:_SHOWN])
    if len(broken) > _SHOWN:
        text += f"\n\nand {plural(len(broken) - _SHOWN, 'more check')}"
    folded = f"<details><summary>{title}</summary>\n\n{about}\n\n{_fenced(text)}\n</details>\n"
    return _Block(f"- {title}\n", folded)


def _evidence(found: Found, run: Run) -> str:
    check = found.check
    times = f" ({check.times} times)" if check.times > 1 else ""
    shown = proof(check.evidence, run.header["role"], _BODY, replay=run.replaying(found.name))
    text = f"{check.verdict} {check.name}{times}: {check.message}\n{proof_text(shown)}"
    return shorten(printable(text).rstrip(), _EVIDENCE)


def _faults(run: Run) -> Iterator[_Block]:
    if run.faults:
        yield _Block(f"\n### Faults of Assay, not of the peer ({len(run.faults)})\n\n")
    for fault in run.faults:
        yield _Block(f"- {_code(shorten(f'{fault.check}: {fault.message}', _MESSAGE))}\n")


def _inconclusive(run: Run) -> Iterator[_Block]:
    if run.causes:
        title = f"Inconclusive ({run.counts['inconclusive']})"
        yield _Block(f"\n### {title}\n\n| | why | requirements |\n|---:|---|---|\n")
    for cause, outcomes in run.causes:
        names = _plain(listing([outcome.id for outcome in outcomes]))
        yield _Block(f"| {len(outcomes)} | {_code(shorten(cause, _MESSAGE))} | {names} |\n")


def _plain(text: str) -> str:
    """Words of ours, in which nothing is markup."""
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", " ".join(printable(text).split()))


def _code(text: str) -> str:
    """Words that may be a peer's. In code no name is a mention and no number an issue."""
    return f"<code>{_plain(text)}</code>"


def _fenced(text: str) -> str:
    """A block of code that nothing in it can end."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{text}\n{fence}\n"
