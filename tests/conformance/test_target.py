"""The target file: every field, the environment, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.context import VARIABLE, RunContext
from conformance.target import Apart, Hook, Operator, RateLimit, Target, Tls, read_target
from schemas import PackError, load, load_requirements
from schemas.errors import Problem

AITBC = load("aitbc")

WHOLE = """\
$schema: ../schemas/meta/target.schema.json
name: Staging
version: 2.4.0
url: https://staging.example.test/agents-api/v1
headers:
  Authorization: Bearer ${ASSAY_TEST_TOKEN}
  X-Plain: plain-text
tls:
  ca: certificates/ca.pem
  cert: client.pem
  key: /absolute/client.key
  verify: false
capabilities:
  queues: false
  health: true
timeout: 2.5
rate_limit: {requests: 50, seconds: 1.5}
time_scale: 60
apart: {path: "/of/{worker}/here", metadata: {x-of: "{worker}"}}
hooks:
  force:
    url: /_assay/faults
    method: PUT
    headers: {X-Hook: "${ASSAY_TEST_HOOK}"}
    json: {kind: status, status: "{status}"}
    timeout: 3
  advance:
    command: [./advance, "{seconds}", "${ASSAY_TEST_HOOK}"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "target.yaml"
    path.write_text(text, "utf-8")
    return path


def refused(folder: Path, text: str) -> Problem:
    with pytest.raises(PackError) as caught:
        read_target(written(folder, text), AITBC)
    (problem,) = caught.value.problems
    assert problem.file == str(folder / "target.yaml")
    return problem


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    monkeypatch.setenv("ASSAY_TEST_TOKEN", "tok-1")
    monkeypatch.setenv("ASSAY_TEST_HOOK", "hook-1")
    return read_target(written(tmp_path, WHOLE), AITBC)


def test_every_field_is_read(whole: Target, tmp_path: Path) -> None:
    assert whole == Target(
        name="Staging",
        version="2.4.0",
        url="https://staging.example.test/agents-api/v1",
        headers={"Authorization": "Bearer tok-1", "X-Plain": "plain-text"},
        tls=Tls(
            ca=str(tmp_path / "certificates" / "ca.pem"),
            cert=str(tmp_path / "client.pem"),
            key="/absolute/client.key",
            verify=False,
        ),
        capabilities={"queues": False, "health": True},
        hooks={
            "force": Hook(
                url="/_assay/faults",
                method="PUT",
                headers={"X-Hook": "hook-1"},
                json={"kind": "status", "status": "{status}"},
                timeout=3,
            ),
            "advance": Hook(command=("./advance", "{seconds}", "hook-1")),
        },
        time_scale=60,
        apart=Apart(path="/of/{worker}/here", metadata={"x-of": "{worker}"}),
        rate_limit=RateLimit(requests=50, seconds=1.5),
        timeout=2.5,
        secrets=whole.secrets,
    )


def test_values_of_the_environment_and_of_headers_are_secrets(whole: Target) -> None:
    assert set(whole.secrets) == {"tok-1", "hook-1", "Bearer tok-1", "plain-text"}


def test_each_worker_finds_its_own(whole: Target) -> None:
    own = whole.for_worker("gw1")
    assert own.url == "https://staging.example.test/agents-api/v1/of/gw1/here"
    assert own.metadata == {"x-of": "gw1"}
    assert own.hooks == whole.hooks
    assert Target(url="http://x").for_worker("gw1").url == "http://x"


def test_an_empty_mapping_is_a_target_with_defaults(tmp_path: Path) -> None:
    target = read_target(written(tmp_path, "{}"), AITBC)
    assert target == Target()
    assert target.claimed(AITBC) == list(AITBC.capabilities)
    assert target.with_url("http://h").url == "http://h"


def test_what_is_disclaimed_is_not_claimed(whole: Target) -> None:
    assert set(AITBC.capabilities) - set(whole.claimed(AITBC)) == {"queues"}


def test_a_variable_that_is_not_set_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ASSAY_TEST_TOKEN", raising=False)
    problem = refused(tmp_path, "url: http://h\nheaders:\n  A: b\n  X: a ${ASSAY_TEST_TOKEN}\n")
    assert problem.line == 4
    assert problem.pointer == "/headers/X"
    assert "ASSAY_TEST_TOKEN" in problem.message
    assert "export ASSAY_TEST_TOKEN" in problem.hint


def test_an_empty_variable_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_TEST_TOKEN", "")
    path = written(tmp_path, "headers: {X: 'a${ASSAY_TEST_TOKEN}b'}")
    assert read_target(path, AITBC).headers == {"X": "ab"}


def test_an_unknown_hook_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    problem = refused(tmp_path, "url: http://h\nhooks:\n  advanse: {command: [x]}\n")
    assert (problem.line, problem.pointer, problem.value) == (3, "/hooks/advanse", "advanse")
    assert problem.hint == "hooks: force, advance, restart"


def test_an_operator_has_files_and_secrets_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_TEST_TOKEN", "tok-1")
    text = "operator: {headers: {X-Key: '${ASSAY_TEST_TOKEN}!'}, cert: o.pem, key: o.key}\n"
    target = read_target(written(tmp_path, text), AITBC)
    assert target.operator == Operator(
        headers={"X-Key": "tok-1!"}, cert=str(tmp_path / "o.pem"), key=str(tmp_path / "o.key")
    )
    assert {"tok-1", "tok-1!"} <= set(target.secrets)
    context = RunContext(protocol="aitbc", role="coordinator", target=target, run="r")
    monkeypatch.setenv(VARIABLE, context.dump())
    assert RunContext.from_environment().target == target


def test_an_unknown_capability_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    problem = refused(tmp_path, "url: http://h\ncapabilities:\n  queues: true\n  queue: true\n")
    assert (problem.line, problem.pointer) == (4, "/capabilities/queue")
    assert problem.value == "queue"
    assert "registry" in problem.hint
    assert "queues" in problem.hint


@pytest.mark.parametrize(
    ("text", "line", "pointer"),
    [
        ("name: a\nuri: http://h\n", 2, "/uri"),
        ("name: a\nurl: ftp://h\n", 2, "/url"),
        ("timeout: 0\n", 1, "/timeout"),
        ("name: x\ntime_scale: -1\n", 2, "/time_scale"),
        ("rate_limit:\n  requests: 0\n  seconds: 1\n", 2, "/rate_limit/requests"),
        ("tls:\n  key: a.key\n", 1, "/tls"),
        ("headers:\n  A: 5\n", 2, "/headers/A"),
        ("hooks:\n  force: {}\n", 2, "/hooks/force"),
        ("", 0, ""),
        ("- a\n", 1, ""),
    ],
)
def test_a_broken_file_is_refused_at_its_place(
    tmp_path: Path, text: str, line: int, pointer: str
) -> None:
    problem = refused(tmp_path, text)
    assert (problem.line, problem.pointer) == (line, pointer)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="cannot be read"):
        read_target(tmp_path / "none.yaml", AITBC)


