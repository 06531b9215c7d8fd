"""Who may use the routes of an agent, and what becomes of certificates."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from cryptography import x509

from mockserver.world import iso
from tests.mockserver.conftest import START
from tests.mockserver.protocols.stella_yard import AGENTS, DAY, HOUR, Agent, Yard, beat

ROUTES = [
    ("POST", "/heartbeat", beat()),
    ("GET", "/tasks", None),
    ("POST", "/tasks/t-1/complete", {"success": True, "result": {}, "logs": []}),
]


@pytest.fixture
def yard() -> Yard:
    return Yard()


def _statuses(agent: Agent, **proof: Any) -> set[int]:
    """With what a proof is answered on each route of an agent, the stream included."""
    found = {
        agent.yard(method, agent.path + rest, body, **proof)[0] for method, rest, body in ROUTES
    }
    return found | {agent.refusal(**proof)}


def _elsewhere() -> Agent:
    return Yard(seed=1).register("crane-9")


def test_stranger_is_refused(yard: Yard) -> None:
    agent = yard.register("crane-1")
    assert _statuses(agent, certificate=b"") == {401}
    assert _statuses(agent, certificate=b"nonsense") == {401}
    assert _statuses(agent, certificate=_elsewhere().certificate) == {401}


def test_token_is_no_certificate(yard: Yard) -> None:
    agent = yard.register("crane-1")
    assert _statuses(agent, headers={"Authorization": f"Bearer {agent.token}"}) == {401}
    proof = {**agent.proof, "headers": {"Authorization": "Bearer whatever"}}
    assert yard("GET", f"{agent.path}/tasks", **proof)[0] == 200


def test_another_agent_is_refused(yard: Yard) -> None:
    agent, other = yard.register("crane-1"), yard.register("crane-2")
    assert _statuses(agent, **other.proof) == {403}


def test_unknown_agent_is_not_found_by_who_is_somebody(yard: Yard) -> None:
    path = f"{AGENTS}/no-such-agent/tasks"
    assert yard.refused("GET", path)[0] == 401
    assert yard.refused("GET", path, **yard.register("crane-1").proof) == (404, "no such agent")


def test_guard_comes_before_the_body(yard: Yard) -> None:
    agent = yard.register("crane-1")
    path = f"{agent.path}/heartbeat"
    assert yard.refused("POST", path, b"{")[0] == 401
    assert yard.refused("POST", path, b"{", **agent.proof)[0] == 400
    assert yard.refused("POST", path, beat(runningTasks=-1), **agent.proof)[0] == 400
    assert "lastHeartbeat" not in agent.details


def test_deleted_agent_is_refused(yard: Yard) -> None:
    agent = yard.register("crane-1")
    agent.task()
    stream = agent.join()
    assert yard("DELETE", agent.path) == (200, {"deleted": True})
    assert [ending.code for ending in stream.endings] == [1008]
    stream.say("task_log", taskId="t-1", level="info", message="still here?")
    assert _statuses(agent, **agent.proof) == {401}
    assert yard.refused("GET", agent.path) == (404, "no such agent")
    assert yard.refused("PUT", agent.path, {"labels": {}}) == (404, "no such agent")
    assert yard.refused("DELETE", agent.path) == (404, "no such agent")
    state = yard.state
    assert (state["agents"], state["tasks"], state["streams"]) == ([], [], [])


def test_revoked_agent_is_refused_and_stays_registered(yard: Yard) -> None:
    agent, other = yard.register("crane-1"), yard.register("crane-2")
    stream = agent.join()
    yard.command("revoke", agent="crane-1")
    assert [ending.code for ending in stream.endings] == [1008]
    assert _statuses(agent, **agent.proof) == {401}
    assert agent.details["status"] == "online"
    assert other.beat() == {"tasks": []}


def test_forgotten_agent_is_not_found(yard: Yard) -> None:
    agent = yard.register("crane-1")
    yard.command("forget", agent=agent.id)
    assert _statuses(agent, **agent.proof) == {404}
    yard.register("crane-1")
    assert _statuses(agent, **agent.proof) == {404}


def test_revoked_while_the_wire_was_opening(yard: Yard) -> None:
    agent = yard.register("crane-1")
    joined = agent.knock()
    yard.command("revoke", agent=agent.id)
    endings: list[Any] = []
    joined.line.deliver = endings.append  # type: ignore[union-attr]
    yard.mock.opened(joined)  # type: ignore[arg-type]
    assert [ending.code for ending in endings] == [1008]
    assert yard.state["streams"] == []


# Certificates


def test_certificate_ends_after_a_day(yard: Yard) -> None:
    agent = yard.register("crane-1")
    yard.pass_time(DAY - 1)
    agent.beat()
    yard.pass_time(1)
    assert _statuses(agent, **agent.proof) == {401}
    assert "expired" in yard.refused("GET", f"{agent.path}/tasks", **agent.proof)[1]


def test_renewal_comes_in_the_last_hour(yard: Yard) -> None:
    agent = yard.register("crane-1")
    yard.pass_time(DAY - HOUR - 1)
    assert agent.beat() == {"tasks": []}
    yard.pass_time(1)
    renewal = agent.beat()["certificateRenewal"]
    assert renewal == {"cert": renewal["cert"], "expiresAt": iso(START + DAY - HOUR + DAY)}
    old, new = (
        x509.load_pem_x509_certificate(pem.encode())
        for pem in (agent.receipt["certificate"]["cert"], renewal["cert"])
    )
    assert old.public_key() == new.public_key()
    assert old.serial_number != new.serial_number


def test_old_certificate_is_good_to_its_end(yard: Yard) -> None:
    agent = yard.register("crane-1")
    yard.pass_time(DAY - HOUR)
    renewal = agent.beat()["certificateRenewal"]
    assert agent.beat()["certificateRenewal"] == renewal
    old = agent.certificate
    agent.install(renewal["cert"])
    assert "certificateRenewal" not in agent.beat()
    yard.pass_time(HOUR - 1)
    assert yard("GET", f"{agent.path}/tasks", certificate=old)[0] == 200
    yard.pass_time(1)
    assert yard("GET", f"{agent.path}/tasks", certificate=old)[0] == 401
    assert agent.polled() == []


def test_agent_lives_on_from_renewal_to_renewal(yard: Yard) -> None:
    agent = yard.register("crane-1")
    renewed = 0
    for _ in range(24 * 20):
        yard.pass_time(HOUR / 2)
        renewal = agent.beat().get("certificateRenewal")
        if renewal is not None:
            agent.install(renewal["cert"])
            renewed += 1
    assert renewed == 10
    assert len(yard.coordinator.ledger.certificates._shown) <= 3


def test_revocation_takes_old_and_new(yard: Yard) -> None:
    agent = yard.register("crane-1")
    yard.pass_time(DAY - HOUR)
    renewal = agent.beat()["certificateRenewal"]
    yard.command("revoke", agent=agent.id)
    assert _statuses(agent, **agent.proof) == {401}
    agent.install(renewal["cert"])
    assert _statuses(agent, **agent.proof) == {401}


def test_short_certificates_for_the_examination(yard: Yard) -> None:
    yard.command("configure", certificateLifetime=60, renewBefore=20)
    agent = yard.register("crane-1")
    yard.pass_time(39)
    assert "certificateRenewal" not in agent.beat()
    yard.pass_time(1)
    assert agent.beat()["certificateRenewal"]["expiresAt"] == iso(START + 100)
    yard.pass_time(20)
    assert _statuses(agent, **agent.proof) == {401}


# In the clear


def test_token_stands_in_where_there_is_no_tls() -> None:
    yard = Yard(tls=False)
    agent, other = yard.register("crane-1"), yard.register("crane-2")
    assert agent.beat() == {"tasks": []}
    agent.join()
    said = yard.send("GET", f"{agent.path}/tasks")
    assert (said.status, said.headers["WWW-Authenticate"]) == (401, "Bearer")
    for wrong in ("Bearer", "Bearer x.y.z", f"Basic {agent.token}", f"Bearer {agent.token[:-1]}"):
        assert _statuses(agent, headers={"Authorization": wrong}) == {401}
    assert _statuses(agent, **other.proof) == {403}
    yard.command("revoke", agent=agent.id)
    assert _statuses(agent, **agent.proof) == {401}
    yard.command("forget", agent=other.id)
    assert _statuses(other, **other.proof) == {404}


def test_renewal_comes_in_the_clear_as_well() -> None:
    yard = Yard(tls=False)
    agent = yard.register("crane-1")
    yard.pass_time(DAY - HOUR)
    assert "certificateRenewal" in agent.beat()
    assert "certificateRenewal" not in agent.beat()
    yard.command("revoke", agent=agent.id)
    yard.pass_time(DAY)
    assert agent.details["status"] == "offline"


def test_state_tells_no_secrets(yard: Yard) -> None:
    agent, token = yard.register("crane-1"), yard.mint()
    agent.task(credentials={"registry.password": "open sesame"})
    told = orjson.dumps(yard.state).decode()
    for secret in (token, agent.token, "open sesame", "PRIVATE KEY"):
        assert secret not in told
    assert [each["valid"] for each in yard.state["tokens"]] == [False, True]
    (seen,) = yard.state["agents"]
    assert seen["certificateExpiresAt"] == iso(START + DAY)
