"""What several catalogues of one agent say, held against each other and against its conduct."""

from __future__ import annotations

from typing import Any

from conformance.conversation import Conversation
from conformance.judge import Judge, same
from conformance.protocols.architect.catalogue import Action, is_described, read_catalogue
from conformance.protocols.architect.dialogue import Asked, Dialogue
from conformance.protocols.architect.replies import kind, lacks_something
from conformance.protocols.architect.survey import Call, Survey

__all__ = ["judge_again", "judge_requirements", "judge_types", "lacks"]


async def judge_again(
    first: Asked, listings: list[Asked], line: Conversation, script: Dialogue, judge: Judge
) -> None:
    names = set(first.listed)
    for each in listings:
        changed = names ^ set(each.listed)
        told = "the catalogue is not the same each time"
        judge.holds(
            "ARCH-CAT-018", same(each.listed, first.listed), told, *first.frames, *each.frames
        )
        if changed:
            true = await _true(changed - names, changed & names, first, line, script)
            told = (
                f"the catalogue lists now one thing, now another: {', '.join(sorted(changed)[:3])}"
            )
            judge.holds("ARCH-CAT-017", true, told, *first.frames, *each.frames)
            return
        told = "another entry is told of the same action"
        judge.holds("ARCH-CAT-017", True, told)


async def _true(
    new: set[str], gone: set[str], first: Asked, line: Conversation, script: Dialogue
) -> bool:
    """Did what is supported change, and not only what is listed? A new action must be known then,
    and one that is gone must not.
    """
    stranger = await script.ask(line, script.new("no-such-action"))
    unknown = kind(stranger.reply, stranger.request)
    entries = read_catalogue(first.listed)
    for name in sorted(new | gone)[:4]:
        action = entries.get(name, Action(name=name))
        if not action.callable or (action.drastic and not action.required):
            continue
        asked = await script.ask(line, name, action.filled(script.new("no-such")))
        known = asked.heard is not None and kind(asked.reply, asked.request) != unknown
        if known is (name in gone):
            return False
    return True


def judge_requirements(listings: list[Asked], survey: Survey, judge: Judge) -> None:
    """What an action is told to lack when it is left out is listed as required each time."""
    for call in survey.lacking:
        if call.changed != "left out" or not (call.answered and lacks(call)):
            continue
        for each in listings:
            entry = read_catalogue(each.listed).get(call.action.name)
            judge.holds(
                "ARCH-CAT-013",
                entry is None or call.parameter in entry.required,
                f"{call.action.name} requires {call.parameter}, which is not listed each time",
                *survey.listing.frames,
                *each.frames,
                *call.asked.frames,
            )


def judge_types(listing: Asked, entries: dict[str, Action], judge: Judge) -> None:
    needed = [(each, name) for each in entries.values() for name in each.required]
    typed = any(each.types.get(name) is not None for each, name in needed)
    if not needed:
        judge.holds("ARCH-CAT-011", True, "")
        judge.holds("ARCH-CAT-012", True, "")
        return
    if not typed and _by_place(listing.listed):
        told = "data types are told, but not of which parameters"
        judge.holds("ARCH-CAT-012", False, told, *listing.frames)
        judge.inconclusive("ARCH-CAT-011", told)
        return
    for action, name in needed:
        described = is_described(listing.reply, action)
        judge.holds(
            "ARCH-CAT-011",
            action.types.get(name) is not None or described(name),
            f"no data type is told of {name}, which {action.name} requires",
            *listing.frames,
            pointer=f"/parameters/actions/{action.name}",
        )
    judge.holds(
        "ARCH-CAT-012",
        not typed or any(action.kind(name) for action, name in needed),
        "no data type is a word that a script could know",
        *listing.frames,
    )


def _by_place(listed: Any) -> bool:
    """Does each entry with required parameters hold a list of as many other words?"""
    entries = [each for each in listed.values() if isinstance(each, dict)]
    needy = [each for each in entries if each.get("required_parameters")]
    return bool(needy) and all(
        any(
            key != "required_parameters"
            and isinstance(value, list)
            and len(value) >= len(each["required_parameters"])
            and all(isinstance(word, str) for word in value)
            for key, value in each.items()
        )
        for each in needy
    )


def lacks(call: Call) -> bool:
    return lacks_something(call.asked.reply, call.asked.request)
