"""Stella's door: tokens that are good once, names, and what a new agent is given."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mockserver.protocols.stella import StellaCoordinator
from mockserver.world import VirtualClock, World, iso
from schemas import load
from tests.mockserver.conftest import START
from tests.mockserver.protocols.stella_yard import AGENTS, DAY, HOUR, REGISTER, Yard, about


@pytest.fixture
def yard() -> Yard:
    return Yard()


def _refused(yard: Yard, token: str | None, body: Any = None) -> tuple[int, str]:
    headers = {} if token is None else {"X-Agent-Token": token}
    return yard.refused(
        "POST", REGISTER, about("crane-1") if body is None else body, headers=headers
    )


def test_agent_is_given_all_that_it_needs(yard: Yard) -> None:
    receipt = yard.register("crane-1", labels={"site": "harbour-9"}).receipt
    assert receipt["config"] == {"heartbeatInterval": 30, "taskPollInterval": 5, "logLevel": "info"}
    given = receipt["certificate"]
    assert given["expiresAt"] == iso(START + DAY)
    cert = x509.load_pem_x509_certificate(given["cert"].encode())
    key = load_pem_private_key(given["key"].encode(), None)
    ca = x509.load_pem_x509_certificate(given["ca"].encode())
    cert.verify_directly_issued_by(ca)
    assert cert.public_key() == key.public_key()
    assert cert.not_valid_after_utc == dt.datetime.fromtimestamp(START + DAY, dt.UTC)
    assert receipt["agentId"] in cert.subject.rfc4514_string()


def test_token_of_the_receipt_is_a_signed_one(yard: Yard) -> None:
    agent = yard.register("crane-1")
    header, claims, _ = agent.token.split(".")
    known = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, claims)]
    assert known == [
        {"alg": "HS256", "typ": "JWT"},
        {"sub": agent.id, "name": "crane-1", "iat": int(START)},
    ]


def test_agent_is_seen_from_its_registration_on(yard: Yard) -> None:
    agent = yard.register("crane-1", labels={"site": "harbour-9"})
    row = {
        "id": agent.id,
        "name": "crane-1",
        "version": "2.4.0",
        "status": "online",
        "capabilities": ["docker", "nomad"],
    }
    assert yard.list() == [row]
    assert agent.details == {
        **row,
        "labels": {"site": "harbour-9"},
        "registeredAt": iso(START),
        "config": agent.receipt["config"],
        "assignedTargets": [],
    }


@pytest.mark.parametrize("token", [None, "", "reg_", "ä"])
def test_nobody_registers_without_a_token(yard: Yard, token: str | None) -> None:
    assert _refused(yard, token)[0] == 401
    assert yard.list() == []


def test_token_is_good_once(yard: Yard) -> None:
    token = yard.mint()
    yard.register("crane-1", token)
    said = (401, "the registration token was used before")
    assert _refused(yard, token, about("crane-2")) == said


def test_token_is_good_for_a_day(yard: Yard) -> None:
    first, second = yard.mint(), yard.mint()
    yard.pass_time(DAY - 1)
    yard.register("crane-1", first)
    yard.pass_time(1)
    assert _refused(yard, second) == (401, "the registration token has expired")
    yard.pass_time(2 * HOUR)
    yard.mint()
    assert _refused(yard, second) == (401, "the registration token is unknown")


def test_token_lasts_as_long_as_it_is_told_to(yard: Yard) -> None:
    token = yard.mint(ttl=5)
    yard.pass_time(5)
    assert _refused(yard, token)[0] == 401
    yard.command("configure", tokenLifetime=60)
    token = yard.coordinator.enrol("anybody")["token"]
    yard.pass_time(59)
    yard.register("crane-1", token)


def test_name_that_is_taken_costs_no_token(yard: Yard) -> None:
    yard.register("crane-1")
    token = yard.mint()
    assert _refused(yard, token) == (409, "there is an agent called crane-1 already")
    assert yard.register("crane-2", token).details["name"] == "crane-2"


def test_token_goes_before_the_name_and_the_body(yard: Yard) -> None:
    yard.register("crane-1")
    assert _refused(yard, "reg_")[0] == 401
    assert _refused(yard, "reg_", b"{")[0] == 401
    token = yard.mint()
    assert _refused(yard, token, b"{")[0] == 400
    status, message = _refused(yard, token, {"name": "crane-2", "version": "1", "capabilities": 7})
    assert (status, "/capabilities" in message) == (400, True)
    yard.register("crane-2", token)


def test_name_of_a_deleted_agent_is_free(yard: Yard) -> None:
    old = yard.register("crane-1")
    assert yard("DELETE", old.path) == (200, {"deleted": True})
    new = yard.register("crane-1")
    assert new.id != old.id
    assert [row["id"] for row in yard.list()] == [new.id]


def test_configuration_is_for_those_that_come_later(yard: Yard) -> None:
    old = yard.register("crane-1")
    told = yard.command("configure", heartbeatInterval=2, taskPollInterval=0.5, logLevel="debug")
    assert (told["heartbeatInterval"], told["certificateLifetime"]) == (2, DAY)
    new = yard.register("crane-2")
    assert new.receipt["config"] == {
        "heartbeatInterval": 2,
        "taskPollInterval": 0.5,
        "logLevel": "debug",
    }
    yard.pass_time(6)
    assert (old.details["status"], new.details["status"]) == ("online", "offline")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"heartbeat": 3}, "there is no heartbeat"),
        ({"heartbeatInterval": 0}, "more than 0"),
        ({"heartbeatInterval": float("nan")}, "more than 0"),
        ({"heartbeatInterval": "3"}, "is a number"),
        ({"heartbeatInterval": True}, "is a number"),
        ({"logLevel": 3}, "is a text"),
        ({"logLevel": ""}, "is empty"),
    ],
)
def test_configuration_that_cannot_be_is_refused(yard: Yard, said: Any, error: str) -> None:
    before = yard.command("configure")
    with pytest.raises((ValueError, TypeError), match=error):
        yard.command("configure", **said)
    assert yard.command("configure") == before


def test_unknown_paths_and_methods_are_refused(yard: Yard) -> None:
    assert yard.refused("GET", "/api/v1") == (404, "no such path")
    assert yard.refused("PATCH", AGENTS) == (405, "no such method here")


def test_same_seed_gives_the_same_ids() -> None:
    ids = [Yard(seed=seed).register("crane-1").id for seed in (5, 5, 6)]
    assert ids[0] == ids[1] != ids[2]


def test_mock_without_an_authority_makes_one() -> None:
    world = World.seeded(0, VirtualClock(START))
    coordinator = StellaCoordinator(load("stella"), world)
    agent = coordinator.ledger.register(about("crane-1"))
    given = coordinator.ledger.receipt(agent)["certificate"]
    cert, ca = (x509.load_pem_x509_certificate(given[name].encode()) for name in ("cert", "ca"))
    cert.verify_directly_issued_by(ca)
