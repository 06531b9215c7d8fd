"""What can be compared, and what is told of runs that did not judge alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.comparison import left_out, refuse_strangers, remarks
from reports.run import Run
from schemas import PackError
from tests.reports.builders import encoded, footer, header, requirement, verdict, write


def made(folder: Path, name: str, *records: dict[str, Any]) -> Run:
    (folder / name).mkdir()
    return Run.read(write(folder / name, *records), evidence=False)


def whole(folder: Path, name: str, *rows: str | dict[str, Any], **changes: Any) -> Run:
    head = header(*(rows or ("A-1",)), **changes)
    passed = [verdict(row["id"]) for row in head["requirements"]]
    return made(folder, name, head, *passed, footer())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"role": "agent"}, "it judged the agent of demo, and"),
        (
            {"protocol": {"id": "other", "title": "O", "version": "1.0", "document": "o.txt"}},
            "it judged the coordinator of other",
        ),
    ],
)
def test_runs_with_nothing_in_common_are_refused(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    runs = [whole(tmp_path, "one"), whole(tmp_path, "two", **changes), whole(tmp_path, "three")]
    with pytest.raises(PackError) as caught:
        refuse_strangers(runs)
    (problem,) = caught.value.problems
    assert problem.file == str(tmp_path / "two" / "run.jsonl")
    assert words in problem.message
    assert str(tmp_path / "one" / "run.jsonl") in problem.message


def test_revisions_of_a_protocol_may_differ_and_it_is_told(tmp_path: Path) -> None:
    newer = {"id": "demo", "title": "Demo Protocol", "version": "2.0", "document": "demo.txt"}
    runs = [whole(tmp_path, "one"), whole(tmp_path, "two", protocol=newer)]
    refuse_strangers(runs)
    assert remarks("AB", runs) == ("B: the protocol's revision is 2.0, and 1.0 in A.",)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"assay": "0.2.0"}, "B: it was made by Assay 0.2.0, and 0.1.0 in A."),
        ({"profile": "quick"}, "B: its profile is quick, and standard in A."),
        ({"strict": True}, "B: strict is on, and off in A."),
        ({"only": "A-*"}, "B: its selection is A-*, and * in A."),
        ({"unclaimed": ["tasks"]}, "B: it no longer claims tasks."),
        ({"seed": 8, "started": "2026-11-22T00:00:00Z", "run": "x"}, ""),
    ],
)
def test_what_is_uneven_is_told(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    runs = [whole(tmp_path, "one"), whole(tmp_path, "two", **changes)]
    assert remarks("AB", runs) == ((words,) if words else ())


def test_what_is_claimed_now_is_told(tmp_path: Path) -> None:
    runs = [whole(tmp_path, "one", unclaimed=["tasks", "queues"]), whole(tmp_path, "two")]
    assert remarks("AB", runs) == ("B: it now claims tasks, queues.",)


def test_requirement_sets_that_differ_are_told(tmp_path: Path) -> None:
    reworded = requirement("A-2", text="It is said otherwise.")
    runs = [whole(tmp_path, "one", "A-1", "A-2"), whole(tmp_path, "two", reworded, "A-3")]
    told = "its requirement set is not that of A"
    parts = "it lacks A-1; it adds A-3; it words otherwise A-2"
    assert remarks("AB", runs) == (f"B: {told}: {parts}.",)


def test_cut_off_run_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, header("A-1", "A-2"), verdict("A-1"), verdict("A-2"))
    path.write_bytes(path.read_bytes()[:-20])
    said = remarks("A", [Run.read(path)])
    assert said == (
        "A is not whole. The run has no footer: it was cut off in line 3 of its record.",
    )


def test_fault_of_our_own_is_told(tmp_path: Path) -> None:
    stray = verdict("Z-9", "fail", check="test_odd")
    run = made(tmp_path, "one", header("A-1"), verdict("A-1"), stray, footer())
    assert remarks("A", [run]) == ("A: faults of our own got in the way, in test_odd.",)


def test_what_a_run_was_not_to_judge_is_no_part_that_its_set_lacks(tmp_path: Path) -> None:
    assert left_out(whole(tmp_path, "one", only="A-*"), "B-1") == "--only A-* left it out"
    scenario = whole(tmp_path, "two", requirement("A-1", own=True))
    assert "does not touch it" in left_out(scenario, "B-1")
    assert left_out(whole(tmp_path, "three"), "B-1") == ""


def test_scenario_beside_a_suite_is_told(tmp_path: Path) -> None:
    runs = [whole(tmp_path, "one"), whole(tmp_path, "two", requirement("A-1", own=True))]
    assert remarks("AB", runs) == ("B: only one of it and A is the run of a scenario.",)


def test_evidence_is_not_held_and_chooses_the_message_all_the_same(tmp_path: Path) -> None:
    shown = {"exchanges": [], "actual": "x" * 1000}
    records = [
        header("A-1"),
        verdict("A-1", "fail", message="bare"),
        verdict("A-1", "fail", message="shown", evidence=shown),
        footer(),
    ]
    path = tmp_path / "run.jsonl"
    path.write_bytes(encoded(records))
    full, light = Run.read(path), Run.read(path, evidence=False)
    (one,), (other,) = full.requirements, light.requirements
    assert one.message == other.message == "shown"
    assert one.checks[0].evidence == shown
    assert "actual" not in (other.checks[0].evidence or {})
    assert (one.checks[0].times, other.checks[0].times) == (2, 2)
