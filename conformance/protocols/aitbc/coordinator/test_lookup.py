"""Asking for one agent: who is shown, what of it, and what is said of strangers."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from conformance.judge import Judge
from conformance.marks import requirement
from conformance.protocols.aitbc.dialogue import TYPES, Dialogue


@requirement(
    "AITBC-GET-001",
    "AITBC-GET-019",
    "AITBC-GET-024",
    "AITBC-GET-025",
    "AITBC-GET-026",
    "AITBC-GET-027",
    "AITBC-GET-028",
    "AITBC-GET-030",
)
async def test_flow_agents_show_what_they_registered(aitbc: Dialogue, judge: Judge) -> None:
    bodies = [
        aitbc.registration(
            agent_type=agent_type,
            capabilities=[f"skill-{agent_type}", "common", "third"],
            services=[f"service-{agent_type}"],
            endpoints={"http": f"http://127.0.0.1/{agent_type}", "ws": "ws://127.0.0.1:1/ws"},
            metadata={"kind": agent_type, "limits": {"memory": 512, "tags": ["a", "b"]}},
        )
        for agent_type in TYPES
    ]
    answers = [await aitbc.register(body) for body in bodies]
    for body, answer in zip(bodies, answers, strict=True):
        said = await aitbc.get(body["agent_id"])
        judge.status("AITBC-GET-001", said, 200)
        judge.equal("AITBC-GET-019", said, "/agent/agent_id", body["agent_id"], answer)
        judge.equal("AITBC-GET-024", said, "/agent/agent_type", body["agent_type"], answer)
        for row, field in (("AITBC-GET-025", "capabilities"), ("AITBC-GET-026", "services")):
            shown = said.at(f"/agent/{field}")
            judge.holds(
                row,
                isinstance(shown, list) and sorted(map(str, shown)) == sorted(body[field]),
                f"{field} are shown as {shown!r}",
                answer,
                said,
                pointer=f"/agent/{field}",
                expected=body[field],
                actual=shown if isinstance(shown, list) else None,
            )
        for key, value in body["endpoints"].items():
            judge.equal("AITBC-GET-027", said, f"/agent/endpoints/{key}", value, answer)
        for key, value in body["metadata"].items():
            judge.equal("AITBC-GET-028", said, f"/agent/metadata/{key}", value, answer)
        judge.equal(
            "AITBC-GET-030", said, "/agent/registration_time", answer.at("/registered_at"), answer
        )


@requirement("AITBC-GET-020", "AITBC-GET-023")
async def test_flow_strangers_are_not_found(aitbc: Dialogue, judge: Judge) -> None:
    known = await aitbc.registered()
    for stranger in (aitbc.new("stranger"), known + "x", known[:-1] + "-", "nobody"):
        said = await aitbc.get(stranger)
        judge.status("AITBC-GET-020", said, 404)
        if said.status == 404:
            detail = said.at("/detail")
            judge.holds(
                "AITBC-GET-023",
                detail == "Agent not found",
                f"the detail is {detail!r}",
                said,
                pointer="/detail",
                expected="Agent not found",
                actual=str(detail),
            )


@requirement("AITBC-GET-032", "AITBC-STAT-018")
async def test_flow_ids_that_look_alike_are_apart(aitbc: Dialogue, judge: Judge) -> None:
    stem = aitbc.new("Look")
    names = [stem, f"{stem}2", stem[:-1] if len(stem) > 1 else stem, stem.lower(), stem.upper()]
    alike = dict.fromkeys(names)
    for number, agent_id in enumerate(alike):
        await aitbc.registered(agent_id=agent_id, services=[f"service-{number}"])
    for agent_id in alike:
        await aitbc.update(agent_id, "active")
    busy = await aitbc.update(stem, "busy")
    for number, agent_id in enumerate(alike):
        said = await aitbc.get(agent_id)
        judge.equal("AITBC-GET-032", said, "/agent/agent_id", agent_id)
        judge.equal("AITBC-GET-032", said, "/agent/services", [f"service-{number}"])
        if agent_id != stem:
            judge.equal("AITBC-STAT-018", said, "/agent/status", "active", busy)


@requirement("AITBC-GET-032")
@pytest.mark.parametrize("form", ["{}.dotted", "under_{}", "{}:7", "{}~tilde", "UPPER-{}", "0{}"])
async def test_ordinary_ids_are_found_again(form: str, aitbc: Dialogue, judge: Judge) -> None:
    agent_id = await aitbc.registered(agent_id=form.format(aitbc.new("id")))
    judge.equal("AITBC-GET-032", await aitbc.get(agent_id), "/agent/agent_id", agent_id)


@requirement("AITBC-GET-033")
@pytest.mark.parametrize(
    "form", ["{} with space", "{}%41", "{}+plus", "{}?q", "{}#f", "größe-{}", "{}-世界", "{};x=1&y"]
)
async def test_odd_ids_are_found_again(form: str, aitbc: Dialogue, judge: Judge) -> None:
    body = aitbc.registration(agent_id=form.format(aitbc.new("odd")))
    said = await aitbc.register(body, lawful=False)
    if not said.ok:
        judge.holds("AITBC-GET-033", ok=True, message="")  # refusing odd ids is a peer's own right
        return
    agent_id = body["agent_id"]
    found = await aitbc.get(agent_id, lawful=False)
    judge.holds(
        "AITBC-GET-033",
        found.at("/agent/agent_id") == agent_id,
        f"registered as {agent_id!r}, asked for as {quote(agent_id, safe='')}: {found.outcome}",
        said,
        found,
        pointer="/agent/agent_id",
    )
