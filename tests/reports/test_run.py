"""What follows from a recorded run: verdict, reasons, exit code, and honest shares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reports.run import Run
from tests.reports.builders import (
    encoded,
    error,
    footer,
    header,
    known,
    requirement,
    run,
    verdict,
)

Records = list[dict[str, Any]]


def one(folder: Path, *found: dict[str, Any]) -> Any:
    """The outcome of a single requirement."""
    return run(folder, header("A-1"), *found, footer()).requirements[0]


# ── the verdict on a requirement ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        (["pass", "warn", "fail", "inconclusive"], "fail"),
        (["inconclusive", "pass", "warn"], "warn"),
        (["inconclusive", "pass", "not-applicable"], "pass"),
        (["not-applicable", "inconclusive"], "inconclusive"),
        (["not-applicable"], "not-applicable"),
    ],
)
def test_outcome_is_the_weightiest_check(tmp_path: Path, checks: list[str], expected: str) -> None:
    records = [verdict("A-1", name, f"test_{name}", f"says {name}") for name in checks]
    outcome = one(tmp_path, *records)
    assert outcome.verdict == expected
    assert outcome.message == f"says {expected}"
    assert [check.verdict for check in outcome.checks] == checks


def test_same_check_with_the_same_verdict_merges(tmp_path: Path) -> None:
    outcome = one(
        tmp_path,
        verdict("A-1", "fail", message="first"),
        verdict("A-1", "fail", message="second", evidence={"actual": 2}),
        verdict("A-1", "fail", message="third", evidence={"actual": 3}),
        verdict("A-1", "pass"),
        verdict("A-1", "fail", "test_other"),
    )
    found = [(check.name, check.verdict, check.times) for check in outcome.checks]
    assert found == [("test_it", "fail", 3), ("test_it", "pass", 1), ("test_other", "fail", 1)]
    # The message is that of the evidence, or the one would not explain the other.
    assert outcome.checks[0].message == "second"
    assert outcome.checks[0].evidence == {"actual": 2}


def test_requirements_keep_the_order_of_the_header(tmp_path: Path) -> None:
    made = run(tmp_path, header("B-2", "A-1"), verdict("A-1"), verdict("B-2"), footer())
    assert [outcome.id for outcome in made.requirements] == ["B-2", "A-1"]


def test_unjudged_requirement_of_a_complete_run_says_so(tmp_path: Path) -> None:
    outcome = one(tmp_path)
    assert (outcome.verdict, outcome.message) == ("inconclusive", "No check judged it.")


def test_unjudged_requirement_of_a_cut_run_names_the_end(tmp_path: Path) -> None:
    outcome = run(tmp_path, header("A-1", "A-2"), verdict("A-1")).requirements[1]
    assert outcome.verdict == "inconclusive"
    assert outcome.message.startswith("The run ended before it was judged.")
    assert "no footer" in outcome.message


# ── the verdict on the peer ──────────────────────────────────────────────────────────────────


def test_passes_alone_are_conformant(tmp_path: Path) -> None:
    made = run(tmp_path, header("A-1", claimed=["registry"]), verdict("A-1"), footer())
    assert (made.verdict, made.because, made.exit_code) == ("conformant", (), 0)
    assert made.complete


def test_warnings_do_not_end_conformance(tmp_path: Path) -> None:
    made = run(tmp_path, header("A-1", "A-2"), verdict("A-1"), verdict("A-2", "warn"), footer())
    assert made.verdict == "conformant"


def test_failure_is_nonconformant_and_named(tmp_path: Path) -> None:
    made = run(tmp_path, header("A-1", "A-2"), verdict("A-1", "fail"), verdict("A-2"), footer())
    assert (made.verdict, made.exit_code) == ("nonconformant", 1)
    assert made.because == ("1 requirement fails: A-1.",)


def test_address_is_not_said_twice(tmp_path: Path) -> None:
    url = "http://127.0.0.1:1"
    peers = [{"name": "x", "url": url}, {"name": url, "url": url}, {"name": "x"}]
    assert [run(tmp_path, header(peer=peer)).address for peer in peers] == [url, "", ""]


def test_many_failures_are_named_in_part(tmp_path: Path) -> None:
    ids = [f"A-{number}" for number in range(9)]
    made = run(tmp_path, header(*ids), *(verdict(name, "fail") for name in ids), footer())
    assert made.because == ("9 requirements fail: A-0, A-1, A-2, A-3, A-4 and 4 more.",)


def test_nothing_judged_is_inconclusive(tmp_path: Path) -> None:
    made = run(
        tmp_path, header("A-1", claimed=["registry"]), verdict("A-1", "inconclusive"), footer()
    )
    assert (made.verdict, made.exit_code) == ("inconclusive", 1)
    assert made.because == ("No requirement was judged.",)


def test_no_requirements_at_all_is_inconclusive(tmp_path: Path) -> None:
    made = run(tmp_path, header(), footer())
    assert made.verdict == "inconclusive"
    assert made.conformance_percent == made.judged_percent == "0 %"


@pytest.mark.parametrize("found", ["inconclusive", "not-applicable", "warn"])
def test_claimed_capability_without_a_pass_is_inconclusive(tmp_path: Path, found: str) -> None:
    rows = [requirement("A-1"), requirement("B-1", capability="tasks")]
    made = run(
        tmp_path,
        header(*rows, claimed=["registry", "tasks"]),
        verdict("A-1"),
        verdict("B-1", found),
        footer(),
    )
    assert (made.verdict, made.exit_code) == ("inconclusive", 1)
    assert made.because == ("The peer claims tasks, but of its 1 requirement here none passed.",)


def test_claimed_capability_outside_the_selection_is_not_missed(tmp_path: Path) -> None:
    made = run(
        tmp_path, header("A-1", claimed=["registry", "tasks"], only="A-*"), verdict("A-1"), footer()
    )
    assert made.verdict == "conformant"


def test_scenario_that_was_not_played_to_its_end_vouches_for_nothing(tmp_path: Path) -> None:
    rows = [requirement("A-1"), requirement("SCENARIO-LIFE", own=True)]
    left_open = verdict("SCENARIO-LIFE", "inconclusive", message="nobody came.")
    made = run(tmp_path, header(*rows), verdict("A-1"), left_open, footer())
    assert (made.verdict, made.exit_code) == ("inconclusive", 1)
    assert made.because == ("SCENARIO-LIFE was not played to its end: nobody came.",)
    made = run(tmp_path, header(*rows), verdict("A-1"), verdict("SCENARIO-LIFE"), footer())
    assert made.verdict == "conformant"


def test_row_that_counts_on_sight_is_passed_over_where_nothing_touched_it(tmp_path: Path) -> None:
    rows = [requirement(name, on_sight=True) for name in ("A-1", "A-2")]
    made = run(tmp_path, header(*rows), verdict("A-2"), footer())
    assert [outcome.id for outcome in made.requirements] == ["A-2"]
    assert made.verdict == "conformant"


# ── how it ended ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("reason", "exit_code", "words"),
    [("interrupted", 1, "interrupted"), ("unreachable", 3, "reached"), ("broken", 4, "our own")],
)
def test_end_before_the_end_is_inconclusive(
    tmp_path: Path, reason: str, exit_code: int, words: str
) -> None:
    made = run(tmp_path, header("A-1"), verdict("A-1"), footer(reason, "so it was."))
    assert (made.verdict, made.exit_code, made.complete) == ("inconclusive", exit_code, False)
    assert words in made.ending
    assert made.ending.endswith(": so it was.")
    assert made.ending in made.because


def test_failure_before_an_interruption_still_counts(tmp_path: Path) -> None:
    made = run(tmp_path, header("A-1"), verdict("A-1", "fail"), footer("broken"))
    assert (made.verdict, made.exit_code) == ("nonconformant", 1)
    assert len(made.because) == 2


def test_unreachable_decides_the_exit_code_even_after_a_failure(tmp_path: Path) -> None:
    made = run(tmp_path, header("A-1"), verdict("A-1", "fail"), footer("unreachable"))
    assert (made.verdict, made.exit_code) == ("nonconformant", 3)


def test_fault_of_our_own(tmp_path: Path) -> None:
    made = run(tmp_path, header("A-1"), verdict("A-1"), error(), footer())
    assert (made.verdict, made.exit_code) == ("inconclusive", 4)
    assert made.because == ("1 fault of our own got in the way, in test_it.",)
    assert made.faults[0].traceback.startswith("Traceback")


def test_failure_outweighs_a_fault_of_our_own(tmp_path: Path) -> None:
    made = run(tmp_path, header("A-1"), verdict("A-1", "fail"), error(), footer())
    assert (made.verdict, made.exit_code) == ("nonconformant", 1)


def test_expected_failure_does_not_hide_a_fault_of_our_own(tmp_path: Path) -> None:
    head = header("A-1", "A-2", baseline=[known("A-1")])
    made = run(tmp_path, head, verdict("A-1", "fail"), verdict("A-2"), error(), footer())
    assert (made.verdict, made.exit_code) == ("inconclusive", 4)


def test_verdict_on_an_unlisted_requirement_is_our_fault(tmp_path: Path) -> None:
    stray = [verdict("Z-9", "fail")] * 2
    made = run(tmp_path, header("A-1"), verdict("A-1"), *stray, footer())
    assert (made.verdict, made.exit_code, len(made.faults)) == ("inconclusive", 4, 1)
    assert made.faults[0].message == "judged Z-9 (fail), which the header of the run does not list"


def test_cut_record_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    whole = encoded([header("A-1", "A-2"), verdict("A-1"), verdict("A-2", "fail")])
    path.write_bytes(whole[:-30])
    made = Run.read(path)
    assert (made.verdict, made.exit_code, made.complete) == ("inconclusive", 1, False)
    assert made.ending == "The run has no footer: it was cut off in line 3 of its record."
    assert [outcome.verdict for outcome in made.requirements] == ["pass", "inconclusive"]


def test_every_prefix_of_a_record_can_be_reported(tmp_path: Path) -> None:
    """Whatever byte it dies at, once the header stands a run can be read, and is not green."""
    path = tmp_path / "run.jsonl"
    records = [header("A-1"), verdict("A-1", message="a ↯ b"), error(), footer()]
    whole = encoded(records)
    first = len(encoded(records[:1])) - 1
    for size in range(first, len(whole) - 1):
        path.write_bytes(whole[:size])
        made = Run.read(path)
        assert not made.complete
        assert made.exit_code
    path.write_bytes(whole[:-1])  # only the last line feed is lost
    assert Run.read(path).complete


# ── the baseline ─────────────────────────────────────────────────────────────────────────────


def test_known_failure_is_conformant(tmp_path: Path) -> None:
    head = header("A-1", "A-2", baseline=[known("A-1", "issue 12", expires="2026-11-21")])
    made = run(tmp_path, head, verdict("A-1", "fail"), verdict("A-2"), footer())
    assert (made.verdict, made.exit_code) == ("conformant", 0)
    assert [(outcome.id, outcome.known) for outcome in made.known] == [("A-1", "issue 12")]
    assert made.unexpected == ()


def test_failure_beyond_the_baseline(tmp_path: Path) -> None:
    head = header("A-1", "A-2", baseline=[known("A-1")])
    made = run(tmp_path, head, verdict("A-1", "fail"), verdict("A-2", "fail"), footer())
    assert made.because == ("1 requirement fails beyond the baseline: A-2.",)


@pytest.mark.parametrize("found", ["pass", "warn"])
def test_unexpected_pass_makes_the_entry_stale(tmp_path: Path, found: str) -> None:
    head = header("A-1", "A-2", baseline=[known("A-1")])
    made = run(tmp_path, head, verdict("A-1", found), verdict("A-2"), footer())
    assert (made.verdict, made.exit_code) == ("nonconformant", 1)
    why = f"the requirement does not fail now, its verdict is {found}"
    assert made.because == (f"The baseline entry for A-1 is stale: {why}.",)


@pytest.mark.parametrize("found", ["inconclusive", "not-applicable"])
def test_unjudged_requirement_does_not_make_its_entry_stale(tmp_path: Path, found: str) -> None:
    head = header("A-1", "A-2", baseline=[known("A-1")])
    made = run(tmp_path, head, verdict("A-1", found), verdict("A-2"), footer())
    assert made.stale == ()
    assert made.requirements[0].known == ""


@pytest.mark.parametrize("found", ["pass", "warn", "fail"])
def test_flaky_entry_may_pass_and_may_fail_until_it_expires(tmp_path: Path, found: str) -> None:
    entry = known("A-1", expires="2026-11-21", flaky=True)
    verdicts = [verdict("A-1", found), verdict("A-2")]
    made = run(tmp_path, header("A-1", "A-2", baseline=[entry]), *verdicts, footer())
    assert (made.verdict, made.stale) == ("conformant", ())
    over = header("A-1", "A-2", baseline=[{**entry, "expires": "2026-11-20"}])
    assert run(tmp_path, over, *verdicts, footer()).verdict == "nonconformant"


def test_flaky_entry_hides_no_other_requirement(tmp_path: Path) -> None:
    entry = known("A-1", expires="2026-11-21", flaky=True)
    head = header("A-1", "A-2", baseline=[entry])
    made = run(tmp_path, head, verdict("A-1"), verdict("A-2", "fail"), footer())
    assert [outcome.id for outcome in made.unexpected] == ["A-2"]


def test_unknown_requirement_makes_the_entry_stale(tmp_path: Path) -> None:
    made = run(tmp_path, header("A-1", baseline=[known("A-7")]), verdict("A-1"), footer())
    assert made.verdict == "nonconformant"
    assert "A-7 is stale: there is no such requirement" in made.because[0]


def test_entry_outside_the_selection_is_left_alone(tmp_path: Path) -> None:
    head = header("A-1", baseline=[known("B-7")], only="A-*")
    made = run(tmp_path, head, verdict("A-1"), footer())
    assert made.verdict == "conformant"


@pytest.mark.parametrize("found", ["fail", "inconclusive"])
def test_expired_entry_is_stale(tmp_path: Path, found: str) -> None:
    head = header("A-1", "A-2", baseline=[known("A-1", expires="2026-11-20")])
    made = run(tmp_path, head, verdict("A-1", found), verdict("A-2"), footer())
    assert made.verdict == "nonconformant"
    assert made.because[-1] == "The baseline entry for A-1 has expired: it held until 2026-11-20."
    assert made.stale[0].expired
    assert made.known == ()
    assert len(made.unexpected) == (found == "fail")


# ── the numbers ──────────────────────────────────────────────────────────────────────────────


def test_shares_are_of_all_applicable_requirements(tmp_path: Path) -> None:
    kinds = ["pass", "pass", "fail", "warn", "inconclusive", "not-applicable"]
    ids = [f"A-{number}" for number in range(len(kinds) + 1)]
    found = [verdict(name, kind) for name, kind in zip(ids, kinds, strict=False)]
    made = run(tmp_path, header(*ids), *found, footer())
    assert made.counts == {
        "pass": 2,
        "fail": 1,
        "warn": 1,
        "inconclusive": 2,
        "not-applicable": 1,
    }
    assert (made.applicable, made.judged) == (6, 4)
    assert (made.conformance_percent, made.judged_percent) == ("33 %", "66 %")


def test_causes_are_grouped_with_the_most_frequent_first(tmp_path: Path) -> None:
    made = run(
        tmp_path,
        header("A-1", "A-2", "A-3", "A-4"),
        verdict("A-1", "inconclusive", message="rare"),
        verdict("A-2", "inconclusive", message="often"),
        verdict("A-3", "inconclusive", message="often"),
        verdict("A-4", "inconclusive"),
        footer(),
    )
    found = [(cause, [outcome.id for outcome in outcomes]) for cause, outcomes in made.causes]
    assert found == [("often", ["A-2", "A-3"]), ("rare", ["A-1"]), ("No cause was given.", ["A-4"])]
