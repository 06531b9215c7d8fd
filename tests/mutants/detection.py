"""`python -m tests.mutants.detection`: a score for each protocol and role, and docs/detection.md.

Each is judged by `assay mutate` into out/mutants/, where a later call goes on; the figures in the
document are those of whatever lies there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import get_args

from reports.mutation import Figures, Score
from schemas import protocol_ids
from schemas.spec import Role

__all__ = ["figures", "main"]

_ROOT = Path(__file__).resolve().parent.parent.parent
_PAGE = _ROOT / "docs" / "detection.md"
_OUT = _ROOT / "out" / "mutants"
_MARK = "<!-- figures: from here on written by `python -m tests.mutants.detection` -->\n"

_OTHERS = ("survived", "escaped", "never-applied", "lawful", "disputed", "unsteady", "error")


def main() -> int:
    """Judge what was asked for, then write the figures; 1 where a floor was not held."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.detection", description=__doc__)
    parser.add_argument("protocols", nargs="*", default=protocol_ids(), help="default: all")
    parser.add_argument("--role", choices=get_args(Role), action="append", help="default: both")
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=900, help="for each protocol and role")
    parser.add_argument("--out", type=Path, default=_OUT, help="where the scores lie")
    parser.add_argument("--tell", action="store_true", help="judge nothing, write the figures")
    options = parser.parse_args()
    ends = [0]
    for protocol, role in product(options.protocols, options.role or get_args(Role)):
        if not options.tell:
            print(f"\n{protocol}, {role}", flush=True)
            ends.append(_judged(protocol, role, options))
    scores = [Score.read(path) for path in sorted(options.out.glob("*.jsonl"))]
    before, mark, _ = _PAGE.read_text("utf-8").partition(_MARK)
    told = "\n".join(figures(scores))
    _PAGE.write_text(f"{before}{mark}\n{told}\n", "utf-8")
    return max(ends)


def _judged(protocol: str, role: str, options: argparse.Namespace) -> int:
    out = options.out / f"{protocol}-{role}.jsonl"
    words = ["mutate", protocol, "--role", role, "--out", str(out)]
    words += ["--sample", str(options.sample), "--seconds", str(options.seconds)]
    return subprocess.run([sys.executable, "-P", "-m", "assay", *words], check=False).returncode


def figures(scores: Sequence[Score]) -> Iterator[str]:
    """The document's last part."""
    days = sorted(day[:10] for score in scores for day in score.span if day)
    if not days:
        yield "None yet."
        return
    span = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    yield f"Of {span}. A sample tells no more than its size: one of 30 that survives is 3 %."
    yield ""
    yield "`stated` is the score without what is no more than implied to be wrong."
    yield ""
    columns = ("protocol", "role", "source", "judged, of", "score", "stated", "caught", *_OTHERS)
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for score in scores:
        for source, each in score.by("source").items():
            yield _line(score, source, each)
    yield ""
    yield "| protocol | role | lawful peers judged whole | false alarms |"
    yield "|---|---|---|---|"
    for score in scores:
        alarms = "; ".join(
            f"{peer or 'as it is'}: {' '.join(rows)}" for peer, rows in score.false_alarms.items()
        )
        head = f"| {score.header['protocol']['id']} | {score.header['role']} "
        yield f"{head}| {score.judged_whole} | {alarms or 0} |"
    yield ""
    yield "What nothing saw, or no longer judged:"
    yield ""
    for score in scores:
        for mutant in score.of("survived", "escaped"):
            why = " (implied)" if mutant["implied"] else ""
            head = f"{score.header['protocol']['id']}, {score.header['role']}, {mutant['source']}"
            yield f"- {head}: `{mutant['name']}`{why}"


def _line(score: Score, source: str, told: Figures) -> str:
    known = score.known.get(source, "?")
    share, stated = (_share(each) for each in (told, score.stated[source]))
    protocol, role = score.header["protocol"]["id"], score.header["role"]
    judged = f"{told.judged} of {known}"
    if score.session and score.session["stages"] == "suspects":
        judged += ", by their own rows alone"
    cells = [protocol, role, source, judged, share, stated, told.counts["caught"]]
    cells += [told.counts[fate] for fate in _OTHERS]
    return f"| {' | '.join(map(str, cells))} |"


def _share(told: Figures) -> str:
    return "none" if told.score is None else f"{told.score:g} %"


if __name__ == "__main__":
    sys.exit(main())
