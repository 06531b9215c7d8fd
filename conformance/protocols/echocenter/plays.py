"""What happens in the situations of an EchoCenter agent.

Senders that only one situation knows have ids of their own in it, so that an agent that lives
through all of them one after the other owes nobody an answer from before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from conformance.protocols.echocenter.prompter import (
    BUTLER,
    PERSON,
    QUIET,
    Prompter,
    instruction,
)
from conformance.stage import Stage
from mockserver import Fault

__all__ = [
    "AFTER_A_LOSS",
    "BEYOND_31_BITS",
    "BEYOND_53_BITS",
    "PINGS",
    "a_dozen",
    "at_the_same_time",
    "burst",
    "directive",
    "fragments",
    "large_ids",
    "large_messages",
    "losses",
    "normal_life",
    "odd_json",
    "odd_texts",
    "outage",
    "pings",
    "refused",
    "several_senders",
]

BEYOND_31_BITS, BEYOND_53_BITS = (1 << 31) + 5, (1 << 53) + 1

AFTER_A_LOSS = (7201, 7202, 7203)
"""Who speaks before the first loss, after it, and after the second."""

PINGS = (b"", b"one", bytes(range(125)), b"\xff" * 16, b"the last")

_SPLIT_SECOND = 0.2
"""Seconds in which what was begun by one message shows, if it shows at all."""

_HAMMERED = 1.5
"""Seconds for which nobody is let in: long enough to tell a pause from none."""

_TEXTS = (
    "",
    "   ",
    "say \"hi\" and 'bye'",
    "back\\slash \\n \\u0041",
    "two\nlines\r\n\tand a tab",
    '{"type": "CHAT", "target_id": 9, "payload": "no"}',
    "[1, 2]",
    "null",
    "caf\u00e9 \u4e2d\u6587 \u05e9\u05dc\u05d5\u05dd \u2028",
    "robot \U0001f916 \U0001f469\u200d\U0001f680",
    "nul\0byte",
    "<b>bold</b> & <script>more</script>",
    "/help me; and @all #now",
    "100% %s %(name)s {0} {name} ${HOME}",
    "0",
    "x" * 2000,
    "long \u00e9 " * 4000,
)
"""Some 30 KiB at most: what is larger, another situation tries."""


async def normal_life(stage: Stage) -> None:
    """One person, who says the same thing twice on the way."""
    prompter = Prompter(stage)
    await prompter.ask("Please run a scan of the storage and report what you find in a few words.")
    for _ in range(2):
        await prompter.ask("Count the bottles in the cellar and tell how many of them are empty.")
    await prompter.settle(QUIET + 0.2)


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
    """Twelve in turn, of three senders."""
    prompter = Prompter(stage)
    senders = (PERSON, prompter.enrol("Lookout"), BUTLER)
    for number in range(12):
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


async def odd_texts(stage: Stage) -> None:
    prompter = Prompter(stage)
    await prompter.arrive()
    for sender, text in enumerate(_TEXTS, start=7301):
        prompter.chat(sender, text)
    await prompter.settle(QUIET)


async def odd_json(stage: Stage) -> None:
    """Instructions that are lawful JSON, though no example looks like them."""
    prompter = Prompter(stage)
    await prompter.arrive()
    plain = instruction(7410, "caf\u00e9 \U0001f916 as it is")
    for shape in (
        json.dumps(dict(reversed([*instruction(7401, "last things first").items()]))),
        json.dumps(instruction(7402, "nothing between"), separators=(",", ":")),
        f"\r\n\t {json.dumps(instruction(7403, 'white space'), indent=3)} \n",
        json.dumps(instruction(7404, "caf\u00e9 \U0001f916 as escapes")),
        json.dumps(plain, ensure_ascii=False),
        json.dumps(instruction(7405, "solidus")).replace("solidus", "a \\/ \\u0062"),
        json.dumps(instruction(7406, "nobody's name", sender_name="")),
        json.dumps(instruction(7407, "a name", sender_name='\u4e2d"\\\U0001f916'), indent=1),
        json.dumps(_full(7408, int(stage.values["id"]))),
        json.dumps(_zero(7409)),
    ):
        stage.inject(shape.encode())
    await prompter.settle(QUIET)


async def pings(stage: Stage) -> None:
    """Pings one after the other, then an instruction between two of them."""
    prompter = Prompter(stage)
    await prompter.arrive()
    for number, data in enumerate(PINGS):
        await prompter.arrive()
        stage.inject(data, "ping")
        if number == 0:
            prompter.tell("Is anybody there?")
        if not await stage.until(lambda want=number + 1: _pongs(stage) >= want):  # type: ignore[misc]
            break
    await prompter.ask("Is anybody still there?")
    await prompter.settle(QUIET)


async def fragments(stage: Stage) -> None:
    """Messages in three frames, also with a ping between them, and then a whole one."""
    prompter = Prompter(stage)
    await prompter.arrive()
    prompter.say(instruction(7501, "This one comes in three frames."), fragments=3)
    await prompter.settle()
    text = "This one has a ping in its middle."
    prompter.say(instruction(7502, text), fragments=3, pinged=True)
    await prompter.settle()
    text = "\u4e2d\u6587 \U0001f916 cut in the middle of characters " * 8
    prompter.say(instruction(7503, text), fragments=40)
    await prompter.settle()
    prompter.chat(7504, "And this one is whole.")
    await prompter.settle(QUIET)


async def large_messages(stage: Stage) -> None:
    """Of each length that RFC 6455 writes down in another way, and their neighbours."""
    prompter = Prompter(stage)
    for sender, length in enumerate((125, 126, 127, 300, 65535, 65536, 70000), start=7601):
        await prompter.arrive()
        bare = len(json.dumps(instruction(sender, "")))
        prompter.chat(sender, "y" * (length - bare))
        await prompter.settle()
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


async def large_ids(stage: Stage) -> None:
    prompter = Prompter(stage)
    for sender in (BEYOND_31_BITS, BEYOND_53_BITS):
        await prompter.arrive()
        prompter.chat(sender, "Who am I?")
        await prompter.settle()


async def losses(stage: Stage) -> None:
    """A restart, and later the loss of the connection without a word."""
    prompter = Prompter(stage)
    await prompter.arrive()
    for sender, restart in zip(AFTER_A_LOSS, (True, False, None), strict=True):
        prompter.chat(sender, f"This is instruction {sender}.")
        await prompter.settle(QUIET if sender != AFTER_A_LOSS[0] else _SPLIT_SECOND)
        if restart is not None:
            await prompter.lose(restart)


async def outage(stage: Stage) -> None:
    """The connection is lost, and for a while there is nobody to take the next."""
    prompter = Prompter(stage)
    await prompter.ask("Hold the line, please.")
    stage.session.faults.add(Fault(kind="status", operation="socket", status=503, times=None))
    before = set(stage.session.lines)
    stage.session.hang_up(1001)
    await stage.until(lambda: False, _HAMMERED)
    stage.session.faults.clear()
    await prompter.back(before)


async def refused(stage: Stage) -> None:
    """Nobody is let in."""
    stage.session.hang_up(1008)
    before = len(stage.entries)
    await stage.until(lambda: len(stage.entries) > before)
    await stage.until(lambda: False, max(_HAMMERED, min(stage.patience, 3.0)))


def _pongs(stage: Stage) -> int:
    return sum(heard.sender == "agent" and heard.kind == "pong" for heard in stage.frames)


def _text(word: str) -> str:
    """Long enough to come back in pieces each of which tells whose words it holds."""
    return f"Say {' '.join([word] * 24)} again."


def _full(sender: int, receiver: int) -> Mapping[str, object]:
    """With all that is known of deployed ones, and more."""
    return instruction(
        sender,
        "the whole envelope",
        id=501,
        local_id="m-77",
        sender_role="ADMIN",
        target_id=receiver,
        timestamp="2026-01-01T00:00:00Z",
        x_unheard_of={"since": ["a later", None, 1.5e3, {"version": True}]},
    )


def _zero(sender: int) -> Mapping[str, object]:
    """A whole envelope with zero values, as typed languages write it."""
    nothing: dict[str, object] = {"id": 0, "local_id": "", "stream_id": "", "target_id": 0}
    return {**nothing, **instruction(sender, "empty fields"), "meta": None, "": []}
