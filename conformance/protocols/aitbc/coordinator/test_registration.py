"""Registering: what is taken in, what is answered, what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conformance.hostile import MALFORMED, NOT_OBJECTS
from conformance.judge import Judge
from conformance.marks import UnjudgeableError, case, from_profile, requirement
from conformance.protocols.aitbc.dialogue import TYPES, Dialogue, ids_of, listed
from conformance.protocols.aitbc.model import FIELDS

_WRONG = [
    case("AITBC-REG-014", "agent_id", [None, ["a", "b"], {"id": "a"}]),
    case("AITBC-REG-015", "agent_type", [None, ["worker"], {"type": "worker"}]),
    case("AITBC-REG-016", "capabilities", ["indexing", 7, {"indexing": True}]),
    case("AITBC-REG-017", "services", ["archive", 7, {"archive": True}]),
    case("AITBC-REG-018", "endpoints", ["http://127.0.0.1:1", 7, ["http://127.0.0.1:1"]]),
    case("AITBC-REG-019", "metadata", ["version 3", 7, ["version"]]),
]
"""Values that no reading of the document takes for what the field asks for."""

_SCALARS = [
    case("AITBC-REG-014", "agent_id", 17),
    case("AITBC-REG-014", "agent_id", True),
    case("AITBC-REG-015", "agent_type", 17),
]
"""Values that a lenient reader may turn into text; then it must show them as text."""

_ITEMS = [
    case("AITBC-REG-020", "capabilities", [{"name": "indexing"}]),
    case("AITBC-REG-020", "capabilities", ["indexing", 7]),
    case("AITBC-REG-020", "services", [["archive"]]),
    case("AITBC-REG-020", "services", [7]),
    case("AITBC-REG-021", "endpoints", {"http": {"port": 1}}),
    case("AITBC-REG-021", "endpoints", {"http": 7301}),
]


@requirement("AITBC-REG-001", "AITBC-REG-007", "AITBC-REG-009")
async def test_flow_registrations_are_answered_each_for_its_agent(
    aitbc: Dialogue, judge: Judge
) -> None:
    for _ in range(3):
        body = aitbc.registration()
        said = await aitbc.register(body)
        agent_id = body["agent_id"]
        judge.status("AITBC-REG-001", said, 200)
        judge.equal("AITBC-REG-007", said, "/message", f"Agent {agent_id} registered successfully")
        judge.equal("AITBC-REG-009", said, "/agent_id", agent_id)


@requirement("AITBC-REG-002", "AITBC-GET-025", "AITBC-GET-026", "AITBC-GET-027", "AITBC-GET-028")
async def test_flow_optional_fields_may_be_left_out(aitbc: Dialogue, judge: Judge) -> None:
    for _ in range(2):
        own = aitbc.new("own")  # of one with everything, nothing may rub off on the next
        await aitbc.registered(endpoints={own: "http://127.0.0.1:7"}, metadata={own: [own]})
        agent_id = aitbc.new("bare")
        said = await aitbc.register({"agent_id": agent_id, "agent_type": "general"})
        judge.status("AITBC-REG-002", said, 200)
        seen = await aitbc.get(agent_id)
        judge.equal("AITBC-GET-025", seen, "/agent/capabilities", [], said)
        judge.equal("AITBC-GET-026", seen, "/agent/services", [], said)
        for row, field in (("AITBC-GET-027", "endpoints"), ("AITBC-GET-028", "metadata")):
            judge.holds(
                row,
                own not in (seen.at(f"/agent/{field}") or ()),
                f"an agent that registered no {field} shows those of another",
                said,
                seen,
                pointer=f"/agent/{field}",
            )


@requirement("AITBC-REG-002")
@pytest.mark.parametrize("field", ["capabilities", "services", "endpoints", "metadata"])
async def test_each_optional_field_may_be_left_out(
    field: str, aitbc: Dialogue, judge: Judge
) -> None:
    body = aitbc.registration()
    del body[field]
    judge.status("AITBC-REG-002", await aitbc.register(body), 200)
    await aitbc.get(body["agent_id"])
    only = {"agent_id": aitbc.new("one"), "agent_type": "worker"}
    only[field] = aitbc.registration()[field]
    judge.status("AITBC-REG-002", await aitbc.register(only), 200)
    await aitbc.get(only["agent_id"])


@requirement("AITBC-REG-002")
@pytest.mark.parametrize(
    ("field", "value"),
    [("capabilities", []), ("services", []), ("endpoints", {}), ("metadata", {})],
)
async def test_each_optional_field_may_be_empty(
    field: str, value: Any, aitbc: Dialogue, judge: Judge
) -> None:
    body = aitbc.registration() | {field: value}
    judge.status("AITBC-REG-002", await aitbc.register(body), 200)
    await aitbc.get(body["agent_id"])


@requirement("AITBC-REG-001")
async def test_labels_may_carry_parameters(aitbc: Dialogue, judge: Judge) -> None:
    for label in ("application/json; charset=utf-8", "application/json;charset=UTF-8"):
        said = await aitbc.peer.call(
            "registerAgent", body=aitbc.registration(), headers={"Content-Type": label}
        )
        judge.status("AITBC-REG-001", said, 200)


@requirement("AITBC-REG-003", "AITBC-GET-024")
async def test_flow_every_type_can_be_registered(aitbc: Dialogue, judge: Judge) -> None:
    for agent_type in TYPES:
        body = aitbc.registration(agent_type=agent_type)
        said = await aitbc.register(body)
        judge.status("AITBC-REG-003", said, 200)
        judge.equal(
            "AITBC-GET-024",
            await aitbc.get(body["agent_id"]),
            "/agent/agent_type",
            agent_type,
            said,
        )


@pytest.mark.parametrize(
    ("row", "field"), [case("AITBC-REG-012", "agent_id"), case("AITBC-REG-013", "agent_type")]
)
async def test_required_fields_are_required(
    row: str, field: str, aitbc: Dialogue, judge: Judge
) -> None:
    full = aitbc.registration()
    for body in (
        {key: value for key, value in full.items() if key != field},
        {
            key: value
            for key, value in full.items()
            if key in ("agent_id", "agent_type") and key != field
        },
    ):
        said = await aitbc.register(body, lawful=False)
        judge.status(row, said, 422)
    judge.status(row, await aitbc.register({}, lawful=False), 422)


@pytest.mark.parametrize(("row", "field", "values"), _WRONG)
async def test_wrong_types_are_refused(
    row: str, field: str, values: list[Any], aitbc: Dialogue, judge: Judge
) -> None:
    for value in values:
        body = aitbc.registration() | {field: value}
        said = await aitbc.register(body, lawful=False)
        judge.status(row, said, 400, 422)
        if said.ok and isinstance(body["agent_id"], str):
            await aitbc.get(body["agent_id"], lawful=False)  # it must still be shown as documented


@requirement("AITBC-REG-026")
async def test_refused_registrations_leave_nothing_behind(aitbc: Dialogue, judge: Judge) -> None:
    full = aitbc.registration()
    mark = aitbc.new("refused")
    for change in (
        {"agent_type": None},
        {"capabilities": "indexing"},
        {"services": 7},
        {"endpoints": ["http://127.0.0.1:1"]},
        {"metadata": "version 3"},
    ):
        body = full | {"agent_id": aitbc.new("refused"), "capabilities": [mark]} | change
        said = await aitbc.register(body, lawful=False)
        if said.status in (400, 422):
            judge.status("AITBC-REG-026", await aitbc.get(body["agent_id"], lawful=False), 404)
    found = await aitbc.discover(capabilities=[mark])
    judge.equal("AITBC-REG-026", found, "/agents", [])


@requirement("AITBC-GET-001", *FIELDS.values())
async def test_flow_refused_registrations_leave_a_known_agent_as_it_was(
    aitbc: Dialogue, judge: Judge
) -> None:
    """Whoever registers wrongly under the id of another, or of its own, registers nothing."""
    full = aitbc.registration(agent_type="provider")
    await aitbc.register(full)
    before = await aitbc.get(full["agent_id"])
    other = {"capabilities": ["other"], "services": [], "endpoints": {}, "metadata": {"other": 1}}
    for change in (
        {"agent_type": None},
        {"agent_type": "general", "capabilities": "indexing"},
        {"agent_type": "general", "metadata": "version 3"},
    ):
        body = {"agent_id": full["agent_id"], **other, **change}
        body = {key: value for key, value in body.items() if value is not None}
        said = await aitbc.register(body, lawful=False)
        if said.ok or not before.ok:
            return  # what it then shows is another matter
        seen = await aitbc.get(full["agent_id"])
        judge.status("AITBC-GET-001", seen, 200)
        for field, row in FIELDS.items():
            shown = before.at(f"/agent/{field}")
            judge.equal(row, seen, f"/agent/{field}", shown, before, said)


@pytest.mark.parametrize(("row", "field", "value"), _SCALARS)
async def test_scalars_are_refused_or_shown_as_text(
    row: str, field: str, value: Any, aitbc: Dialogue, judge: Judge
) -> None:
    body = aitbc.registration() | {field: value}
    said = await aitbc.register(body, lawful=False)
    ok = not said.ok
    if said.ok and field == "agent_id":
        ok = isinstance(said.at("/agent_id"), str)
    elif said.ok:
        seen = await aitbc.get(body["agent_id"], lawful=False)
        ok = isinstance(seen.at("/agent/agent_type"), str)
    judge.holds(
        row, ok, f"{field} was taken as {value!r} and is no text", said, pointer=f"/{field}"
    )


@pytest.mark.parametrize(("row", "field", "value"), _ITEMS)
async def test_items_of_the_wrong_type_are_refused(
    row: str, field: str, value: Any, aitbc: Dialogue, judge: Judge
) -> None:
    body = aitbc.registration() | {field: value}
    said = await aitbc.register(body, lawful=False)
    judge.status(row, said, 400, 422)
    if said.ok:  # what was taken in must still be shown as the document types it
        await aitbc.get(body["agent_id"])


@requirement("AITBC-REG-022", "AITBC-GEN-006")
async def test_flow_malformed_json_is_refused(aitbc: Dialogue, judge: Judge) -> None:
    alive = await aitbc.registered()
    for raw in MALFORMED.values():
        said = await aitbc.peer.call("registerAgent", raw=raw, lawful=False)
        judge.status("AITBC-REG-022", said, 400, 422)
    judge.status("AITBC-GEN-006", await aitbc.get(alive), 200)


@requirement("AITBC-REG-023")
async def test_bodies_that_are_no_objects_are_refused(aitbc: Dialogue, judge: Judge) -> None:
    for raw in NOT_OBJECTS.values():
        said = await aitbc.peer.call("registerAgent", raw=raw, lawful=False)
        judge.status("AITBC-REG-023", said, 400, 422)


@requirement("AITBC-DISC-025", "AITBC-DISC-026", "AITBC-DISC-029")
async def test_flow_searches_after_a_second_registration(aitbc: Dialogue, judge: Judge) -> None:
    """Whether it is taken, and replaces the first, is unsaid: the agent is found as it is shown."""
    old, new = aitbc.new("before"), aitbc.new("after")
    agent_id = await aitbc.registered(agent_type="worker", capabilities=[old], services=[old])
    body = aitbc.registration(
        agent_id=agent_id, agent_type="provider", capabilities=[new], services=[new]
    )
    again = await aitbc.register(body, lawful=False)
    shown = await aitbc.get(agent_id)
    of_type, has, offers = (
        shown.at(f"/agent/{name}") for name in ("agent_type", "capabilities", "services")
    )
    if not (isinstance(has, list) and isinstance(offers, list)):
        raise UnjudgeableError(f"the agent is not shown: {shown.outcome}")
    searches: list[tuple[str, dict[str, Any], bool]] = [
        ("AITBC-DISC-025", {"agent_type": "worker"}, of_type == "worker"),
        ("AITBC-DISC-025", {"agent_type": "provider"}, of_type == "provider"),
        *(("AITBC-DISC-026", {"capabilities": [mark]}, mark in has) for mark in (old, new)),
        *(("AITBC-DISC-029", {"services": [mark]}, mark in offers) for mark in (old, new)),
    ]
    for row, query, right in searches:
        found = await aitbc.discover(**query)
        is_found = agent_id in ids_of(found, [agent_id])
        lists = "does not list" if right else "lists"
        wrong = f"an agent registered once more, and a search for {query} {lists} it"
        judge.holds(row, is_found == right, wrong, again, shown, found, pointer="/agents")


@requirement("AITBC-REG-009", "AITBC-REG-027", "AITBC-REG-033")
async def test_flow_second_registration_makes_no_second_agent(
    aitbc: Dialogue, judge: Judge
) -> None:
    mark = aitbc.new("twice")
    agent_id, first = await aitbc.registration_of(capabilities=[mark])
    again = aitbc.registration(agent_id=agent_id, capabilities=[mark])
    history = [first]
    for body in (again, again | {"agent_type": "provider", "services": ["other"]}):
        # Whether a known id is taken anew is unsaid, so its answer is not held to a status.
        history.append(await aitbc.register(body, lawful=False))
        if history[-1].ok:
            message = f"Agent {agent_id} registered successfully"
            judge.equal("AITBC-REG-033", history[-1], "/message", message)
            judge.equal("AITBC-REG-009", history[-1], "/agent_id", agent_id)
        else:  # which is its right, and leaves nothing to be worded
            judge.holds("AITBC-REG-033", ok=True, message="")
        for found in (await aitbc.discover(capabilities=[mark]), await aitbc.discover()):
            shown = [agent for agent in listed(found) if agent.get("agent_id") == agent_id]
            judge.holds(
                "AITBC-REG-027",
                len(shown) == 1,
                f"an agent that registered {len(history)} times is listed {len(shown)} times",
                *history,
                found,
                pointer="/agents",
            )
    await aitbc.get(agent_id)


@requirement("AITBC-REG-028", "AITBC-REG-029")
async def test_flow_registrations_at_the_same_time(aitbc: Dialogue, judge: Judge) -> None:
    mark = aitbc.new("crowd")
    bodies = [aitbc.registration(capabilities=[mark], services=[f"s{n}"]) for n in range(24)]
    answers = await asyncio.gather(*(aitbc.register(body) for body in bodies))
    for body, said in zip(bodies, answers, strict=True):
        agent_id = body["agent_id"]
        judge.equal("AITBC-REG-028", said, "/agent_id", agent_id)
        judge.equal("AITBC-REG-028", said, "/message", f"Agent {agent_id} registered successfully")
    seen = await asyncio.gather(*(aitbc.get(body["agent_id"]) for body in bodies))
    for body, said, shown in zip(bodies, answers, seen, strict=True):
        if said.ok:
            judge.equal("AITBC-REG-029", shown, "/agent/services", body["services"], said)
            judge.status("AITBC-REG-029", shown, 200)
    found = await aitbc.discover(capabilities=[mark])
    kept = sum(said.ok for said in answers)
    judge.holds(
        "AITBC-REG-029",
        len(listed(found)) == kept,
        f"of {kept} agents registered at once {len(listed(found))} are listed",
        found,
        pointer="/agents",
    )


@requirement("AITBC-REG-030", "AITBC-GET-028")
async def test_flow_metadata_of_any_values(aitbc: Dialogue, judge: Judge) -> None:
    metadata: dict[str, Any] = {
        "nested": {"list": [1, 2.5, None, True, {"deep": ["deeper"]}], "empty": {}},
        "text": 'Grüße, 世界 🌍 "quoted" \\ / \n\t',
        "clé": "valeur",
        "number": -12.75,
        "share": 0.123456,
        "digits": "42",
        "time": "2026-05-07T18:49:17+02:00",
        "false": False,
        "nothing": None,
        "no items": [],
        "nothing in it": {},
        "MixedCase": {"InnerCase": "Kept"},
        "dotted.name": {"inner.name": "io.pier/v1"},
        "$name with-dashes_": 2**53,
        "long": "long " * 60,
        "markup": "<b>a & b</b> 'single' %41 +plus",
        **{f"key{number:02}": number for number in range(60)},
    }
    body = aitbc.registration(metadata=metadata)
    said = await aitbc.register(body)
    judge.status("AITBC-REG-030", said, 200)
    seen = await aitbc.get(body["agent_id"])
    for key, value in metadata.items():
        # Key by key: a coordinator may add some of its own.
        judge.equal("AITBC-GET-028", seen, f"/agent/metadata/{key}", value, said)


@from_profile("standard")
@requirement("AITBC-REG-001", "AITBC-REG-009")
async def test_flow_registrations_go_on_being_answered(aitbc: Dialogue, judge: Judge) -> None:
    for _ in range(40):
        body = aitbc.registration()
        said = await aitbc.register(body)
        judge.status("AITBC-REG-001", said, 200)
        judge.equal("AITBC-REG-009", said, "/agent_id", body["agent_id"])
