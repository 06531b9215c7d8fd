"""A story played to a coordinator, and what the rows say of it now."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.clients import HttpClient
from conformance.clients.grpc import GrpcClient
from conformance.clients.opener import Opener
from conformance.hooks import Hooks
from conformance.recording.meaning import Meaning
from conformance.replay.carrying import Carrier
from conformance.replay.player import Came, Player
from conformance.replay.story import Story
from conformance.replay.variables import variables
from conformance.target import Target
from conformance.verdict import Finding
from conformance.witness import Rulebook, Witness
from schemas.errors import PackError, Problem
from schemas.spec import Protocol, Requirement

__all__ = ["Again", "play_again"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What came of each step, and what breaks the requirement on sight, if anything does.
    `carrier` knows what the old values are called now.
    """

    story: Story
    came: Sequence[Came]
    breach: Finding | None
    carrier: Carrier


async def play_again(
    story: Story,
    protocol: Protocol,
    target: Target,
    row: Requirement | None,
    *,
    strict: bool,
) -> Again:
    """Say it all once. `row` is the requirement that is judged, where one can be on sight.

    Raises `PackError` where a secret of the target is needed that this one does not have.
    """
    fixed = {story.run: secrets.token_hex(len(story.run))[: len(story.run)]}
    carrier = Carrier(Meaning(protocol), {**fixed, **_known(story, protocol, target)})
    rows = {row.id: row} if row is not None else {}
    witness = Witness("replay", Rulebook(protocol, rows, strict=strict))
    http = HttpClient(protocol, target, witness.see)
    opener = Opener(protocol, target, witness.see_frame)
    hooks, clients = Hooks(target), list[GrpcClient]()

    def procedures() -> GrpcClient:
        if not clients:
            clients.append(GrpcClient(protocol, target, see=witness.see))
        return clients[0]

    try:
        came = await Player(http, procedures, opener, hooks, carrier).play(story)
    finally:
        await hooks.close()
        await opener.close()
        await http.close()
        for client in clients:
            await client.close()
    breach = witness.breach(row.id) if row is not None else None
    return Again(story=story, came=came, breach=breach, carrier=carrier)


def _known(story: Story, protocol: Protocol, target: Target) -> Mapping[str, str]:
    """The secrets of the target by their placeholders."""
    named = variables(target, protocol)
    for name in story.secrets.values():
        if name not in named:
            flag = _FLAGS.get(name, "--target")
            raise PackError(
                Problem(
                    file=flag,
                    message=f"what led to the finding needs {name}, which no record holds",
                    hint=f"give it again with {flag}, as the run had it",
                )
            )
    return {mark: named[name] for mark, name in story.secrets.items()}


_FLAGS = {"ASSAY_TOKEN": "--token", "ASSAY_PASSWORD": "--user"}
"""Where each secret is given; the others stand in a target file."""
