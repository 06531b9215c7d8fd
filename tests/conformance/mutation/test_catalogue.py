"""No documented field, answer or message is forgotten, and what is lawful is so by rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conformance.mutation.catalogue import wire_mutants
from conformance.mutation.catalogue_places import bodies, with_samples
from conformance.mutation.catalogue_rules import RULES
from conformance.mutation.operators import ABSENT, broken
from schemas import load, load_requirements, protocol_ids
from schemas.spec import Protocol, Role
from schemas.validation import PlaceIndex
from tests.conformance.mutation.catalogues import ROLES, catalogue

DEEPEST = 12


def written(document: Any, schema: Any, steps: str = "", depth: int = 0) -> Iterator[str]:
    """Pointers of the properties of a schema: found by looking, not by the code under test."""
    if not isinstance(schema, dict) or depth > DEEPEST:
        return
    if "$ref" in schema:
        yield from written(document, dug(document, schema["$ref"]), steps, depth + 1)
    for name, child in schema.get("properties", {}).items():
        yield f"{steps}/{name}"
        yield from written(document, child, f"{steps}/{name}", depth + 1)
    for name in ("items", "additionalProperties"):
        yield from written(document, schema.get(name), f"{steps}/*", depth + 1)
    for name in ("allOf", "anyOf", "oneOf"):
        for child in schema.get(name, ()):
            yield from written(document, child, steps, depth + 1)
    for name in ("then", "else"):
        yield from written(document, schema.get(name), steps, depth + 1)


def dug(document: Any, reference: str) -> Any:
    found = document
    for step in reference[2:].split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~").replace("%7B", "{")]
    return found


def documented(spec: Protocol, role: Role) -> Iterator[tuple[str, str, str]]:
    """Place, part and pointer of each field that the documents give to a role."""
    for path in spec.openapi.get("paths", {}).values():
        for method, said in path.items():
            if method == "parameters":
                continue
            holders = {"request.body": said.get("requestBody", {})}
            if role == "coordinator":
                answers = said.get("responses", {})
                holders = {f"{name}.body": each for name, each in answers.items()}
                holders.pop("default.body", None)
            for part, holder in holders.items():
                told = dug(spec.openapi, holder["$ref"]) if "$ref" in holder else holder
                for content in told.get("content", {}).values():
                    for pointer in written(spec.openapi, content["schema"]):
                        yield said["operationId"], part, pointer
    for name, said in spec.grpc.get("rpcs", {}).items():
        schema = said["request"] if role == "agent" else said["responses"]["200"]
        for pointer in written(spec.grpc, schema):
            yield name, "request" if role == "agent" else "reply", pointer
    action = "receive" if role == "agent" else "send"
    for operation in spec.asyncapi.get("operations", {}).values():
        if operation["action"] == action:
            for message in operation["messages"]:
                name = message["$ref"].rpartition("/")[2]
                payload = spec.asyncapi["components"]["messages"][name]["payload"]
                for pointer in written(spec.asyncapi, payload):
                    yield name, "", pointer


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("protocol", protocol_ids())
def test_every_documented_field_is_dropped_and_changed(protocol: str, role: Role) -> None:
    spec = load(protocol)
    made: dict[tuple[str, str, str], set[str]] = {}
    for each in catalogue(protocol, role).values():
        made.setdefault((each.place, each.part, each.pointer), set()).add(each.operator)
    fields = set(documented(spec, role))
    assert fields, "there is something to forget"
    procedures = set(spec.grpc.get("rpcs", {}))
    for field in fields:
        if field[0] in procedures:
            assert made.get(field), field
        else:
            assert {"drop", "rename", "retype"} <= made.get(field, set()), field


@pytest.mark.parametrize("protocol", protocol_ids())
def test_every_answer_and_message_is_broken_as_a_whole(protocol: str) -> None:
    spec = load(protocol)
    known = catalogue(protocol)
    for operation in spec:
        for status in operation.responses:
            part = "reply" if operation.is_rpc and status == "200" else status
            assert any(name.startswith(f"{operation.id}.{part}:status-") for name in known)
    for message in spec.messages.values():
        if message.sender == "coordinator":
            for operator in ("missing", "duplicated", "reordered", "misdirected", "garbled"):
                assert f"{message.id}:{operator}" in known


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("protocol", protocol_ids())
def test_names_are_unique_and_stay(protocol: str, role: Role) -> None:
    spec = load(protocol)
    again = wire_mutants(spec, load_requirements(spec), role)
    assert [each.name for each in again] == list(catalogue(protocol, role))
    assert all(each.source == "wire" for each in again)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("protocol", protocol_ids())
def test_lawful_is_told_by_a_rule_and_seldom(protocol: str, role: Role) -> None:
    known = catalogue(protocol, role).values()
    lawful = [each for each in known if each.lawful]
    assert {each.lawful.partition(": ")[0] for each in lawful} <= set(RULES)
    assert len(lawful) < 0.6 * len(known)


@pytest.mark.parametrize("operator", ["drop", "rename", "retype", "null", "wrong", "stale"])
def test_what_ties_an_answer_to_its_question_is_never_left_open(operator: str) -> None:
    assert not catalogue("architect")[f"reply./idempotence:{operator}"].lawful


def test_second_copy_is_lawful_where_the_document_takes_the_first() -> None:
    assert catalogue("architect")["reply:duplicated"].lawful.startswith("first-counts")
    assert not catalogue("stella")["taskAssigned:duplicated"].lawful


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("createAgent.2XX:status-500", ""),
        ("createAgent.2XX.body:empty", "nobody-judges"),
        ("createAgent.2XX.body:garbled", ""),
        ("listAgents.2XX:status-418", ""),
        ("listAgents.2XX.body:empty", ""),
        ("logIn.2XX:status-500", "status-left-open"),
        ("getAgentToken.2XX.body:garbled", "nobody-judges"),
    ],
)
def test_where_only_the_path_is_given_a_check_says_what_is_promised(name: str, rule: str) -> None:
    assert catalogue("echocenter")[name].lawful.partition(": ")[0] == rule


@pytest.mark.parametrize("protocol", protocol_ids())
def test_every_answer_that_breaks_its_schema_belongs_to_a_row(protocol: str) -> None:
    """Judged on samples, without a peer: what no row owns, no run could catch."""
    spec = load(protocol)
    rows = {name: row for name, row in load_requirements(spec).items() if row.role == "coordinator"}
    places = PlaceIndex(rows.values())
    known = catalogue(protocol)
    for body in with_samples(spec, bodies(spec, rows, "coordinator")):
        if body.shape is None or body.operation is None or body.is_rpc:
            continue
        subject, answer = body.place.subject, body.place.answer
        for field in body.fields:
            for operator in ("drop", "retype"):
                broken_one = known.get(f"{subject}.{body.part}.body.{field.pointer}:{operator}")
                if broken_one is None or broken_one.lawful:
                    continue
                results = [broken(operator, each, field, body.accepts) for each in body.samples]
                for result in results:
                    wrong = body.shape.explain(result) if result is not ABSENT else []
                    found = places.judge(subject, answer, result, wrong)
                    assert not wrong or any(each.violations for each in found), broken_one.name


@pytest.mark.parametrize(
    ("protocol", "name", "rule"),
    [
        ("aitbc", "getAgent.200.body./agent/version:drop", ""),
        ("aitbc", "getAgent.200.body./status:out-of-enum", ""),
        ("aitbc", "submitTask.200.body./task_id:malformed", ""),
        ("aitbc", "registerAgent.200.body./agent_id:wrong", ""),
        ("aitbc", "getAgent.200:delayed", "soon-enough"),
        ("aitbc", "getAgent.404:status-200", ""),
        ("caxton", "agentDeployed./agent_id:drop", ""),
        ("stella", "getAgent.200.body./labels:null", "schemas-allow"),
        ("echocenter", "deliveredChat:fragmented", "rfc-allows"),
    ],
)
def test_rules_by_example(protocol: str, name: str, rule: str) -> None:
    assert catalogue(protocol)[name].lawful.partition(": ")[0] == rule


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("systemLog:missing", "own-initiative"),
        ("systemLog./type:out-of-enum", "another-message"),
        ("systemLog./type:retype", ""),
        ("chat:missing", ""),
        ("chat:stale", ""),
        ("chat./type:out-of-enum", ""),
    ],
)
def test_logs_are_an_agents_own_and_answers_are_not(name: str, rule: str) -> None:
    assert catalogue("echocenter", "agent")[name].lawful.partition(": ")[0] == rule