class TestContext:
    def test_a_context_survives_the_way_into_the_suite(
        self, whole: Target, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        context = RunContext(
            protocol="aitbc",
            role="agent",
            target=whole,
            run="r1",
            seed=7,
            profile="quick",
            strict=True,
            only="A-*",
            command=("./agent", "--url", "{url}"),
            record="/tmp/run.jsonl",
            baseline=({"requirement": "A", "reason": "known"},),
            invocation="assay test aitbc",
            patience=1.5,
            listen={"host": "::1", "port": 9},
        )
        monkeypatch.setenv(VARIABLE, context.dump())
        assert RunContext.from_environment() == context

    def test_the_least_context_survives(self, monkeypatch: pytest.MonkeyPatch) -> None:
        context = RunContext(protocol="aitbc", role="coordinator", target=Target(), run="r")
        monkeypatch.setenv(VARIABLE, context.dump())
        assert RunContext.from_environment() == context

    def test_outside_of_a_run_there_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(VARIABLE, raising=False)
        with pytest.raises(KeyError):
            RunContext.from_environment()

    @pytest.mark.parametrize(
        ("only", "role", "chosen"),
        [
            ("*", "coordinator", True),
            ("*", "agent", False),
            ("AITBC-REG-*", "coordinator", True),
            ("AITBC-REG-001", "coordinator", True),
            ("aitbc-reg-001", "coordinator", False),
            ("AITBC-GET-*", "coordinator", False),
        ],
    )
    def test_a_context_selects_by_role_and_glob(self, only: str, role: str, chosen: bool) -> None:
        row = load_requirements(AITBC)["AITBC-REG-001"]
        context = RunContext(
            protocol="aitbc",
            role="agent" if role == "agent" else "coordinator",
            target=Target(),
            run="r",
            only=only,
        )
        assert context.selects(row) is chosen
