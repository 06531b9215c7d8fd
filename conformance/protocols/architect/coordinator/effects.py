"""Calls that change what another action tells: by them shows whether something was done."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from conformance.conversation import Conversation
from conformance.protocols.architect.dialogue import Dialogue, new_token
from conformance.protocols.architect.replies import Request, bare
from conformance.protocols.architect.survey import Call, Survey

__all__ = ["Effect", "effects_of"]

_CALLS, _VIEWERS = 6, 3
_LONG = 8
"""Characters of a text that nothing else says by chance."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A call, and which of its texts shows afterwards in the reply to the action `viewer`."""

    call: Call
    parameter: str
    viewer: str = ""

    def request(self, text: str, parameters: Any = None) -> Request:
        """The call with that text, and perhaps with other parameters beside it."""
        known = self.call.asked.request
        given = {**(known.parameters if parameters is None else parameters), self.parameter: text}
        return replace(known, parameters=given, token=new_token())

    async def shows(self, text: str, line: Conversation, script: Dialogue) -> bool:
        asked = await script.ask(line, self.viewer)
        return asked.heard is not None and text in json.dumps(bare(asked.reply))


async def effects_of(script: Dialogue, survey: Survey) -> list[Effect]:
    """Looked for once in a run, among what the survey called with success."""
    facts = script.lore.facts
    if "effects" not in facts:
        facts["effects"] = []
        facts["effects"] = await _effects(script, survey)
    return list(facts["effects"])


async def _effects(script: Dialogue, survey: Survey) -> list[Effect]:
    """A text shows, and gives way to the next one; and where nothing was to be done, it does not
    show: what tells of all that was ever said is no effect.
    """
    likely = [*_likely(survey)][:_CALLS]
    plain = [each.action for each in survey.plain.values() if each.answered]
    names = [
        a.name for a in plain if a.name != "list_actions" and (a.telling or a.name == "servers")
    ]
    if not (likely and names) or script.lore.slow:
        return []
    line = await script.connect("changer")
    seen = []
    for turn in range(3):
        requests = [each.request(script.new("no-such")) for each in likely]
        if turn == 2:
            nothing = script.new("no-such-action")
            requests = [replace(each, action=nothing) for each in requests]
        await script.put_all(line, requests)
        told = await script.put_all(
            line, [Request(action=name, token=new_token()) for name in names[:_VIEWERS]]
        )
        texts = [each.parameters[one.parameter] for each, one in zip(requests, likely, strict=True)]
        seen.append((texts, [json.dumps(bare(each.reply)) for each in told if each.heard]))
    return [
        replace(effect, viewer=names[at])
        for number, effect in enumerate(likely)
        for at in range(min(len(told) for _, told in seen))
        if _gives_way([(texts[number], told[at]) for texts, told in seen], seen[1][1][at])
    ]


def _gives_way(rounds: list[tuple[str, str]], second: str) -> bool:
    shown = [text in told for text, told in rounds]
    return shown == [True, True, False] and rounds[0][0] not in second


def _likely(survey: Survey) -> list[Effect]:
    return [
        Effect(call=call, parameter=name)
        for call in survey.full.values()
        if call.answered and not call.action.drastic and not survey.fails(call)
        for name, value in call.asked.request.parameters.items()
        if isinstance(value, str) and len(value) >= _LONG
    ]
