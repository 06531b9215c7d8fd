"""JUnit XML: what every CI server reads. A suite for each section, a case for each requirement."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from reports.evidence import fair_limit, proof, proof_text
from reports.files import write_whole
from reports.outcome import Check, Outcome
from reports.run import Run
from reports.text import printable

__all__ = ["junit", "write_junit"]

_RUN = "the run itself"
_LIMIT = 4_000  # characters of a body: CI servers show them in a narrow column


def junit(run: Run) -> ET.Element:
    """The `testsuites` element.

    A failure that the baseline knows is skipped with its reason, as it does not fail the run.
    What fails a run without being a requirement stands in a suite of its own: faults of ours,
    stale baseline entries, whatever makes it inconclusive; or a cut-off run would show green.
    """
    limit = min(_LIMIT, fair_limit(run.evidences))
    root = ET.Element("testsuites", name="assay", id=printable(run.header["run"]))
    for section, outcomes in _sections(run.requirements).items():
        suite = _suite(root, section, run)
        for outcome in outcomes:
            _requirement(suite, outcome, run, limit)
    _run_itself(root, run)
    for element in (*root, root):
        _count(element)
    return root


def write_junit(run: Run, path: Path) -> None:
    """Writes junit.xml, whole or not at all. Raises `OSError`."""
    root = junit(run)
    ET.indent(root)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    write_whole(path, content + b"\n")


def _sections(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    sections: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        sections[outcome.section].append(outcome)
    return sections


def _suite(root: ET.Element, name: str, run: Run) -> ET.Element:
    header = run.header
    suite = ET.SubElement(
        root, "testsuite", name=printable(name), timestamp=printable(header["started"])
    )
    properties = ET.SubElement(suite, "properties")
    for key in ("assay", "run", "seed", "profile", "strict", "command"):
        ET.SubElement(properties, "property", name=key, value=printable(str(header[key])))
    ET.SubElement(properties, "property", name="peer", value=printable(header["peer"]["name"]))
    return suite


def _case(suite: ET.Element, name: str, run: Run, seconds: float = 0) -> ET.Element:
    classname = f"{run.header['protocol']['id']}.{run.header['role']}"
    return ET.SubElement(
        suite,
        "testcase",
        classname=printable(classname),
        name=printable(name),
        time=f"{seconds:.3f}",
    )


def _requirement(suite: ET.Element, outcome: Outcome, run: Run, limit: int) -> None:
    seconds = sum(
        exchange["seconds"]
        for check in outcome.checks
        for exchange in (check.evidence or {}).get("exchanges", [])
    )
    case = _case(suite, f"{outcome.id} {outcome.text}", run, seconds)
    found = _findings(outcome, run.header["role"], limit)
    if outcome.known:
        _say(case, "skipped", f"known failure: {outcome.known}")
        _out(case, found)
    elif outcome.verdict == "fail":
        failure = _say(case, "failure", outcome.message)
        failure.set("type", f"{outcome.level} ({outcome.basis})")
        failure.text = found
    elif outcome.verdict == "warn":
        _out(case, found)
    elif outcome.verdict != "pass":
        _say(case, "skipped", f"{outcome.verdict}: {outcome.message}".removesuffix(": "))


def _run_itself(root: ET.Element, run: Run) -> None:
    suite = _suite(root, _RUN, run)
    for fault in run.faults:
        error = _say(
            _case(suite, f"fault of our own in {fault.check}", run), "error", fault.message
        )
        error.text = printable(fault.traceback)
    for entry in run.stale:
        message = f"The baseline entry for {entry.requirement} is stale: {entry.why}."
        _say(_case(suite, f"baseline {entry.requirement}", run), "failure", message)
    if run.doubts:
        _say(_case(suite, "the run can vouch for the peer", run), "error", " ".join(run.doubts))
    if suite.find("testcase") is None:
        root.remove(suite)


def _findings(outcome: Outcome, role: str, limit: int) -> str:
    """Every check that found something, with its evidence."""
    found = [check for check in outcome.by_weight if check.verdict in ("fail", "warn")]
    return printable("\n\n".join(_finding(check, role, limit) for check in found))


def _finding(check: Check, role: str, limit: int) -> str:
    times = f" ({check.times} times)" if check.times > 1 else ""
    evidence = proof_text(proof(check.evidence, role, limit))
    return f"{check.verdict} {check.name}{times}: {check.message}\n{evidence}".rstrip()


def _say(case: ET.Element, tag: str, message: str) -> ET.Element:
    return ET.SubElement(case, tag, message=printable(message))


def _out(case: ET.Element, text: str) -> None:
    ET.SubElement(case, "system-out").text = text


def _count(element: ET.Element) -> None:
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
    element.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
