"""Deployments that cannot be: no module, no configuration, or what only looks like one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.caxton.client import WASM, Client, wasm
from conformance.protocols.caxton.crew import Crew
from conformance.protocols.caxton.parts import Part, config_part, wasm_part, write
from conformance.protocols.caxton.refusals import INVALID_WASM, judge_refused
from conformance.protocols.caxton.roll import Roll, call_roll

_NO_MODULES: Mapping[str, tuple[str, bytes]] = {
    "text": ("CAXTON-DEP-026", b"this is no module at all"),
    "cut": ("CAXTON-DEP-027", WASM[:7]),
    "nothing": ("CAXTON-DEP-027", b""),
    "zeros": ("CAXTON-DEP-026", bytes(64)),
    "moved": ("CAXTON-DEP-026", b"\n" + wasm("moved by a byte")),
    "ELF": ("CAXTON-DEP-026", b"\x7fELF\x02\x01\x01" + bytes(57)),
    "base64": ("CAXTON-DEP-026", b"AGFzbQEAAAA="),
    "capitals": ("CAXTON-DEP-026", b"\0ASM\x01\0\0\0"),
    "magic alone": ("CAXTON-DEP-027", WASM[:4]),
    "version": ("CAXTON-DEP-027", b"\0asm\x63\0\0\0"),
}
"""The row and the bytes; what comes first is tried everywhere."""

_FEW = 2
"""Deployments that are tried of each kind where each may cost seconds."""


async def _judge_none_added(
    client: Client, judge: Judge, names: Sequence[str], before: Roll, taken: int = 0
) -> None:
    """`taken` are deployments that were not refused. What other workers deploy meanwhile doesn't
    count.
    """
    roll = await call_roll(client)
    fresh = [row.get("name") for row in roll.rows if str(row.get("agent_id")) not in before.ids]
    fresh = [name for name in fresh if not client.new.are_elsewhere(str(name))]
    added = [name for name in names if name in roll.names]
    judge.holds(
        "CAXTON-DEP-028",
        not added and len(fresh) <= taken,
        f"{len(names)} deployments were refused, and the list shows"
        f" {len(added) or len(fresh) - taken} agents more",
        *roll.pages[-1:],
        pointer="/agents",
        actual=added[:3],
    )


@requirement("CAXTON-DEP-012", "CAXTON-DEP-026", "CAXTON-DEP-027", "CAXTON-DEP-028")
async def test_flow_modules_that_are_none(client: Client, crew: Crew, judge: Judge) -> None:
    await crew.mate(client)
    await client.clock.refill()
    before = await call_roll(client)
    names: list[str] = []
    wrong = list(_NO_MODULES.values())
    for row, module in wrong if client.clock.free else wrong[:_FEW]:
        names.append(client.new("nothing"))
        said = await client.try_deploy(module, lawful=False, name=names[-1])
        judge_refused(judge, row, said, INVALID_WASM)
    await _judge_none_added(client, judge, names, before)
    if client.clock.free:  # whoever was refused may try again
        said = await client.try_deploy(name=names[0], served=False)
        judge.status("CAXTON-DEP-012", said, range(200, 300))


def _wrong_parts(client: Client) -> list[tuple[str, str, list[Part]]]:
    """The row, the name that is asked for and the parts; what comes first is tried everywhere."""

    def config(**fields: Any) -> dict[str, Any]:
        return client.config(**fields)

    def text(data: str) -> Part:
        return Part(name="config", data=data.encode())

    name = client.new("misfit")
    whole = json.dumps(config(name=name))
    nameless = config(name=None)
    return [
        ("CAXTON-DEP-030", "", [wasm_part(), config_part(nameless)]),
        ("CAXTON-DEP-029", name, [config_part(config(name=name))]),
        ("CAXTON-DEP-029", "", [wasm_part()]),
        ("CAXTON-DEP-030", name, [wasm_part(), text(whole[:-2])]),
        ("CAXTON-DEP-030", name, [wasm_part(), text(f"name={name}")]),
        ("CAXTON-DEP-030", "", [wasm_part(), text("{oops")]),
        ("CAXTON-DEP-030", name, [wasm_part(), config_part([config(name=name)])]),
        ("CAXTON-DEP-030", "", [wasm_part(), config_part(name)]),
        ("CAXTON-DEP-030", "", [wasm_part(), config_part({**nameless, "name": 7})]),
        ("CAXTON-DEP-030", "", [wasm_part(), config_part({**nameless, "name": None})]),
        ("CAXTON-DEP-030", "", [wasm_part(), config_part({**nameless, "name": [name]})]),
        ("CAXTON-DEP-030", "", [wasm_part(), config_part({**nameless, "name": ""})]),
    ]


@requirement("CAXTON-DEP-028", "CAXTON-DEP-029", "CAXTON-DEP-030")
async def test_flow_forms_that_lack_something(client: Client, crew: Crew, judge: Judge) -> None:
    await crew.mate(client)
    await client.clock.refill()
    before, taken = await call_roll(client), 0
    wrong = _wrong_parts(client)
    refused: list[str] = []
    for row, name, parts in wrong if client.clock.free else wrong[:_FEW]:
        said = await _send(client, parts)
        judge.status(row, said, range(400, 500))
        refused += [name] if not said.ok else []
        taken += said.ok  # a silence lets it be taken
    named = [name for name in refused if name]
    await _judge_none_added(client, judge, named, before, taken)


async def _send(client: Client, parts: list[Part]) -> Exchange:
    form = write(parts)
    said = await client.call("deployAgent", raw=form.raw, headers=form.headers, lawful=False)
    client.remember(said)
    return said
