"""Whether a client does things once, and takes a no for a no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest

from conformance.examiner import Examiner, Observation
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.bearing import failed, hammered
from conformance.protocols.caxton.notes import NORMAL, Notebook
from conformance.protocols.caxton.situations import CALM, NAMES, WELL
from conformance.protocols.caxton.story import (
    about,
    answer_of,
    asked,
    body_of,
    exchanges,
    good,
    ids_in,
    same_request,
    sent_at,
    shape_of,
    told_texts,
    verb,
)
from conformance.protocols.caxton.told import agents_told, name_in
from mockserver.transcript import HttpExchange

_EVERY_SITUATION = pytest.mark.parametrize("situation", NAMES)

_LATER = [name for name in CALM if name != NORMAL]
"""Calm lives beside the normal one, of other clients."""

_LOOKS = ("listAgents", "getAgent")

_FINAL = (400, 403, 404, 409)

_AGAIN, _WITHIN = 5, 5.0
"""The same refused request from which on it is repeated again and again, and the seconds."""

_STUBBORN = 3
"""Times that a change is refused from which on it was not asked once more by mistake."""

_FOR_EVER = 12
"""Requests of a kind for an agent that is gone, from which on it is asked for for ever."""

_AT_ONCE = 0.3
"""Seconds in which nobody has decided to do the same a second time."""

_OF_REMOVED = (
    "sendMessage",
    "updateAgent",
    "reloadAgent",
    "removeAgent",
    "stopAgent",
    "getAgentMetrics",
    "createDeployment",
)
"""What makes no sense for an agent that the client itself has removed."""

_CHANGES = ("updateAgent", "reloadAgent", "stopAgent", "removeAgent", "createDeployment")

_GOES_ON = ("initializing", "in_progress", "distributed", "assigned", "running")

_AFTERWARDS = 2.0


@requirement("CAXTON-AGENT-SAFE-001")
@pytest.mark.parametrize("situation", ["dropped connections"])
async def test_lost_deployments_are_looked_for(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """Judged of a client that otherwise deploys one agent at a time under one name."""
    seen, normal = await examiner.observe(situation), await examiner.observe(NORMAL)
    alone = len({name_in(heard) for heard in asked(normal, "deployAgent")}) == 1
    for heard in asked(seen, "deployAgent"):
        if heard.status or not alone:
            continue
        later = [each for each in seen.exchanges if each.number > heard.number]
        others = [h for h in later if verb(h) == "deployAgent" and name_in(h) != name_in(heard)]
        looked = [h for h in later if verb(h) in _LOOKS]
        blind = bool(others) and (not looked or looked[0].number > others[0].number)
        judge.holds(
            "CAXTON-AGENT-SAFE-001",
            not blind,
            "a deployment that got no answer was repeated under another name, without a look",
            *exchanges([heard, *others[:1]]),
        )


@requirement("CAXTON-AGENT-SAFE-001")
@pytest.mark.parametrize("situation", ["dropped connections"])
async def test_lost_deployments_are_not_made_up_for(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """Judged of a client that deploys as many agents as ever each time, whatever their names: one
    more, with one lost among them, stands for it, and may be one too many.
    """
    seen, normal = await examiner.observe(situation), await examiner.observe(NORMAL)
    usual = {len(_names(run)) for run in _deployed_in_one_go(normal)[:-1]}
    if len(usual) != 1:
        return
    most = max(usual)
    for run in _deployed_in_one_go(seen):
        lost = [heard for heard in run if not heard.status]
        made_up = most < len(_names(run)) <= most + len(lost) and not failed(run[-1])
        judge.holds(
            "CAXTON-AGENT-SAFE-001",
            not made_up,
            f"{len(_names(run))} agents, one of them without an answer, and otherwise {most}",
            *exchanges([*lost[:1], *run[-1:]]),
        )


def _names(run: Sequence[HttpExchange]) -> set[str | None]:
    return {name_in(heard) for heard in run}


def _deployed_in_one_go(seen: Observation) -> list[list[HttpExchange]]:
    """The runs of deployments with nothing else in between, each by one way to deploy."""
    runs: list[list[HttpExchange]] = []
    before = ""
    for heard in (each for each in seen.exchanges if each.operation != "events"):
        if verb(heard) == "deployAgent":
            if heard.operation != before:
                runs.append([])
            runs[-1].append(heard)
        before = heard.operation
    return [run for run in runs if run[0].operation == "deployAgent"]


@requirement("CAXTON-AGENT-SAFE-001")
@pytest.mark.parametrize("situation", ["dropped connections"])
async def test_lost_versions_are_looked_for(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """A new version or a task that got no answer may be on its way: asked again, it begins once
    more.
    """
    seen = await examiner.observe(situation)
    for heard in asked(seen, "createDeployment", *_tasks(await examiner.observe(NORMAL))):
        later = [each for each in seen.exchanges if each.number > heard.number]
        again = [h for h in later if same_request(heard, h) and sent_at(h) > heard.real]
        looked = [h for h in later if h.method == "GET" and h.operation != "events"]
        blind = bool(again) and (not looked or looked[0].number > again[0].number)
        if not heard.status:
            judge.holds(
                "CAXTON-AGENT-SAFE-001",
                not blind,
                f"{heard.operation} got no answer, and was asked again without a look",
                *exchanges([heard, *again[:1]]),
            )


def _tasks(normal: Observation) -> Sequence[str]:
    """Are its tasks such as never come twice? Whoever wants many of a kind may ask again."""
    shapes = [shape_of(body_of(heard)) for heard in asked(normal, "createTask")]
    return ("createTask",) if 1 < len(shapes) == len(set(shapes)) else ()


_ONCE = ("deployAgent", "createTask", "distributeTask", "createDeployment", "rollbackDeployment")


@requirement("CAXTON-AGENT-SAFE-003")
@pytest.mark.parametrize("situation", WELL)
async def test_what_is_done_is_not_asked_for_again(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    calls = asked(seen, *_ONCE)
    for number, heard in enumerate(calls):
        before = [e for e in calls[:number] if good(e) and _done_by(e, heard, seen)]
        judge.holds(
            "CAXTON-AGENT-SAFE-003",
            not before,
            f"{heard.operation} was asked for again after it had succeeded",
            *exchanges([*before[:1], heard]),
        )


def _done_by(first: HttpExchange, second: HttpExchange, seen: Observation) -> bool:
    """Had the first one done what the second one asks for, and its client been told?"""
    if first.operation != second.operation or sent_at(second) < first.real:
        return False
    if first.operation == "distributeTask":
        assigned = bool(answer_of(first).get("assigned_to"))
        return about(first) == about(second) and assigned and not _undone(first, second, seen)
    if first.operation == "createDeployment":
        names = ("agent_id", "version", "wasm_module")
        one, other = body_of(first), body_of(second)
        same = all(one.get(name) == other.get(name) for name in names)
        return same and not _undone(first, second, seen)
    between = [h for h in seen.exchanges if first.number < h.number < second.number]
    if first.operation == "rollbackDeployment":
        return about(first) == about(second) not in map(about, between)
    soon = sent_at(second) - first.real < _AT_ONCE
    at_once = soon and not between and same_request(first, second)
    return at_once and (first.operation != "createTask" or _in_pairs(seen))


def _undone(first: HttpExchange, second: HttpExchange, seen: Observation) -> bool:
    """Was it seen to have come to an end, or taken back?"""
    own = answer_of(first).get("deployment_id", about(first))
    between = [h for h in seen.exchanges if first.number < h.number < second.number]
    return any(
        heard.operation == "rollbackDeployment" or answer_of(heard).get("status") not in _GOES_ON
        for heard in between
        if about(heard) == own
    )


def _in_pairs(seen: Observation) -> bool:
    """Does every task come twice? Whoever wants two of a kind may ask for two."""
    shapes = [shape_of(body_of(heard)) for heard in asked(seen, "createTask")]
    return all(shapes.count(shape) == 2 for shape in shapes)


@requirement("CAXTON-AGENT-SAFE-004", "CAXTON-AGENT-SAFE-005")
@_EVERY_SITUATION
async def test_flow_failures_are_not_hammered(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    seen = await examiner.observe(situation)
    final = [heard for heard in seen.exchanges if heard.status in _FINAL]
    lost = [heard for heard in seen.exchanges if heard.status in (0, 500, 503)]
    worst = hammered(seen)
    status = worst[0].status if worst else -1
    if lost:
        judge.holds(
            "CAXTON-AGENT-SAFE-005",
            status not in (0, 500, 503),
            f"{len(worst)} requests that failed came without a pause",
            *exchanges(worst[:3]),
        )
    if final:
        repeated = _repeated(final) or _tried_again(final, await examiner.observe(NORMAL))
        judge.holds(
            "CAXTON-AGENT-SAFE-004",
            status not in _FINAL and not repeated,
            f"a request that was refused was repeated {max(len(worst), len(repeated))} times",
            *exchanges(worst[:3] or repeated[:3]),
        )


def _tried_again(final: Sequence[HttpExchange], normal: Observation) -> Sequence[HttpExchange]:
    """The most of one and the same refused change, of a kind that never comes twice otherwise."""
    worst: list[HttpExchange] = []
    for first in final:
        usual = [h for h in normal.exchanges if h.operation == first.operation]
        alone = len(usual) > 1 and not any(same_request(a, b) for a, b in pairwise(usual))
        if first.method in ("POST", "PUT") and first.body and alone:
            run = [h for h in final if 0 <= h.real - first.real < _WITHIN]
            worst = max(worst, [h for h in run if same_request(first, h)], key=len)
    return worst if len(worst) >= _STUBBORN else []


def _repeated(final: Sequence[HttpExchange]) -> Sequence[HttpExchange]:
    """The most of one and the same refused request, where it is too many."""
    runs = (
        [h for h in final if 0 <= h.real - first.real < _WITHIN and same_request(first, h)]
        for first in final
    )
    worst = max(runs, key=len)
    return worst if len(worst) >= _AGAIN else []


@requirement("CAXTON-AGENT-SAFE-006")
@pytest.mark.parametrize("situation", ["taken name"])
async def test_a_taken_name_is_no_success(situation: str, examiner: Examiner, judge: Judge) -> None:
    """What the client has to do with afterwards are agents that it was told of."""
    seen = await examiner.observe(situation)
    refused = [h for h in asked(seen, "deployAgent") if h.status == 409]
    told: dict[str, int] = {}
    for number, text in told_texts(seen.entries):
        told.setdefault(text, number)
    for first in refused[:1]:
        later = [h for h in seen.exchanges if h.number > first.number]
        made_up = [h for h in later if _agents_of(h) and not _known(h, told)]
        judge.holds(
            "CAXTON-AGENT-SAFE-006",
            not made_up,
            f"{made_up[0].method} {made_up[0].path} is about an agent that nobody deployed"
            if made_up
            else "",
            *exchanges([first, *made_up[:1]]),
        )


@requirement("CAXTON-AGENT-SAFE-006")
@pytest.mark.parametrize("situation", ["taken name"])
async def test_a_taken_name_is_no_leave_to_take_an_agent(
    situation: str, examiner: Examiner, judge: Judge
) -> None:
    """The agent that bears the name may be the client's own, of an earlier life. Others are not;
    but there are clients that manage everybody's agents anyway.
    """
    seen = await examiner.observe(situation)
    refused = [h for h in asked(seen, "deployAgent") if h.status == 409]
    if refused and not _taken(await examiner.observe("long lists")):
        taken = [heard for heard in _taken(seen) if heard.number > refused[0].number]
        judge.holds(
            "CAXTON-AGENT-SAFE-006",
            not taken,
            "an agent of another name, which the client did not deploy, is changed or removed",
            *exchanges([*refused[:1], *taken[:1]]),
        )


def _taken(seen: Observation) -> list[HttpExchange]:
    """What changes agents of whom the client knows that they are somebody else's."""
    own = {name_in(heard) for heard in asked(seen, "deployAgent")}
    told = [(id_, name) for heard in seen.exchanges for name, id_ in agents_told(heard)]
    others = {id_ for id_, name in told if name not in own}
    mine = {id_ for id_, name in told if name in own}
    return [h for h in asked(seen, *_CHANGES) if {*ids_in(h)} & (others - mine)]


