"""The lawful orchestrators keep the document, in memory and over TLS."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from functools import partial
from typing import Any, get_args, get_type_hints

import pytest
from cryptography import x509

from tests.mutants.echocenter.virtual import run
from tests.mutants.sample import sampled

from . import LAWFUL, Reading
from .fault import Seed
from .rehearsal import Stage
from .scripts import SCRIPTS, Script, certificates

_SWIFT = [name for name, reading in LAWFUL.items() if reading.algorithm == "p256"]


async def _played(script: Script, reading: str) -> list[str]:
    stage = Stage(LAWFUL[reading], Seed())
    await script(stage)
    return stage.notes


@pytest.mark.parametrize("reading", sampled(_SWIFT, 3))
def test_dialogues_repeat_themselves_and_never_crash(reading: str) -> None:
    for script in SCRIPTS:
        notes = run(_played(script, reading))
        assert run(_played(script, reading)) == notes
        assert not [note for note in notes if "crash" in note]


def test_every_choice_is_taken_by_somebody() -> None:
    hints = get_type_hints(Reading)
    for one in fields(Reading):
        taken = {getattr(reading, one.name) for reading in LAWFUL.values()}
        choices = set(get_args(hints[one.name])) or taken
        if hints[one.name] is bool:
            choices = {True, False}
        if isinstance(next(iter(taken)), str | int) and one.name != "summary":
            assert choices <= taken, (one.name, choices - taken)
        assert len(taken) > 1, one.name


@pytest.mark.parametrize("reading", sampled(_SWIFT, 3))
def test_life_of_an_agent(reading: str) -> None:
    async def life() -> None:
        stage = Stage(LAWFUL[reading], Seed())
        member = await stage.register("solo", capabilities=["docker"])
        assert (await stage.beat(member)).status == 200
        (row,) = (await stage.operate("GET")).body
        assert (row["name"], row["status"], row["resourceUsage"]["cpu"]) == ("solo", "online", 10.5)
        task = await stage.task(member)
        assert [one["taskId"] for one in (await stage.beat(member)).body["tasks"]] == [task]
        report = {"success": True, "result": {}, "logs": []}
        assert (await stage.act(member, f"complete/{task}", report)).body["acknowledged"] is True
        assert (await stage.act(member, "tasks")).body["tasks"] == []
        await stage.advance(row_interval(member, stage) * 4)
        assert [one["name"] for one in (await stage.operate("GET", status="offline")).body]
        assert (await stage.operate("DELETE", f"/{member.id}")).body["deleted"] is True
        assert (await stage.operate("GET")).body == []
        assert (await stage.act(member, "tasks")).status in (0, 401, 403, 404, 500)

    run(life())


def row_interval(member: Any, stage: Stage) -> int:
    """The heartbeat interval that an agent was told."""
    return stage.desk.agents[member.id].interval


@pytest.mark.parametrize("reading", ["natural", "intermediate", "bundle", "rsa"])
def test_certificates_are_of_one_day_and_verify(reading: str) -> None:
    async def life() -> None:
        stage = Stage(LAWFUL[reading], Seed())
        answer = await stage.call(
            "POST",
            "/register",
            {"name": "paper", "version": "1", "capabilities": []},
            headers={"x-agent-token": await stage.mint()},
        )
        given = answer.body["certificate"]
        chain = x509.load_pem_x509_certificates(given["cert"].encode())
        roots = x509.load_pem_x509_certificates(given["ca"].encode())
        issuers = {one.subject: one for one in [*chain[1:], *roots]}
        chain[0].verify_directly_issued_by(issuers[chain[0].issuer])
        left = chain[0].not_valid_after_utc.timestamp() - stage.desk.now()
        assert left == 86400
        assert re.match(r"-----BEGIN PRIVATE KEY-----\n", given["key"])

    run(life())


@pytest.mark.parametrize("reading", ["natural", "fresh_keys", "operator_certificate"])
def test_renewal_comes_in_the_last_hour(reading: str) -> None:
    notes = run(partial(_played, certificates, reading)())
    beats = [json.loads(_body(note)) for note in notes if re.match(r"POST .*heartbeat 200", note)]
    renewed = ["cert" in (beat.get("certificateRenewal") or {}) for beat in beats[:14]]
    assert not any(renewed[:6])
    assert all(renewed[6:8])


def _body(note: str) -> str:
    return note[note.index("{") : note.rindex("}") + 1]
