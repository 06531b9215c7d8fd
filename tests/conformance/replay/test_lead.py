"""What is kept of a check, and that no secret is kept with it."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest

from conformance.exchange import Exchange
from conformance.masking import Masker
from conformance.replay.journal import Journal
from conformance.replay.lead import Lead
from conformance.replay.story import Deed, Request, Story
from conformance.target import Target
from conformance.verdict import Evidence, Finding
from schemas import load
from tests.conformance.test_masking import CARRIERS

AITBC = load("aitbc")
RUN = "1129ab34cd"


def journal(**target: Any) -> Journal:
    return Journal(AITBC, Target(url="http://h/base", **target), RUN)


def exchange(**fields: Any) -> Exchange:
    said = {"operation": "getAgent", "method": "GET", "url": "http://h/base/agents/a"}
    return Exchange(**{**said, "status": 200, "answer": b"{}", **fields})


def registered(name: str) -> Exchange:
    body = orjson.dumps({"agent_id": name, "agent_type": "worker"})
    url = "http://h/base/agents/register"
    return exchange(operation="registerAgent", method="POST", url=url, body=body)


def story(kept: Journal, *shown: Exchange) -> Story:
    return kept.lead("test_it").story(shown)


def requests(told: Story) -> list[Request]:
    return [step for step in told.steps if isinstance(step, Request)]


def test_paths_are_below_the_base_url() -> None:
    kept, seen = journal(), exchange(url="http://h/base/agents/a?b=c")
    kept.exchanged(seen)
    (step,) = requests(story(kept, seen))
    assert (step.path, step.shown, step.needed) == ("/agents/a?b=c", True, True)


def test_times_begin_with_what_is_told() -> None:
    kept = journal()
    kept.exchanged(exchange())  # another check's, of which nothing here speaks
    kept.begin()
    seen = exchange()
    kept.exchanged(exchange(seconds=7.0))  # it began so long ago
    kept.exchanged(seen)
    first, last = requests(story(kept, seen))
    assert first.at == 0.0
    assert 7.0 <= last.at < 60.0
    assert last.pause == 0.0


def test_what_came_behind_the_evidence_is_left_out() -> None:
    kept, seen = journal(), exchange()
    for each in (exchange(), seen, exchange(), exchange()):
        kept.exchanged(each)
    assert [step.shown for step in requests(story(kept, seen))] == [False, True]


def test_what_came_behind_the_finding_is_not_its_cause() -> None:
    kept = journal()
    kept.exchanged(exchange())
    lead = kept.lead("test_it")
    time.sleep(0.02)
    kept.exchanged(exchange())
    assert len(lead.story(()).steps) == 1


def test_of_earlier_checks_only_what_the_finding_speaks_of_is_told() -> None:
    kept = journal()
    for number in range(1, 4):
        kept.exchanged(registered(f"agent-{RUN}-{number}"))
    kept.begin()
    seen = exchange(url=f"http://h/base/agents/agent-{RUN}-2")
    kept.exchanged(seen)
    told = requests(story(kept, seen))
    assert [step.operation for step in told] == ["registerAgent", "getAgent"]
    assert f"agent-{RUN}-2" in told[0].body.decode()


def test_a_long_check_is_told_by_its_end_and_by_what_is_needed() -> None:
    kept, seen = journal(), exchange(url=f"http://h/base/agents/agent-{RUN}-1")
    kept.exchanged(registered(f"agent-{RUN}-1"))
    for _ in range(300):
        kept.exchanged(exchange())
    kept.exchanged(seen)
    told = story(kept, seen)
    assert requests(told)[0].operation == "registerAgent"
    assert len(told.steps) + told.left_out == 302
    assert told.left_out > 50


def test_hooks_are_steps_too() -> None:
    kept = journal()
    kept.done("advance", {"seconds": 60}, "", time.monotonic())
    (step,) = story(kept).steps
    assert step == Deed(hook="advance", values={"seconds": 60}, handed="", needed=True)


def test_long_words_take_no_long_time() -> None:
    kept, seen = journal(), exchange(answer=b'"' + b"a" * 150_000 + b'"', body=b"b" * 150_000)
    kept.exchanged(seen)
    began = time.process_time()
    story(kept, seen)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("where", CARRIERS)
def test_no_canary_gets_into_a_story(where: str) -> None:
    kept = journal(secrets=("known-canary",))
    fields: dict[str, Any] = {"operation": "x", "method": "POST", "url": "http://h/base/x"}
    seen = Exchange(**(fields | {"status": 200} | CARRIERS[where]))
    kept.exchanged(seen)
    line = orjson.dumps(story(kept, seen).record()).decode()
    for piece in ("canary", "known-ca", "c\\\\u0061nary", "MIIc", "a25vd24t"):
        assert piece not in line, line


def test_secrets_of_the_target_have_their_names() -> None:
    kept = journal(headers={"Authorization": "Bearer tok-12345"}, secrets=("Bearer tok-12345",))
    seen = exchange(headers={"authorization": "Bearer tok-12345"})
    kept.exchanged(seen)
    told = story(kept, seen)
    assert list(told.secrets.values()) == ["ASSAY_TOKEN"]
    assert requests(told)[0].headers == {"authorization": f"Bearer {next(iter(told.secrets))}"}


def finding(kept: Journal, seen: Exchange) -> dict[str, Any]:
    evidence = Evidence(exchanges=[seen], lead=kept.lead("test_it"))
    found = Finding(requirement="A-1", check="answers of x", verdict="fail", evidence=evidence)
    record: dict[str, Any] = found.record(Masker())["evidence"]
    return record


def test_only_the_first_finding_of_a_kind_tells_its_story() -> None:
    kept, seen = journal(), exchange()
    kept.exchanged(seen)
    assert "story" in finding(kept, seen)
    assert "story" not in finding(kept, seen)


def test_a_fault_of_ours_does_not_take_the_finding_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Story:
        raise RuntimeError("ours")

    monkeypatch.setattr(Lead, "story", broken)
    kept, seen = journal(), exchange()
    record = finding(kept, seen)
    assert record["story"] == {
        "run": RUN,
        "within": "test_it",
        "steps": [],
        "lost": "a fault in Assay: RuntimeError('ours')",
    }
    assert record["exchanges"]