def _agents_of(heard: HttpExchange) -> list[str]:
    return (
        ids_in(heard)
        if "agent" in "".join(heard.parameters) or verb(heard) == "sendMessage"
        else []
    )


def _known(heard: HttpExchange, told: Mapping[str, int]) -> bool:
    return all(told.get(own, heard.number) < heard.number for own in _agents_of(heard))


@requirement("CAXTON-AGENT-SAFE-007")
@pytest.mark.parametrize("situation", ["agent gone"])
async def test_agents_that_are_gone_are_let_go(
    situation: str, examiner: Examiner, judge: Judge, book: Notebook
) -> None:
    seen, notes = await examiner.observe(situation), book.of(situation)
    calls: dict[tuple[str, str], list[HttpExchange]] = {}
    for heard in seen.exchanges:
        if heard.status == 404 and b"AGENT_NOT_FOUND" in heard.answer:
            for own in ids_in(heard):
                calls.setdefault((verb(heard), own), []).append(heard)
    for (what, own), asks in calls.items():
        lasting = asks[-1].real > notes.ended - _AFTERWARDS
        judge.holds(
            "CAXTON-AGENT-SAFE-007",
            len(asks) < _FOR_EVER or not lasting,
            f"{what} was asked {len(asks)} times for {own!r}, which is gone",
            *exchanges(asks[:2]),
        )


@requirement("CAXTON-AGENT-SAFE-007")
@pytest.mark.parametrize("situation", _LATER)
async def test_removed_agents_are_let_go(situation: str, examiner: Examiner, judge: Judge) -> None:
    """Judged where it is the rule, with two clients: once, two hands of one may have crossed."""
    haunted: list[HttpExchange] = []
    removed = 0
    for name in (NORMAL, situation):
        seen = await examiner.observe(name)
        for heard in asked(seen, "removeAgent"):
            later = [h for h in seen.exchanges if 0 < sent_at(h) - heard.real < _AFTERWARDS]
            if good(heard) and later:
                removed += 1
                haunted += [h for h in later if _haunts(h, about(heard))][:1]
    if removed:
        judge.holds(
            "CAXTON-AGENT-SAFE-007",
            len(haunted) < max(removed, 2),
            "an agent that the client has removed itself is asked for afterwards, each time",
            *exchanges(haunted[:2]),
        )


def _haunts(heard: HttpExchange, own: str) -> bool:
    return verb(heard) in _OF_REMOVED and own in ids_in(heard)
