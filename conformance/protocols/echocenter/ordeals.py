"""What an EchoCenter agent is told that nobody wrote down; after it, or by it, it is asked for
something, and its answer shows that it lives on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.fuzz.ordeal import Ordeal, Trial
from conformance.protocols.echocenter.forms import is_idle
from conformance.protocols.echocenter.prompter import QUIET, Prompter, instruction
from conformance.protocols.echocenter.replies import found_too_large, read_account
from conformance.stage import GoneError, Stage

__all__ = ["ROWS", "endure"]

_SENDERS = 90_000
"""The number of the sender who asks in the first trial: each has one of its own."""

_AT_ONCE = 4
"""Trials that are begun without waiting for the answers."""

_TYPES = (
    "PRESENCE",
    "CHAT_REACTION",
    "x.typing",
    "heartbeat-2",
    "Notice of \u4e2d\u6587",
    "\U0001f916",
    " ",
    "null",
    "AGENT/STATUS?",
)
"""That no document knows, and that nobody takes for one that it does."""

_NO_JSON = ("hello", "{", '{"type": "CHAT"', "{'type': 'CHAT'}", "<b>hi</b>", "\u4e2d", "--", "")


def _text(prompter: Prompter, trial: Trial, sender: int) -> None:
    odd = trial.oddities
    text = odd.text()
    while is_idle(text):
        text = odd.text()
    prompter.chat(sender, text)


def _idle_text(prompter: Prompter, trial: Trial, sender: int) -> None:
    odd = trial.oddities
    prompter.chat(sender, odd.rng.choice(("", "  ", "\n", "nul\0byte", "\x1b[31m", "\u2003")))


def _fields(prompter: Prompter, trial: Trial, sender: int) -> None:
    odd = trial.oddities
    said = odd.beside(instruction(sender, "More fields than usual.", sender_name=odd.text()))
    prompter.stage.inject(odd.written(said).encode())


def _pieces(prompter: Prompter, trial: Trial, sender: int) -> None:
    odd = trial.oddities
    said = instruction(sender, "This comes in several pieces, \u4e2d\u6587 \U0001f916 among them.")
    count = odd.rng.choice((2, 3, 9))
    prompter.say(said, fragments=count, pinged=odd.rng.random() < 0.5)


def _twice(prompter: Prompter, trial: Trial, sender: int) -> None:
    del trial  # there is nothing odd in it
    for _ in range(2):
        prompter.chat(sender, "Twice, and each time an answer is due.")


def _other_type(prompter: Prompter, trial: Trial, sender: int) -> None:
    odd = trial.oddities
    said = {"type": odd.rng.choice(_TYPES), "sender_id": sender, "payload": odd.value()}
    prompter.stage.inject(odd.written(odd.beside(said)).encode())
    _probe(prompter, sender)


def _untyped(prompter: Prompter, trial: Trial, sender: int) -> None:
    odd = trial.oddities
    kind: Any = odd.rng.choice((None, True, odd.number(), [], {}, odd.deep()))
    said = odd.rng.choice(({}, {"type": kind}, {"payload": odd.text()}))
    prompter.stage.inject(odd.written(odd.beside(said)).encode())
    _probe(prompter, sender)


def _no_object(prompter: Prompter, trial: Trial, sender: int) -> None:
    odd = trial.oddities
    said = odd.rng.choice((odd.text(), odd.number(), None, True, [], [odd.value()]))
    prompter.stage.inject(odd.written(said).encode())
    _probe(prompter, sender)


def _no_json(prompter: Prompter, trial: Trial, sender: int) -> None:
    odd = trial.oddities
    prompter.stage.inject((odd.rng.choice(_NO_JSON) + odd.rng.choice(("", " ,", "\n{"))).encode())
    _probe(prompter, sender)


def _probe(prompter: Prompter, sender: int) -> None:
    prompter.chat(sender, "Is anybody still there?")


_Do = Callable[[Prompter, Trial, int], None]

_KINDS: Mapping[str, tuple[str, _Do]] = {
    "an odd text": ("ECHO-AGENT-CHAT-007", _text),
    "an idle text": ("ECHO-AGENT-CHAT-021", _idle_text),
    "odd fields": ("ECHO-AGENT-CHAT-022", _fields),
    "fragments": ("ECHO-AGENT-WIRE-007", _pieces),
    "the same twice": ("ECHO-AGENT-CHAT-005", _twice),
    "another type": ("ECHO-AGENT-ODD-001", _other_type),
    "no type": ("ECHO-AGENT-ODD-003", _untyped),
    "no object": ("ECHO-AGENT-ODD-004", _no_object),
    "no JSON": ("ECHO-AGENT-ODD-005", _no_json),
}

ROWS: Mapping[str, str] = {kind: row for kind, (row, _) in _KINDS.items()}
"""The row that each kind of trial is judged by."""


async def endure(ordeal: Ordeal, stage: Stage) -> None:
    """Play trials until one of them is not answered, or all are."""
    prompter = Prompter(stage)
    try:
        await prompter.arrive()
        while trials := ordeal.several(_AT_ONCE, stage.mark):
            await prompter.arrive()
            for trial in trials:
                _KINDS[trial.kind][1](prompter, trial, _SENDERS + trial.number)
            await prompter.settle()
            _look(ordeal, stage, trials)
        await prompter.settle(QUIET)
    except GoneError:
        ordeal.breaks("the agent does not come back", certain=False)


def _look(ordeal: Ordeal, stage: Stage, trials: list[Trial]) -> None:
    """Was each of these answered?"""
    frames = stage.frames
    account = read_account(frames)
    for trial in trials:
        left = not account.answered(_SENDERS + trial.number)
        if left and not found_too_large(frames) and not stage.excuse:
            ordeal.breaks("what was asked then got no answer", trial, certain=False)
