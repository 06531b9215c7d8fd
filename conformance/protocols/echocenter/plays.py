"""What an EchoCenter agent is asked in the course of a life.

Senders that only one situation knows have ids of their own in it, so that an agent that lives
through all of them one after the other owes nobody an answer from before.
"""

from __future__ import annotations

import time

from conformance.protocols.echocenter.prompter import (
    BUTLER,
    PERSON,
    QUIET,
    Prompter,
    instruction,
)
from conformance.stage import Stage

__all__ = [
    "a_dozen",
    "at_the_same_time",
    "burst",
    "directive",
    "normal_life",
    "several_senders",
    "silence",
]

_A_WHILE = 6.0
"""Seconds that many instructions may take."""

_SILENCE = 5.0
"""Seconds: longer than an agent in haste stays for nothing."""


async def normal_life(stage: Stage) -> None:
    """One person, who says the same thing twice on the way."""
    prompter = Prompter(stage)
    await prompter.ask("Please run a scan of the storage and report what you find in a few words.")
    for _ in range(2):
        await prompter.ask("Count the bottles in the cellar and tell how many of them are empty.")
    await prompter.settle(QUIET + 0.2)


async def silence(stage: Stage) -> None:
    """Nobody wants anything for a while, and then somebody does."""
    prompter = Prompter(stage)
    await prompter.ask("Are you there?")
    await stage.until(lambda: not stage.session.lines, _SILENCE)
    await prompter.ask("And are you still there?")


async def several_senders(stage: Stage) -> None:
    """One after the other; somebody bears the name that the document's example shows."""
    prompter = Prompter(stage)
    colleague = prompter.enrol("Lookout")
    await prompter.ask(_text("heliotrope"))
    await prompter.ask(_text("marlinspike"), colleague)
    prompter.say(instruction(7101, _text("quicklime"), sender_name="admin"))
    await prompter.settle()
    await prompter.ask(_text("heliotrope"))
    await prompter.ask(_text("barnacle"), BUTLER)
    await prompter.ask(_text("marlinspike"), colleague)
    await prompter.settle(QUIET)


async def at_the_same_time(stage: Stage) -> None:
    """Two speak in the same moment, and then three."""
    prompter = Prompter(stage)
    colleague = prompter.enrol("Lookout")
    for speakers in (
        ((PERSON, "heliotrope"), (colleague, "marlinspike")),
        ((7102, "barnacle"), (PERSON, "heliotrope"), (colleague, "marlinspike")),
    ):
        await prompter.arrive()
        for sender, word in speakers:
            prompter.chat(sender, _text(word))
        await prompter.settle(QUIET)


async def a_dozen(stage: Stage) -> None:
    """Twelve in turn, of three senders, and thirty where the agent is quick."""
    prompter = Prompter(stage)
    end = time.monotonic() + _A_WHILE
    senders = (PERSON, prompter.enrol("Lookout"), BUTLER)
    for number in range(30):
        if number >= 12 and time.monotonic() > end:
            break
        await prompter.ask(f"Do step {number + 1} of the plan.", senders[number % 3])
    await prompter.settle(QUIET)


async def burst(stage: Stage) -> None:
    """Five of one sender without a pause, with another's in the middle."""
    prompter = Prompter(stage)
    await prompter.arrive()
    for number in range(5):
        if number == 3:
            prompter.tell("And who asks in between?", BUTLER)
        prompter.tell(f"This is number {number + 1} of five.")
    await prompter.settle(QUIET)


async def directive(stage: Stage) -> None:
    """The Butler commands as deployed ones do, and the person speaks before and after."""
    prompter = Prompter(stage)
    await prompter.ask("Good morning.")
    for order in ("sweep the floor", "water the plants"):
        await prompter.arrive()
        stage.command("directive", to=int(stage.values["id"]), text=order)
        await prompter.settle()
    await prompter.ask("Good night.")
    await prompter.settle(QUIET)


def _text(word: str) -> str:
    """Long enough to come back in pieces each of which tells whose words it holds."""
    return f"Say {' '.join([word] * 24)} again."
