"""What can be told only once much was asked: these come behind all that asks."""

from __future__ import annotations

import pytest

from conformance.clients.websocket import Socket
from conformance.conversation import Refused
from conformance.exchange import MISSING
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, requirement
from conformance.protocols.architect.catalogue import read_catalogue
from conformance.protocols.architect.coordinator.listings import (
    judge_again,
    judge_requirements,
    judge_types,
)
from conformance.protocols.architect.dialogue import Dialogue, last
from conformance.protocols.architect.survey import survey_of
from conformance.vigil import Vigil

pytestmark = pytest.mark.exhausts


@requirement("ARCH-CAT-011", "ARCH-CAT-012", "ARCH-CAT-013", "ARCH-CAT-017", "ARCH-CAT-018")
async def test_flow_every_catalogue_of_the_run(script: Dialogue, judge: Judge) -> None:
    """However late it was asked for, in whatever company, under whatever token."""
    first, others = script.lore.first, script.lore.others
    if first is None:
        raise UnjudgeableError("the agent's catalogue could not be read")
    if not others:
        judge.holds("ARCH-CAT-017", True, "")
        return
    survey = await survey_of(script)
    await judge_again(first, others, await script.connect(), script, judge)
    judge_requirements([first, *others], survey, judge)
    for each in (first, *others):
        judge_types(each, read_catalogue(each.listed), judge)


@requirement("ARCH-CONN-011")
async def test_another_silence(
    script: Dialogue, vigil: Vigil[Socket | Refused], judge: Judge
) -> None:
    """Long after a script said something, it says something again."""
    await script.needs_company()
    line = await vigil.kept()
    if not isinstance(line, Socket) or line.closed or not line.frames:
        raise UnjudgeableError("no connection could be kept beside the others")
    served = (await script.list_actions(line)).heard is not None
    told = f"after some more silence a script is not served: {script.why(line)}"
    judge.holds("ARCH-CONN-011", served, told, *last(line))


@requirement("ARCH-EVENT-001")
async def test_what_came_unasked(vigil: Vigil[Socket | Refused], judge: Judge) -> None:
    """On a connection on which nothing, or hardly anything, was asked from the first check on."""
    line = await vigil.kept()
    heard = line.frames if isinstance(line, Socket) else []
    came = [frame for frame in heard if frame.sender == "peer" and frame.kind == "text"]
    for frame in came:
        is_map = frame.json is MISSING or isinstance(frame.json, dict)
        judge.holds("ARCH-EVENT-001", is_map, "JSON came that is no map", frame)
    if not came:
        judge.holds("ARCH-EVENT-001", True, "")
