"""A session with a coordinator of each protocol, recorded, is replayed to the same messages."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import mockserver
from conformance.own_mock import HOOKS
from conformance.target import Hook
from mockserver import RunningMock, Settings
from schemas import load
from schemas.arazzo.document import read_scenario
from tests.conformance.children import Done, assay

LEADS = {
    "aitbc": "life",
    "architect": "side-by-side",
    "caxton": "conversation",
    "echocenter": "impostor",
    "stella": "task-stream",
}
SETTINGS = Settings(username="warden", password="open-sesame")
POST = """
import json, ssl, sys, urllib.request
def worth(text):
    try:
        return json.loads(text)
    except ValueError:
        return text
said = {name: worth(text) for name, text in zip(sys.argv[2::2], sys.argv[3::2])}
headers = {"Content-Type": "application/json"}
asked = urllib.request.Request(sys.argv[1], json.dumps(said).encode(), headers)
context = ssl._create_unverified_context()
print(urllib.request.urlopen(asked, context=context).read().decode())
"""


def hook(folder: Path, mock: RunningMock, hook: Hook) -> dict[str, Any]:
    """A hook that goes to the mock itself, whoever stands before it."""
    words = [word for pair in hook.json.items() for word in pair]
    command = [sys.executable, str(folder / "post.py"), mock.url + hook.url, *words]
    return {"command": command, **({"result": hook.result} if hook.result else {})}


def write_target(folder: Path, mock: RunningMock) -> None:
    protocol = mock.mock.protocol
    (folder / "post.py").write_text(POST, "utf-8")
    hooks = HOOKS.get(protocol.id, {})
    target: dict[str, Any] = {"tls": {"verify": False}} if protocol.tls else {}
    target["hooks"] = {name: hook(folder, mock, each) for name, each in hooks.items()}
    if protocol.token_header:
        target["headers"] = {protocol.token_header: SETTINGS.token}
    if protocol.id in ("architect", "echocenter"):
        known = {"username": SETTINGS.username, "password": SETTINGS.password}
        target["credentials"] = known
    (folder / "target.yaml").write_text(yaml.safe_dump(target), "utf-8")


async def recorded(
    folder: Path, mock: RunningMock, scenario: str, out: str, inputs: Mapping[str, str]
) -> Done:
    """What `assay run` plays before that mock, recorded as `out`."""
    write_target(folder, mock)
    words = ["record", mock.mock.protocol.id, "--upstream", mock.url, "--out", out]
    words += ["--grpc-upstream", mock.grpc] if mock.grpc else []
    words += ["--insecure"] if mock.mock.protocol.tls else []
    client = [sys.executable, "-m", "assay", "run", scenario, "--url", "{url}"]
    client += ["--target", "target.yaml", *(["--grpc", "{grpc}"] if mock.grpc else [])]
    for name, value in inputs.items():
        client += ["--input", f"{name}={value}"]
    return await assay(folder, *words, "--", *client)


def steps(folder: Path, name: str) -> list[dict[str, Any]]:
    found: dict[str, Any] = yaml.safe_load((folder / name).read_text("utf-8"))
    made: list[dict[str, Any]] = found["workflows"][0]["steps"]
    return made


@pytest.mark.parametrize("protocol", sorted(LEADS))
async def test_replay_says_what_was_said(protocol: str, tmp_path: Path) -> None:
    clock = "virtual" if protocol in HOOKS else "real"
    async with mockserver.start(protocol, settings=SETTINGS, clock=clock) as mock:
        lead = f"{protocol}/{LEADS[protocol]}"
        first = await recorded(tmp_path, mock, lead, "first.arazzo.yaml", {})
    assert first.code == 0, first.said
    scenario = read_scenario(tmp_path / "first.arazzo.yaml", load(protocol))

    async with mockserver.start(protocol, settings=SETTINGS, seed=77) as mock:
        mock.plays().put(mock.session, scenario)
        inputs = {}
        if protocol == "stella":  # what admits an agent is a secret, and never recorded
            inputs["token"] = mock.session.coordinator.enrol("scout")["token"]
        second = await recorded(tmp_path, mock, "first.arazzo.yaml", "second.arazzo.yaml", inputs)
    assert second.code == 0, second.said
    assert steps(tmp_path, "second.arazzo.yaml") == steps(tmp_path, "first.arazzo.yaml")
