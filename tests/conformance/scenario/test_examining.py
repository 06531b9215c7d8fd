"""What an agent did in a scenario, judged."""

from __future__ import annotations

from typing import Any

import pytest
from multidict import CIMultiDict

from conformance.agent_process import Ending
from conformance.examiner import Observation
from conformance.judge import Judge
from conformance.scenario.examining import weigh
from conformance.scenario.judging import Part
from conformance.scenario.play import Played
from conformance.witness import Rulebook
from mockserver.scenario.acts import Finished, Word
from mockserver.transcript import HttpExchange
from schemas import Requirement, load_requirements
from tests.mockserver.scenario.building import known, scenario, step, workflow

IMPLIED, STATED, OWN = "AITBC-AGENT-GEN-013", "AITBC-AGENT-GEN-001", "SCENARIO-BUILT-MAIN"


class _Script:
    """All that is asked of a script that has been played."""

    def __init__(self, finished: Finished, words: list[Word], others: set[int]) -> None:
        self.finished = finished
        self.words = words
        self.others = others
        self.unlawful: set[int] = set()


def _found(
    finished: Finished,
    *words: Word,
    ending: Ending | None = None,
    said: tuple[HttpExchange, ...] = (),
    others: set[int] | None = None,
) -> dict[str, str]:
    protocol = known("aitbc")
    rows: dict[str, Requirement] = {
        row.id: row for row in load_requirements(protocol).values() if row.role == "agent"
    }
    text = "It comes to its end."
    rows[OWN] = Requirement(
        id=OWN,
        level="MUST",
        role="agent",
        basis="stated",
        section="",
        text=text,
        capability="health",
    )
    built = scenario(workflow(step("a"), requirements=[IMPLIED, "AITBC-GET-001"]))
    part = Part(built, built.workflows["main"], OWN)
    judge = Judge("it", list(rows), Rulebook(protocol, rows, strict=False, role="agent"))
    played = Played({}, {})
    script: Any = _Script(finished, list(words), others or set())
    played.keep(part.name, script)
    seen = Observation(situation=part.name, entries=said, seconds=1.0, ending=ending)
    weigh(part, seen, played, judge)
    return {each.requirement: each.verdict for each in judge.findings()}


def _ended(code: int, output: str = "") -> Ending:
    return Ending(code=code, output=output, asked=False, stubborn=False)


def _mislabelled(number: int) -> HttpExchange:
    return HttpExchange(
        number=number,
        at=0.0,
        real=0.0,
        took=0.0,
        method="POST",
        path="/agents/register",
        query="",
        headers=CIMultiDict({"Content-Type": "text/plain"}),
        body=b"{}",
        operation="registerAgent",
        parameters={},
        allowed=(),
        violations=(),
        status=422,
        answer_headers={},
        answer=b"",
    )


def test_a_scenario_that_was_kept_passes() -> None:
    found = _found(Finished(True, {}), Word([IMPLIED], True, "", "a"))
    assert (found[OWN], found[IMPLIED]) == ("pass", "pass")


def test_what_could_not_be_judged_is_inconclusive() -> None:
    assert _found(Finished(None, {}, "nobody came"))[OWN] == "inconclusive"


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [([IMPLIED], "warn"), ([STATED], "fail"), ([IMPLIED, STATED], "fail"), ([], "fail")],
)
def test_a_scenario_weighs_no_more_than_what_broke_it(rows: list[str], verdict: str) -> None:
    word = Word(rows, False, "no", "a")
    assert _found(Finished(False, {}, "no"), word)[OWN] == verdict


@pytest.mark.parametrize(
    ("ending", "own"),
    [
        (_ended(1, "Traceback (most recent call last)"), "warn"),
        (_ended(-11), "warn"),
        (_ended(0), "inconclusive"),
        (_ended(2, "refused, and leaving"), "inconclusive"),
        (None, "inconclusive"),
    ],
)
def test_who_breaks_down_cannot_keep_the_rows_of_the_workflow(
    ending: Ending | None, own: str
) -> None:
    found = _found(Finished(None, {}, "nobody came"), ending=ending)
    assert (found[OWN], found[IMPLIED]) == (own, own)


def test_who_breaks_down_at_the_very_end_has_kept_it() -> None:
    found = _found(Finished(True, {}), ending=_ended(1, "Traceback (most recent call last)"))
    assert found[OWN] == "pass"


def test_what_others_said_is_not_held_against_the_agent() -> None:
    wrong, kept = _mislabelled(7), Finished(True, {})
    assert _found(kept, said=(wrong,))["AITBC-AGENT-GEN-006"] == "fail"
    assert "AITBC-AGENT-GEN-006" not in _found(kept, said=(wrong,), others={7})
