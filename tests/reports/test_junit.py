"""junit.xml, read back as a CI server would."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from junitparser import JUnitXml

from reports.junit import write_junit
from reports.run import Run
from tests.reports.builders import (
    error,
    exchange,
    footer,
    frame,
    header,
    known,
    requirement,
    run,
    verdict,
)
from tests.reports.lifelike import records as lifelike
from tests.reports.readers import legal_junit


def parsed(made: Run, folder: Path) -> ET.Element:
    write_junit(made, folder / "junit.xml")
    return ET.parse(folder / "junit.xml").getroot()


def case(root: ET.Element, start: str) -> ET.Element:
    return next(one for one in root.iter("testcase") if one.get("name", "").startswith(start))


def child(element: ET.Element, tag: str) -> ET.Element:
    found = element.find(tag)
    assert found is not None
    return found


def test_each_verdict_as_ci_servers_know_it(tmp_path: Path) -> None:
    kinds = ["pass", "fail", "warn", "inconclusive", "not-applicable"]
    evidence = {"exchanges": [exchange({"a": 1}, {"b": 2})], "pointers": ["/b"]}
    found = [
        verdict(f"A-{kind}", kind, message=f"it is {kind}", evidence=evidence) for kind in kinds
    ]
    rows = [requirement(f"A-{kind}", section=kind[:1]) for kind in kinds]
    root = parsed(run(tmp_path, header(*rows), *found, footer()), tmp_path)
    assert [suite.get("name") for suite in root] == ["p", "f", "w", "i", "n"]
    totals = {name: root.get(name) for name in ("tests", "failures", "errors")}
    assert totals == {"tests": "5", "failures": "1", "errors": "0"}
    assert [suite.get("skipped") for suite in root] == ["0", "0", "0", "1", "1"]
    assert len(case(root, "A-pass")) == 0
    failure = child(case(root, "A-fail"), "failure")
    assert failure.get("message") == "it is fail"
    assert failure.get("type") == "MUST (stated)"
    assert "at: /b = 2" in (failure.text or "")
    assert "it is warn" in (child(case(root, "A-warn"), "system-out").text or "")
    for kind in ("inconclusive", "not-applicable"):
        skipped = child(case(root, f"A-{kind}"), "skipped")
        assert skipped.get("message") == f"{kind}: it is {kind}"


def test_case_is_named_for_its_requirement(tmp_path: Path) -> None:
    root = parsed(run(tmp_path, header("A-1"), verdict("A-1"), footer()), tmp_path)
    found = case(root, "A-1")
    assert found.get("classname") == "demo.coordinator"
    assert found.get("name") == "A-1 A-1 holds."
    properties = {one.get("name"): one.get("value") for one in root.iter("property")}
    assert properties["seed"] == "7"
    assert properties["peer"] == "a peer"


def test_known_failure_does_not_fail_the_build(tmp_path: Path) -> None:
    head = header("A-1", "A-2", baseline=[known("A-1", "issue 12")])
    made = run(tmp_path, head, verdict("A-1", "fail", message="wrong"), verdict("A-2"), footer())
    root = parsed(made, tmp_path)
    assert (made.exit_code, root.get("failures"), root[0].get("skipped")) == (0, "0", "1")
    assert child(case(root, "A-1"), "skipped").get("message") == "known failure: issue 12"
    assert "wrong" in (child(case(root, "A-1"), "system-out").text or "")


def test_whatever_is_not_conformant_is_not_green(tmp_path: Path) -> None:
    head = header("A-1")
    runs = [
        [head, verdict("A-1")],
        [head, verdict("A-1"), footer("interrupted")],
        [head, verdict("A-1", "inconclusive"), footer()],
        [head, verdict("A-1"), error(), footer()],
        [header("A-1", baseline=[known("A-1")]), verdict("A-1"), footer()],
        [head, verdict("A-1", "fail"), footer()],
    ]
    for records in runs:
        made = run(tmp_path, *records)
        root = parsed(made, tmp_path)
        red = int(root.get("failures", "0")) + int(root.get("errors", "0"))
        assert made.verdict != "conformant"
        assert red > 0, records


def test_fault_of_our_own_is_an_error_with_its_traceback(tmp_path: Path) -> None:
    root = parsed(run(tmp_path, header("A-1"), verdict("A-1"), error("ouch"), footer()), tmp_path)
    fault = child(case(root, "fault of our own in test_it"), "error")
    assert fault.get("message") == "ouch"
    assert (fault.text or "").startswith("Traceback")


def test_failure_tells_the_conversation(tmp_path: Path) -> None:
    evidence = {"frames": [frame({"a": 1}, "assay"), frame({"a": 2})], "pointers": ["/a"]}
    record = verdict("A-1", "fail", evidence=evidence)
    root = parsed(run(tmp_path, header("A-1"), record, footer()), tmp_path)
    text = child(case(root, "A-1"), "failure").text or ""
    assert "at: /a = 2" in text
    assert "--- frame 1: assay on agent-1, text, after 0.250 s" in text
    assert "--- frame 2: coordinator on agent-1, text, after 0.250 s" in text
    assert '"a": 2    <-- /a' in text


def test_characters_that_xml_forbids_are_replaced(tmp_path: Path) -> None:
    hostile = "".join(map(chr, range(0xD800))) + "\ufffe\uffff]]></failure>&amp;<!--"
    evidence = {
        "exchanges": [exchange(hostile, hostile)],
        "frames": [frame(hostile, connection=hostile)],
        "reproduce": hostile,
    }
    record = verdict("A-1", "fail", hostile, hostile, evidence=evidence)
    head = header("A-1", run=hostile, command=hostile, peer={"name": hostile})
    root = parsed(run(tmp_path, head, record, error(hostile, hostile), footer()), tmp_path)
    message = child(case(root, "A-1"), "failure").get("message") or ""
    assert message.endswith("��]]></failure>&amp;<!--")
    assert "\x1b" not in message


def test_jenkins_takes_it_and_a_library_reads_it(tmp_path: Path) -> None:
    made = run(tmp_path, *lifelike())
    write_junit(made, tmp_path / "junit.xml")
    legal_junit(tmp_path / "junit.xml")
    read = JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    suites = list(read)
    assert read.tests == sum(suite.tests for suite in suites) == len(made.requirements) + 3
    assert read.failures == sum(suite.failures for suite in suites) == 3
    assert read.errors == sum(suite.errors for suite in suites) == 2
    assert abs(read.time - sum(suite.time for suite in suites)) < 0.01
