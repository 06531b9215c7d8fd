"""The agents themselves: every style does what it says, every fault shows."""

from __future__ import annotations

from functools import cache

import pytest

from tests.mutants.aitbc_agents import FAULTS, STYLES, Fault, Needs
from tests.mutants.aitbc_agents.judge import complaints
from tests.mutants.aitbc_agents.model import OPERATIONS, Op
from tests.mutants.aitbc_agents.recorder import Seen
from tests.mutants.aitbc_agents.rehearsal import NAME, Story, rehearse

TROUBLES = tuple(need for need in Needs if need not in {Needs.NOTHING, Needs.PREFIX, Needs.SIGTERM})
LATER = frozenset(name for name, fault in FAULTS.items() if fault.needs is not Needs.NOTHING)


@cache
def _healthy(style: str, trouble: Needs) -> Story:
    return rehearse(style, trouble=trouble)


@cache
def _faulty(name: str, trouble: Needs) -> Story:
    return rehearse(FAULTS[name].style, FAULTS[name], trouble=trouble)


def _without_its_tamper(fault: Fault, trouble: Needs) -> Story:
    """The same life without the bug; where only the id is odd, the id stays odd."""
    if fault.tamper is None or fault.reshape is None:
        return _healthy(fault.style, trouble)
    odd_id = Fault(name="odd_id", summary="", section="", reshape=fault.reshape)
    return rehearse(fault.style, odd_id, trouble=trouble)


def _operation(request: Seen) -> Op | None:
    for op, operation in OPERATIONS.items():
        before, _, after = operation.path.partition("{subject}")
        exact = not after and "{" not in operation.path
        fits = (
            request.path == before
            if exact
            else request.path.startswith(before)
            and request.path.endswith(after)
            and "/" not in request.path[len(before) : len(request.path) - len(after)]
        )
        if fits and request.method == operation.method:
            return op
    return None


def _of(story: Story, op: Op) -> list[Seen]:
    return [request for request in story.seen if _operation(request) is op]


@pytest.mark.parametrize("name", STYLES)
def test_style_asks_what_it_says(name: str) -> None:
    story = rehearse(name, trouble=Needs.NOTHING, horizon=12.0)
    assert {_operation(request) for request in story.seen} == STYLES[name].operations
    assert story.status == 0


@pytest.mark.parametrize("trouble", [Needs.NOTHING, *TROUBLES])
@pytest.mark.parametrize("name", STYLES)
def test_style_is_lawful_in_any_weather(name: str, trouble: Needs) -> None:
    story = _healthy(name, trouble)
    assert [found for request in story.seen if (found := complaints(request))] == []


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("name", STYLES)
def test_style_copes(name: str, trouble: Needs) -> None:
    story = _healthy(name, trouble)
    refused = trouble is Needs.REFUSED and name in {"careful", "oneshot"}
    assert story.status == (2 if refused else 0)
    if STYLES[name].registers and not refused:
        assert _operation(story.seen[-1]) is not Op.REGISTER or trouble is Needs.FORGOTTEN
    assert len(story.seen) < 60, "an agent in trouble must not hammer"


def test_forgotten_agent_registers_again() -> None:
    assert len(_of(_healthy("daemon", Needs.FORGOTTEN), Op.REGISTER)) >= 2


def test_refused_agent_tries_again_with_less() -> None:
    first, second, *_ = _of(_healthy("daemon", Needs.REFUSED), Op.REGISTER)
    assert isinstance(first.data, dict)
    assert isinstance(second.data, dict)
    assert set(second.data) == {"agent_id", "agent_type"} < set(first.data)


def test_daemon_says_goodbye() -> None:
    goodbye = _healthy("daemon", Needs.NOTHING).seen[-1]
    assert isinstance(goodbye.data, dict)
    assert goodbye.data["status"] == "inactive"


def test_minimal_sends_the_least() -> None:
    story = _healthy("minimal", Needs.NOTHING)
    assert story.seen[0].data == {"agent_id": NAME, "agent_type": "worker"}
    assert {request.body for request in story.seen[1:]} == {b""}


def test_careful_heartbeats_with_json() -> None:
    beat = _of(_healthy("careful", Needs.NOTHING), Op.HEARTBEAT)[0]
    assert isinstance(beat.data, dict)


def test_pretty_encodes_its_id_and_indents() -> None:
    story = _healthy("pretty", Needs.NOTHING)
    assert _of(story, Op.STATUS)[0].path == f"/agents/{NAME}%20%C3%A9%231%20%E5%B7%A5/status"
    assert b"\n    " in story.seen[0].body
    assert ("content-type", "application/json; charset=utf-8") in story.seen[0].headers


def test_observer_filters_by_everything_and_visits() -> None:
    story = rehearse("observer", trouble=Needs.NOTHING, horizon=8.0)
    bodies = [request.data for request in _of(story, Op.DISCOVER)]
    filters = {key for body in bodies if isinstance(body, dict) for key in body}
    assert filters == {"status", "agent_type", "capabilities", "services"}
    assert {request.path for request in _of(story, Op.GET_AGENT)} == {"/agents/peer%20%C3%A9"}


def test_streamer_sends_chunks() -> None:
    headers = dict(_healthy("streamer", Needs.NOTHING).seen[0].headers)
    assert headers["transfer-encoding"] == "chunked"
    assert "content-length" not in headers


@pytest.mark.parametrize("name", FAULTS)
def test_fault_shows(name: str) -> None:
    fault = FAULTS[name]
    assert _faulty(name, fault.needs) != _without_its_tamper(fault, fault.needs)


@pytest.mark.parametrize("name", sorted(LATER))
def test_fault_waits_for_its_occasion(name: str) -> None:
    if FAULTS[name].needs in {Needs.PREFIX, Needs.SIGTERM}:
        return  # a rehearsal always has the prefix, and always ends by a signal
    assert _faulty(name, Needs.NOTHING) == _healthy(FAULTS[name].style, Needs.NOTHING)


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_marked_implied_when_no_word_forbids_it(name: str) -> None:
    fault = FAULTS[name]
    # Where an occasion is needed, the breach must come with it; conduct is always implied.
    found = [word for request in _faulty(name, fault.needs).seen for word in complaints(request)]
    assert bool(found) is not fault.implied, found


def test_faults_are_many_and_told_apart() -> None:
    assert len(FAULTS) >= 60
    assert len({fault.summary for fault in FAULTS.values()}) == len(FAULTS)
    assert all(fault.style in STYLES for fault in FAULTS.values())
