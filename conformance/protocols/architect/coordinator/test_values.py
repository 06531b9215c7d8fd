"""Values of the told types that a hasty check of types refuses, and what a refused call leaves."""

from __future__ import annotations

from conformance.exchange import MISSING
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.architect.coordinator.complaints import complaints_of
from conformance.protocols.architect.coordinator.effects import Effect, effects_of
from conformance.protocols.architect.coordinator.listings import lacks
from conformance.protocols.architect.dialogue import Dialogue, last
from conformance.protocols.architect.survey import Survey, survey_of

_EFFECTS, _REFUSED = 2, 4


@requirement("ARCH-CAT-023")
async def test_any_value_of_a_type(script: Dialogue, judge: Judge) -> None:
    """A value may be refused for what it is, but not in the words for one of another type."""
    survey = await survey_of(script)
    complaints = complaints_of(survey)
    for call in survey.odd:
        full = survey.best(call.action.name)
        if full is None or not (full.answered and call.answered) or full.kind in complaints:
            continue
        told = f"{call.action.name} refuses {call.changed} for {call.parameter} as ill-typed"
        ok = call.kind not in complaints
        judge.holds("ARCH-CAT-023", ok, told, *full.asked.frames, *call.asked.frames)
    judge.holds("ARCH-CAT-023", True, "")


@requirement("ARCH-CAT-014", "ARCH-ACT-003")
async def test_types_of_what_may_be_left_out(script: Dialogue, judge: Judge) -> None:
    """What stands beside the required parameters, and has a type told."""
    survey = await survey_of(script)
    complaints = complaints_of(survey)
    right = {
        (each.action.name, each.parameter): each for each in survey.optional if not each.changed
    }
    for call in survey.optional:
        good, full = right.get((call.action.name, call.parameter)), survey.full[call.action.name]
        if not call.changed or good is None or not (good.answered and call.answered):
            continue
        frames = (*full.asked.frames, *good.asked.frames, *call.asked.frames)
        taken = call.kind == full.kind and not survey.fails(call)
        refused = good.kind in complaints and good.kind != full.kind and survey.fails(good)
        told = f"{call.action.name} takes {call.changed} for {call.parameter}"
        judge.holds("ARCH-CAT-014", not (refused and taken), f"{told}, not the told type", *frames)
        if good.kind == full.kind:
            judge.holds("ARCH-ACT-003", not taken, told, *frames)
    for row in ("ARCH-CAT-014", "ARCH-ACT-003"):
        judge.holds(row, True, "")


@requirement("ARCH-ACT-016")
async def test_empty_is_given(script: Dialogue, judge: Judge) -> None:
    survey = await survey_of(script)
    for call in survey.empty:
        full = survey.best(call.action.name)
        if full is not None and full.answered and call.answered:
            told = f"{call.action.name} takes {call.changed} for {call.parameter} as missing"
            ok = lacks(full) or not lacks(call)
            judge.holds("ARCH-ACT-016", ok, told, *full.asked.frames, *call.asked.frames)
    judge.holds("ARCH-ACT-016", True, "")


@requirement("ARCH-ACT-015")
async def test_refused_calls_change_nothing(script: Dialogue, judge: Judge) -> None:
    survey = await survey_of(script)
    for effect in (await effects_of(script, survey))[:_EFFECTS]:
        await _judge_unchanged(effect, survey, script, judge)
    judge.holds("ARCH-ACT-015", True, "")


async def _judge_unchanged(effect: Effect, survey: Survey, script: Dialogue, judge: Judge) -> None:
    line = await script.connect()
    wrong = [
        each.asked.request
        for each in survey.wrong(effect.call.action.name)
        if each.parameter != effect.parameter
        and effect.parameter in each.asked.request.parameters
        and each.changed != "under another name"
    ]
    for known in [*wrong[:_REFUSED], *wrong[-_REFUSED:]]:
        text = script.new("no-such")
        asked = await script.put(line, effect.request(text, known.parameters))
        refused = asked.reply is not MISSING and survey.manners.tells_error(
            asked.request, asked.reply
        )
        if refused:
            done = await effect.shows(text, line, script)
            told = f"{asked.request.action} is refused, and {effect.viewer} tells that it was done"
            judge.holds("ARCH-ACT-015", not done, told, *asked.frames, *last(line, 1))
