"""A pack is loaded whole, or refused with every reason."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from schemas import PackError, Protocol, Requirement, load, load_requirements, protocol_ids
from schemas.errors import Problem
from schemas.loader import PROTOCOLS, document_of, requirement_ids, scenario_files
from tests.schemas.conftest import Pack


def _refused(pack: Pack, *, requirements: bool = False) -> tuple[Problem, ...]:
    with pytest.raises(PackError) as refused:
        load_requirements(pack.load()) if requirements else pack.load()
    return refused.value.problems


def test_shipped_protocols_are_listed() -> None:
    assert "aitbc" in protocol_ids()
    assert protocol_ids() == sorted(protocol_ids())


def test_load_takes_an_id_or_a_folder(pack: Pack) -> None:
    shipped, own = load("aitbc"), pack.load()
    assert own.folder == str(pack.folder)
    assert (own.id, own.openapi, own.operations) == (
        shipped.id,
        shipped.openapi,
        shipped.operations,
    )


def test_load_refuses_a_name_that_is_neither() -> None:
    with pytest.raises(PackError) as refused:
        load("no-such-protocol")
    (problem,) = refused.value.problems
    assert problem.file == "no-such-protocol"
    assert "neither a protocol that ships nor a folder" in problem.message
    assert "aitbc" in problem.hint


def test_protocol_holds_what_its_file_says(aitbc: Protocol) -> None:
    assert aitbc.title == "AITBC Agent Coordinator"
    assert aitbc.version == "2026-05-07"
    assert aitbc.port == 9001
    assert aitbc.transports == ("rest",)
    assert set(aitbc.roles) == {"coordinator", "agent"}
    assert aitbc.operations[aitbc.readiness].path == "/health"


def test_protocol_is_frozen(aitbc: Protocol) -> None:
    with pytest.raises(FrozenInstanceError):
        aitbc.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("operation", "method", "path", "body", "required", "parameters", "answers"),
    [
        ("registerAgent", "POST", "/agents/register", True, True, [], "200 400 422 500"),
        ("discoverAgents", "POST", "/agents/discover", True, False, [], "200 400 422 500"),
        ("getAgent", "GET", "/agents/{agent_id}", False, False, ["agent_id"], "200 404 422 500"),
        (
            "updateAgentStatus",
            "PUT",
            "/agents/{agent_id}/status",
            True,
            True,
            ["agent_id"],
            "200 400 404 422 500",
        ),
        ("submitTask", "POST", "/tasks/submit", True, True, [], "200 400 422 500 503"),
        ("getTaskStatus", "GET", "/tasks/status", False, False, [], "200 500 503"),
        ("getQueues", "GET", "/tasks/queues", False, False, [], "2XX"),
        ("getHealth", "GET", "/health", False, False, [], "200"),
    ],
)
def test_operation_is_read_off_the_document(
    aitbc: Protocol,
    operation: str,
    method: str,
    path: str,
    body: bool,
    required: bool,
    parameters: list[str],
    answers: str,
) -> None:
    found = aitbc.operations[operation]
    assert (found.method, found.path) == (method, path)
    assert (found.request is not None, found.request_required) == (body, required)
    assert list(found.parameters) == parameters
    assert " ".join(found.responses) == answers


def test_operation_finds_an_answer_by_status_or_range(aitbc: Protocol) -> None:
    assert aitbc.operations["getAgent"].answer(404) == "404"
    assert aitbc.operations["getAgent"].answer(418) is None
    assert aitbc.operations["getQueues"].answer(207) == "2XX"


def test_operation_has_the_first_example_of_its_body(aitbc: Protocol) -> None:
    assert aitbc.operations["submitTask"].request_example["priority"] == "high"
    assert aitbc.operations["getHealth"].request_example is None


def test_iteration_gives_the_operations_in_the_order_of_the_document(aitbc: Protocol) -> None:
    assert [operation.id for operation in aitbc][:2] == ["registerAgent", "discoverAgents"]


def test_requirements_come_by_id_in_the_order_of_the_file(rows: dict[str, Requirement]) -> None:
    assert all(row.id == key for key, row in rows.items())
    assert next(iter(rows)) == "AITBC-REG-001"


def test_place_reads_as_a_person_would_say_it(rows: dict[str, Requirement]) -> None:
    assert str(rows["AITBC-REG-005"].place) == "registerAgent answer 200 /status"
    assert str(rows["AITBC-AGENT-REG-001"].place) == "registerAgent request (whole body)"


@pytest.mark.parametrize(
    ("old", "new", "pointer", "says"),
    [
        ("id: aitbc\n", "", "", '"id" is a required property'),
        ("id: aitbc\n", "id: AITBC\n", "/id", "does not match"),
        ("id: aitbc\n", "id: aitbc\nport: 1\n", "/port", "'port' is no field"),
        ("port: 9001", "port: 70000", "/defaults/port", "greater than the maximum"),
        ("port: 9001", "port: yes", "/defaults/port", "is not of type"),
        ("transports: [rest]", "transports: [rst]", "/transports/0", "is not one of"),
        ("transports: [rest]", "transports: []", "/transports", "less than 1 item"),
        ("authentication: none", "authentication: nope", "/authentication", "is not one of"),
        ('version: "2026-05-07"', "version: 3", "/version", "is not of type"),
    ],
)
def test_broken_protocol_file_is_refused(
    pack: Pack, old: str, new: str, pointer: str, says: str
) -> None:
    path = pack.edit("protocol.yaml", old, new)
    (problem,) = _refused(pack)
    assert problem.file == str(path)
    assert problem.pointer == pointer
    assert says in problem.message
    written = new.split("\n")[-2 if new.endswith("\n") else -1]
    assert problem.line == (pack.line_of("protocol.yaml", written) if pointer else 2)


def test_a_date_in_a_pack_stays_text(pack: Pack) -> None:
    pack.edit("protocol.yaml", 'version: "2026-05-07"', "version: 2026-05-08")
    assert pack.load().version == "2026-05-08"


@pytest.mark.parametrize(
    ("name", "text"),
    [("protocol.yaml", "id: aitbc\n"), ("openapi.yaml", "openapi: 3.1.0\n")],
)
def test_a_key_that_stands_twice_is_refused(pack: Pack, name: str, text: str) -> None:
    line = pack.line_of(name, text.strip())
    path = pack.edit(name, text, text * 2)
    (problem,) = _refused(pack)
    assert (problem.file, problem.line) == (str(path), line + 1)
    assert "stands here twice" in problem.message


@pytest.mark.parametrize(
    ("old", "new", "pointer", "says"),
    [
        ("      operationId: registerAgent\n", "", "/paths/~1agents~1register/post", "operationId"),
        (
            "      operationId: getHealth\n",
            "      operationId: getAgent\n",
            "/paths/~1health/get/operationId",
            "this operationId stands here twice",
        ),
        ("openapi: 3.1.0", "openapi: 3.0.3", "/openapi", "does not match"),
        ("paths:\n", "pathes:\n", "", '"paths" is a required property'),
        ("  /health:\n", "  health:\n", "/paths", "does not match"),
        (
            '"404": {$ref: "#/components/responses/Refused"}',
            '"404": {$ref: "#/components/responses/Refuse"}',
            "/paths/~1tasks~1queues~1{priority}~1clear/post/responses/404/$ref",
            "refers to something that is not there",
        ),
        (
            "/health:\n    get:\n",
            '/health:\n    parameters: [{$ref: "#/components/parameters/No"}]\n    get:\n',
            "/paths/~1health/parameters/0/$ref",
            "refers to something that is not there",
        ),
        (
            '"404": {$ref: "#/components/responses/Refused"}',
            '"4o4": {$ref: "#/components/responses/Refused"}',
            "/paths/~1tasks~1queues~1{priority}~1clear/post/responses",
            "does not match",
        ),
    ],
)
def test_broken_openapi_document_is_refused(
    pack: Pack, old: str, new: str, pointer: str, says: str
) -> None:
    path = pack.edit("openapi.yaml", old, new)
    (problem,) = _refused(pack)
    assert problem.file == str(path)
    assert problem.line > 0
    assert problem.pointer == pointer
    assert says in problem.message


@pytest.mark.parametrize("text", ["", "[]", "paths", "{}"])
def test_openapi_document_that_is_none_is_refused(pack: Pack, text: str) -> None:
    path = pack.write("openapi.yaml", text)
    assert {problem.file for problem in _refused(pack)} == {str(path)}


def test_unquoted_statuses_are_statuses(pack: Pack, aitbc: Protocol) -> None:
    text = (pack.folder / "openapi.yaml").read_text("utf-8")
    unquoted, count = re.subn(r'"([0-9]{3})":', r"\1:", text)
    assert count > 20
    pack.write("openapi.yaml", unquoted)
    assert pack.load().openapi == aitbc.openapi


def test_missing_type_is_refused_where_it_is_referred_to(pack: Pack) -> None:
    path = pack.edit("types/agent-answer.json", '"agent.json"', '"agnt.json"')
    (problem,) = _refused(pack)
    assert problem.file == str(path)
    assert problem.line == pack.line_of("types/agent-answer.json", "agnt.json")
    assert problem.pointer == "/properties/agent/$ref"
    assert problem.value == "agnt.json"
    assert "agent" in problem.hint


def test_missing_type_file_is_refused(pack: Pack) -> None:
    (pack.folder / "types/health.json").unlink()
    (problem,) = _refused(pack)
    assert problem.file == str(pack.folder / "openapi.yaml")
    assert problem.line == pack.line_of("openapi.yaml", "types/health.json")
    assert problem.value == "types/health.json"


@pytest.mark.parametrize("text", ["[]", "true", '"text"'])
def test_type_that_is_no_object_is_refused(pack: Pack, text: str) -> None:
    path = pack.write("types/health.json", text)
    (problem,) = _refused(pack)
    assert (problem.file, problem.message) == (str(path), "a type is a JSON object")


def test_type_that_is_no_json_is_refused(pack: Pack) -> None:
    path = pack.write("types/health.json", '{"type": }')
    (problem,) = _refused(pack)
    assert (problem.file, problem.line) == (str(path), 1)


@pytest.mark.parametrize("name", ["protocol.yaml", "openapi.yaml", "requirements.yaml"])
def test_missing_file_is_refused(pack: Pack, name: str) -> None:
    (pack.folder / name).unlink()
    with pytest.raises(PackError) as refused:
        load_requirements(pack.load())
    assert name in str(refused.value)


def _rows(*rows: str) -> str:
    stem = "level: MUST, role: coordinator, basis: stated, section: A section"
    text = "".join(f"- {{{stem}, text: 'It is as it is.', {row}}}\n" for row in rows)
    return f"requirements:\n{text}"


@pytest.mark.parametrize(
    ("row", "key", "message", "value", "hint"),
    [
        (
            "id: A-B-001, capability: registri",
            "capability",
            "is not a capability of protocol.yaml",
            "registri",
            "registry, heartbeat",
        ),
        (
            "id: A-B-001, capability: registry, place: {operation: registrAgent}",
            "place",
            "names an operation that openapi.yaml lacks",
            "registrAgent",
            "registerAgent, discoverAgents",
        ),
        (
            "id: A-B-001, capability: registry, place: {operation: getAgent, answer: '418'}",
            "place",
            "names an answer that openapi.yaml lacks",
            "418",
            "200, 404, 422, 500",
        ),
        (
            "id: A-B-001, capability: queues, place: {operation: getQueues, answer: '200'}",
            "place",
            "names an answer that openapi.yaml lacks",
            "200",
            "2XX",
        ),
        (
            "id: A-B-001, capability: registry, place: {operation: getAgent, pointer: /x}",
            "place",
            "names the body of a request that has none",
            "getAgent",
            "give the place an answer",
        ),
    ],
)
def test_requirement_that_points_nowhere_is_refused(
    pack: Pack, row: str, key: str, message: str, value: str, hint: str
) -> None:
    path = pack.write("requirements.yaml", _rows("id: A-B-000, capability: registry", row))
    (problem,) = _refused(pack, requirements=True)
    assert problem.file == str(path)
    assert problem.line == 3
    assert problem.pointer == f"/requirements/1/{key}"
    assert (problem.message, problem.value) == (message, value)
    assert problem.hint.startswith(hint)


def test_requirement_id_that_stands_twice_is_refused(pack: Pack) -> None:
    row = "id: A-B-001, capability: registry"
    pack.write("requirements.yaml", _rows(row, row))
    (problem,) = _refused(pack, requirements=True)
    assert (problem.line, problem.pointer) == (3, "/requirements/1/id")
    assert problem.value == "A-B-001"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("capability: registry", '"id" is a required property'),
        ("id: a-b-1, capability: registry", "does not match"),
        ("id: A-B-001, capability: registry, rule: anserwed", "is not one of"),
        ("id: A-B-001, capability: registry, silence: 3", "was expected"),
        ("id: A-B-001, capability: registry, place: {operation: getAgent, at: /x}", "at"),
        ("id: A-B-001, capability: registry, untestable: no", "shorter than 12"),
    ],
)
def test_broken_requirement_is_refused(pack: Pack, row: str, says: str) -> None:
    path = pack.write("requirements.yaml", _rows(row))
    (problem,) = _refused(pack, requirements=True)
    assert (problem.file, problem.line) == (str(path), 2)
    assert says in problem.message


def test_every_problem_is_told_at_once(pack: Pack) -> None:
    pack.write(
        "requirements.yaml",
        _rows("id: A-B-001, capability: x", "id: A-B-001, capability: y"),
    )
    assert [problem.pointer for problem in _refused(pack, requirements=True)] == [
        "/requirements/0/capability",
        "/requirements/1/id",
        "/requirements/1/capability",
    ]


def test_requirements_are_not_read_by_load(pack: Pack) -> None:
    pack.write("requirements.yaml", "broken: [")
    assert Path(pack.load().folder) == pack.folder


@pytest.mark.parametrize("protocol", protocol_ids())
def test_ids_of_requirements_are_found_without_reading_them(protocol: str) -> None:
    spec = load(protocol)
    assert requirement_ids(spec) == set(load_requirements(spec))


def test_pack_without_requirements_has_no_ids_of_them(pack: Pack) -> None:
    (pack.folder / "requirements.yaml").unlink()
    assert requirement_ids(pack.load()) == frozenset()


def test_document_is_known_by_the_pack_that_it_stands_in(pack: Pack, tmp_path: Path) -> None:
    assert document_of(PROTOCOLS / "caxton" / "grpc.yaml") == ("caxton", "grpc")
    assert document_of(pack.folder / "openapi.yaml") == (str(pack.folder.resolve()), "openapi")
    assert document_of(pack.folder / "requirements.yaml") is None
    (tmp_path / "openapi.yaml").touch()
    assert document_of(tmp_path / "openapi.yaml") is None


def test_scenarios_of_a_pack_are_listed_in_order(pack: Pack) -> None:
    folder = pack.folder / "scenarios"
    folder.mkdir(exist_ok=True)
    for name in ("b.arazzo.yaml", "a.arazzo.yaml", "notes.md"):
        (folder / name).touch()
    names = [path.name for path in scenario_files(str(pack.folder))]
    assert names == sorted(names)
    assert {"a.arazzo.yaml", "b.arazzo.yaml"} <= set(names)
    with pytest.raises(PackError):
        scenario_files("nobodys")
