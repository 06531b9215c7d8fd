"""One agent on one stage, in this process; what remains of it is a Story that can be compared."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from tests.mutants.echocenter_agents.cli import live, shaped
from tests.mutants.echocenter_agents.judge import complaints
from tests.mutants.echocenter_agents.model import LEVELS, Cue, Fault, Target
from tests.mutants.echocenter_agents.scenes import play
from tests.mutants.echocenter_agents.stage import Line, Seen, Stage
from tests.mutants.echocenter_agents.styles import STYLES

__all__ = ["NAME", "TOKEN", "Story", "rehearse"]

NAME, TOKEN = "peer", "tok-En+1/="


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """Requests, what came over each connection, and how it ended."""

    posts: tuple[bytes, ...]
    heads: tuple[tuple[str, ...], ...]
    many_heads: bool
    messages: tuple[tuple[str, ...], ...]
    odd_frames: tuple[tuple[str, ...], ...]
    noise: int
    end: str
    said: tuple[str, ...]
    complaints: tuple[str, ...] = field(compare=False)
    """What the judge says, in plain words; not part of what is compared."""


async def rehearse(style_name: str, fault: Fault | None, cue: Cue, scene_for: str = "") -> Story:
    """Play ``cue`` to one agent. ``scene_for`` names the fault whose scene it is."""
    said: list[str] = []
    style = shaped(STYLES[style_name], fault)
    async with Stage() as stage:
        target = Target(base=stage.url, token=TOKEN)
        task = asyncio.ensure_future(live(style, fault, target, NAME, "seed", said.append))
        await play(cue, stage, style_name, scene_for)
        # Those who think finish their thoughts before they are looked at.
        await asyncio.sleep(style.think * (9 if style.serial else 1))
        alive = not task.done()
        lines = [(line, tuple(line.frames)) for line in stage.lines]
        heads, posts = tuple(stage.heads), tuple(stage.posts)
        task.cancel()
        (result,) = await asyncio.gather(task, return_exceptions=True)
        found = tuple(complaints(stage, TOKEN, cue, alive=alive, result=result, said=said))
    end = "alive" if alive else f"{type(result).__name__} {result}"
    return Story(
        posts=posts,
        heads=tuple(_head(head) for head in heads[:4]),
        many_heads=len(heads) > 8,
        messages=tuple(_messages(line) for line, _ in lines),
        odd_frames=tuple(_odd(frames) for _, frames in lines),
        noise=sum(len(frames) for _, frames in lines) // 60,
        end=end,
        complaints=found,
        said=tuple(text for text in said[:3] if "wait" not in text),
    )


def _head(head: list[str]) -> tuple[str, ...]:
    return tuple(
        f"{line.partition(':')[0]}: {len(line)}"
        if line.lower().startswith(("sec-websocket-key", "host:"))
        else line
        for line in head
        if not line.lower().startswith("user-agent")
    )


def _messages(line: Line) -> tuple[str, ...]:
    found = [json.dumps(each, default=repr) for each in line.messages() if not _is_tick(each)]
    return tuple(sorted(set(found)) if len(found) > 400 else found)


def _is_tick(message: Any) -> bool:
    payload = message.get("payload") if isinstance(message, dict) else None
    if not isinstance(payload, dict) or not isinstance(payload.get("content"), str):
        return False
    return payload["content"].startswith("tick") and payload.get("level") in LEVELS


def _odd(frames: tuple[Seen, ...]) -> tuple[str, ...]:
    """Whatever is not a text in one masked frame."""
    usual = Seen(True, 0, 1, True, b"", True)
    return tuple(
        repr(frame)
        for frame in frames
        if (frame.fin, frame.rsv, frame.opcode, frame.masked, frame.minimal)
        != (usual.fin, usual.rsv, usual.opcode, usual.masked, usual.minimal)
    )
