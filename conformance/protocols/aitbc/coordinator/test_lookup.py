"""Asking for one agent: who is shown, what of it, and what is said of strangers."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from conformance.exchange import Exchange
from conformance.judge import Judge
from conformance.lively import LIVELY
from conformance.marks import requirement
from conformance.protocols.aitbc.dialogue import TYPES, Dialogue, ids_of
from conformance.times import parse_time

_WORDS = [text for text in LIVELY if text.strip()]

_TWO_LOOKS = 5.0
"""Seconds between two looks at one clock that nobody can hold against a peer."""


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
            endpoints={
                "http": f"http://127.0.0.1/{agent_type}",
                "bare": "http://127.0.0.1:7301",
                "deep": "http://127.0.0.1:7301/tasks/",
            },
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
            at = f"/agent/endpoints/{key}"
            bare = key == "bare" and said.at(at) == value + "/"  # the same URL, made regular
            judge.equal("AITBC-GET-027", said, at, value + "/" * bare, answer)
        for key, value in body["metadata"].items():
            judge.equal("AITBC-GET-028", said, f"/agent/metadata/{key}", value, answer)
        _judge_same_time(judge, answer, said)


def _judge_same_time(judge: Judge, answer: Exchange, said: Exchange) -> None:
    """One registration has one time, though a peer may look at its clock twice."""
    first = parse_time(answer.at("/registered_at"))
    second = parse_time(said.at("/agent/registration_time"))
    if first and second:
        off = abs((first - second).total_seconds())
        judge.holds(
            "AITBC-GET-030",
            off <= _TWO_LOOKS,
            f"registered_at and registration_time are {off:.0f} s apart",
            answer,
            said,
            pointer="/agent/registration_time",
            expected=answer.at("/registered_at"),
            actual=said.at("/agent/registration_time"),
        )


@requirement("AITBC-GET-034", "AITBC-DISC-026", "AITBC-DISC-029")
@pytest.mark.parametrize("text", _WORDS, ids=lambda text: ascii(text)[:20])
async def test_flow_text_is_shown_as_it_was_registered(
    text: str, aitbc: Dialogue, judge: Judge
) -> None:
    body = aitbc.registration(
        capabilities=["plain", text],
        services=[text, "MiXeD.Case_and-dash"],
        metadata={"text": text, f"key {text}": [text]},
    )
    answer = await aitbc.register(body)
    said = await aitbc.get(body["agent_id"])
    for field in ("capabilities", "services"):
        shown = said.at(f"/agent/{field}")
        judge.holds(
            "AITBC-GET-034",
            isinstance(shown, list) and sorted(map(str, shown)) == sorted(body[field]),
            f"{field} are shown as {shown!r}",
            answer,
            said,
            pointer=f"/agent/{field}",
            expected=body[field],
        )
    judge.equal("AITBC-GET-034", said, "/agent/metadata/text", text, answer)
    for row, field in (("AITBC-DISC-026", "capabilities"), ("AITBC-DISC-029", "services")):
        found = await aitbc.discover(**{field: [text]})
        judge.holds(
            row,
            bool(ids_of(found, [body["agent_id"]])),
            f"a search for the {field} {text!r} does not list an agent that has it",
            answer,
            found,
        )


@requirement("AITBC-GET-025", "AITBC-GET-026")
async def test_what_is_registered_twice_is_not_multiplied(aitbc: Dialogue, judge: Judge) -> None:
    """A list that says a thing twice may be refused, kept, or rid of what is too much."""
    twice = ["plain", "twice", "twice"]
    body = aitbc.registration(capabilities=twice, services=twice)
    answer = await aitbc.register(body, served=False)
    said = await aitbc.get(body["agent_id"], known=answer.ok)
    for row, field in (("AITBC-GET-025", "capabilities"), ("AITBC-GET-026", "services")):
        shown = said.at(f"/agent/{field}") if answer.ok else []
        fine = isinstance(shown, list) and sorted(map(str, shown)) in (twice, twice[:2])
        wrong = f"{field} registered as {twice} are shown as {shown!r}"
        judge.holds(row, fine or not answer.ok, wrong, answer, said, pointer=f"/agent/{field}")


@requirement("AITBC-GET-038")
@pytest.mark.parametrize("text", ["", " "], ids=repr)
async def test_blank_text_is_shown_as_it_was_registered(
    text: str, aitbc: Dialogue, judge: Judge
) -> None:
    body = aitbc.registration(capabilities=["plain", text], metadata={"text": text})
    answer = await aitbc.register(body, served=False)
    judge.status("AITBC-GET-038", answer, 200)
    if answer.ok:
        said = await aitbc.get(body["agent_id"])
        shown = said.at("/agent/capabilities")
        fine = isinstance(shown, list) and text in shown and said.at("/agent/metadata/text") == text
        judge.holds("AITBC-GET-038", fine, f"{text!r} is not shown as it was", answer, said)


@requirement("AITBC-GET-039")
async def test_endpoints_of_other_schemes_are_shown(aitbc: Dialogue, judge: Judge) -> None:
    endpoint = "ws://127.0.0.1:7301/ws"
    body = aitbc.registration(endpoints={"ws": endpoint})
    answer = await aitbc.register(body, served=False)
    judge.status("AITBC-GET-039", answer, 200)
    if answer.ok:
        said = await aitbc.get(body["agent_id"])
        judge.equal("AITBC-GET-039", said, "/agent/endpoints/ws", endpoint, answer)


@requirement("AITBC-GET-034", "AITBC-DISC-026", "AITBC-DISC-029")
async def test_much_is_shown_as_it_was_registered(aitbc: Dialogue, judge: Judge) -> None:
    body = aitbc.registration(
        capabilities=[f"skill {number:03}" for number in range(150)],
        services=[f"service {number:03}" for number in range(150)],
        endpoints={f"Name-{n} {'z' * n}": f"http://127.0.0.1/{n}?a=b&c=%20#f" for n in range(80)},
    )
    answer = await aitbc.register(body)
    said = await aitbc.get(body["agent_id"])
    for field in ("capabilities", "services"):
        shown = said.at(f"/agent/{field}")
        judge.holds(
            "AITBC-GET-034",
            isinstance(shown, list) and sorted(map(str, shown)) == body[field],
            f"of {len(body[field])} {field} not all are shown",
            answer,
            said,
            pointer=f"/agent/{field}",
        )
    for key, value in body["endpoints"].items():
        judge.equal("AITBC-GET-034", said, f"/agent/endpoints/{key}", value, answer)
    for row, field in (("AITBC-DISC-026", "capabilities"), ("AITBC-DISC-029", "services")):
        found = await aitbc.discover(**{field: body[field][-1:]})
        listed = ids_of(found, [body["agent_id"]])
        judge.holds(row, bool(listed), f"the last of 150 {field} finds nobody", answer, found)


@requirement("AITBC-GET-020", "AITBC-GET-023", "AITBC-GET-032")
async def test_flow_strangers_are_not_found(aitbc: Dialogue, judge: Judge) -> None:
    stem = aitbc.new("stem")
    known = await aitbc.registered(agent_id=f"{stem}-whole")
    for stranger in (aitbc.new("stranger"), known + "x", stem, f"{stem}-", "whole", "nobody"):
        said = await aitbc.get(stranger, known=False)
        again = await aitbc.get(stranger, known=False)
        judge.holds(
            "AITBC-GET-032",
            not (said.status == 404 and again.ok),
            f"{stranger!r} is not known when first asked for, and known the second time",
            said,
            again,
        )
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


@requirement("AITBC-GET-033", "AITBC-STAT-009", "AITBC-STAT-018")
async def test_flow_ids_that_look_alike_are_apart(aitbc: Dialogue, judge: Judge) -> None:
    stem = aitbc.new("Look")
    names = [stem, f"{stem}2", stem[:-1] if len(stem) > 1 else stem, stem.lower(), stem.upper()]
    names += [f"{stem}{mark}x" for mark in ".-_"]
    alike = {agent_id: f"service-{number}" for number, agent_id in enumerate(dict.fromkeys(names))}
    for agent_id, service in alike.items():
        await aitbc.registered(agent_id=agent_id, services=[service])
    long = [f"{stem}-{'0' * zeros}-{last}" for zeros in (16, 40, 120, 260) for last in "12"]
    digits = str(int("".join(filter(str.isalnum, stem)), 36))
    zeros = [f"{zeros}{digits}" for zeros in ("", "0", "00")]
    for agent_id in (f"{stem}:x", f"{stem}~x", *long, *zeros):  # which a peer may not like
        body = aitbc.registration(agent_id=agent_id, services=[f"service of {agent_id}"])
        if (await aitbc.register(body, served=False)).ok:
            alike[agent_id] = body["services"][0]
    for agent_id in alike:
        said = await aitbc.update(agent_id, "active")
        judge.equal("AITBC-STAT-009", said, "/agent_id", agent_id)
    busy = await aitbc.update(stem, "busy")
    for agent_id, service in alike.items():
        said = await aitbc.get(agent_id)
        judge.equal("AITBC-GET-033", said, "/agent/agent_id", agent_id)
        judge.equal("AITBC-GET-033", said, "/agent/services", [service])
        if agent_id != stem:
            judge.equal("AITBC-STAT-018", said, "/agent/status", "active", busy)


@requirement("AITBC-GET-033", "AITBC-REG-007", "AITBC-REG-009")
@pytest.mark.parametrize(
    ("form", "ordinary"),
    [
        ("{}.dotted", True),
        ("under_{}", True),
        ("{}:7", False),
        ("{}~tilde", False),
        ("UPPER-{}", True),
        ("0{}", True),
        ("long-{}" + "x" * 100, False),
    ],
)
async def test_flow_ids_are_found_again(
    form: str, ordinary: bool, aitbc: Dialogue, judge: Judge
) -> None:
    body = aitbc.registration(agent_id=form.format(aitbc.new("id")))
    agent_id = body["agent_id"]
    said = await aitbc.register(body, served=ordinary)
    if said.ok or ordinary:
        message = f"Agent {agent_id} registered successfully"
        judge.equal("AITBC-REG-007", said, "/message", message)
        judge.equal("AITBC-REG-009", said, "/agent_id", agent_id)
        judge.equal("AITBC-GET-033", await aitbc.get(agent_id), "/agent/agent_id", agent_id)
    else:  # what an id may look like is a peer's own affair
        for row in ("AITBC-REG-007", "AITBC-REG-009", "AITBC-GET-033"):
            judge.holds(row, said.status is not None, f"an id is answered {said.outcome}", said)


@requirement("AITBC-GET-035")
@pytest.mark.parametrize(
    "form",
    [
        "{} with space",
        " {}",
        "{} ",
        "{}%41",
        "{}+plus",
        "{}?q",
        "{}#f",
        "größe-{}",
        "{}-世界",
        "{};x=1&y",
    ],
)
async def test_odd_ids_are_found_again(form: str, aitbc: Dialogue, judge: Judge) -> None:
    body = aitbc.registration(agent_id=form.format(aitbc.new("odd")))
    said = await aitbc.register(body, lawful=False)
    if not said.ok:
        judge.holds("AITBC-GET-035", ok=True, message="")  # refusing odd ids is a peer's own right
        return
    agent_id = body["agent_id"]
    found = await aitbc.get(agent_id, lawful=False)
    judge.holds(
        "AITBC-GET-035",
        found.at("/agent/agent_id") == agent_id,
        f"registered as {agent_id!r}, asked for as {quote(agent_id, safe='')}: {found.outcome}",
        said,
        found,
        pointer="/agent/agent_id",
    )
    updated = await aitbc.update(agent_id, "busy", known=False)
    seen = await aitbc.get(agent_id, lawful=False)
    judge.holds(
        "AITBC-GET-035",
        updated.ok and seen.at("/agent/status") == "busy",
        f"the status of {agent_id!r} was set to busy: {updated.outcome}",
        updated,
        seen,
    )


@requirement("AITBC-GET-035")
async def test_odd_ids_are_told_apart(aitbc: Dialogue, judge: Judge) -> None:
    """Ids that are the same but for letters that a careless peer drops."""
    mark = aitbc.new("odd")
    ids = (f"größe-{mark}", f"grüße-{mark}")
    bodies = [aitbc.registration(agent_id=each, services=[f"of {each}"]) for each in ids]
    said = [await aitbc.register(body, lawful=False) for body in bodies]
    found = [await aitbc.get(each, lawful=False) for each in ids]
    for body, registered, shown in zip(bodies, said, found, strict=True):
        judge.holds(
            "AITBC-GET-035",
            not (registered.ok and shown.ok) or shown.at("/agent/services") == body["services"],
            f"{body['agent_id']!r} is shown with the services of another",
            registered,
            shown,
            pointer="/agent/services",
        )
