"""JUnit XML: what every CI server reads. A suite for each section, a case for each requirement."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from reports.evidence import fair_limit
from reports.files import write_pieces
from reports.outcome import Outcome
from reports.run import Run
from reports.status import findings_text, remark, seconds, status, troubles
from reports.text import printable

__all__ = ["junit_pieces", "write_junit"]

_RUN = "the run itself"
_LIMIT = 4_000  # characters of a body: CI servers show them in a narrow column


def junit_pieces(run: Run) -> Iterator[bytes]:
    """The document, suite by suite, as Jenkins's own schema has it.

    A failure that the baseline knows is skipped with its reason, as it does not fail the run.
    What fails a run without being a requirement stands in a suite of its own: faults of ours,
    stale baseline entries, whatever makes it inconclusive; or a cut-off run would show green.
    """
    root = ET.Element("testsuites", {"name": "assay", **_totals(run)})
    opening: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    yield opening.removesuffix(b" />") + b">\n"
    for suite in _suites(run):
        _count(suite)
        ET.indent(suite, level=1)
        content: bytes = ET.tostring(suite, encoding="utf-8")
        yield b"  " + content + b"\n"
    yield b"</testsuites>\n"


def write_junit(run: Run, path: Path) -> None:
    """Writes junit.xml, whole or not at all. Raises `OSError`."""
    write_pieces(path, junit_pieces(run))


def _totals(run: Run) -> dict[str, str]:
    """The attributes of the root, which stand before all that they count."""
    failed = sum(status(outcome) == "failed" for outcome in run.requirements)
    beside = Counter("errors" if trouble.ours else "failures" for trouble in troubles(run))
    return {
        "tests": str(len(run.requirements) + beside.total()),
        "failures": str(failed + beside["failures"]),
        "errors": str(beside["errors"]),
        "time": f"{sum(map(seconds, run.requirements)):.3f}",
    }


def _suites(run: Run) -> Iterator[ET.Element]:
    limit = min(_LIMIT, fair_limit(run.evidences))
    for section, outcomes in _sections(run.requirements).items():
        suite = _suite(section, run)
        for outcome in outcomes:
            _requirement(suite, outcome, run, limit)
        yield suite
    suite = _suite(_RUN, run)
    _run_itself(suite, run)
    if suite.find("testcase") is not None:
        yield suite


def _sections(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    sections: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        sections[outcome.section].append(outcome)
    return sections


def _suite(name: str, run: Run) -> ET.Element:
    header = run.header
    suite = ET.Element("testsuite", name=printable(name), timestamp=printable(header["started"]))
    properties = ET.SubElement(suite, "properties")
    for key in ("assay", "run", "seed", "profile", "strict", "command"):
        ET.SubElement(properties, "property", name=key, value=printable(str(header[key])))
    ET.SubElement(properties, "property", name="peer", value=printable(header["peer"]["name"]))
    return suite


def _case(suite: ET.Element, name: str, run: Run, took: float = 0) -> ET.Element:
    classname = f"{run.header['protocol']['id']}.{run.header['role']}"
    return ET.SubElement(
        suite,
        "testcase",
        classname=printable(classname),
        name=printable(name),
        time=f"{took:.3f}",
    )


def _requirement(suite: ET.Element, outcome: Outcome, run: Run, limit: int) -> None:
    case = _case(suite, f"{outcome.id} {outcome.text}", run, seconds(outcome))
    found = findings_text(outcome, run, limit)
    stands = status(outcome)
    if stands == "failed":
        failure = _say(case, "failure", outcome.message)
        failure.set("type", f"{outcome.level} ({outcome.basis})")
        failure.text = found
        return
    if stands != "passed":
        _say(case, "skipped", remark(outcome))
    if found:
        ET.SubElement(case, "system-out").text = found


def _run_itself(suite: ET.Element, run: Run) -> None:
    for trouble in troubles(run):
        tag = "error" if trouble.ours else "failure"
        said = _say(_case(suite, trouble.name, run), tag, trouble.message)
        said.text = printable(trouble.detail) or None


def _say(case: ET.Element, tag: str, message: str) -> ET.Element:
    return ET.SubElement(case, tag, message=printable(message))


def _count(suite: ET.Element) -> None:
    cases = list(suite.iter("testcase"))
    suite.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
