"""The independent agents of each protocol, examined alike."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reports import Run
from tests.mutants import (
    aitbc_agents,
    architect_agents,
    caxton_agents,
    echocenter_agents,
    stella_agents,
)
from tests.mutants.sample import EVERYTHING
from tests.suite import run_suite

__all__ = ["FAULTS", "STYLES", "command", "examined", "style_of"]

STYLES: Mapping[str, Mapping[str, Any]] = {
    "aitbc": aitbc_agents.STYLES,
    "architect": architect_agents.STYLES,
    "caxton": caxton_agents.STYLES,
    "echocenter": echocenter_agents.STYLES,
    "stella": stella_agents.STYLES,
}
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "aitbc": aitbc_agents.FAULTS,
    "architect": architect_agents.FAULTS,
    "caxton": caxton_agents.FAULTS,
    "echocenter": echocenter_agents.FAULTS,
    "stella": stella_agents.FAULTS,
}

_WORDS: Mapping[str, str] = {
    "aitbc": "--url {url} --name {name}",
    "architect": "--ws-url {ws_url} --username {username} --password {password}",
    "caxton": "--url {url} --ws-url {ws_url} --grpc {grpc} --token {token} --name {name}",
    "echocenter": "--ws-url {ws_url} --token {token} --name {name}",
    "stella": "--url {url} --ca {ca} --token {token} --name {name}",
}

_PATIENCE = 4.0


def style_of(protocol: str, fault: str) -> str:
    """The lawful style that a fault was written for."""
    known = FAULTS[protocol][fault]
    return getattr(known, "style", "") or known.reading


def command(protocol: str, *, style: str = "", fault: str = "") -> list[str]:
    """What starts such an agent, with placeholders for where the coordinator is."""
    script = Path(__file__).parent / f"{protocol}_agents" / "agent.py"
    words = [sys.executable, str(script), *_WORDS[protocol].split()]
    words += ["--style", style] if style else []
    return [*words, *(["--fault", fault] if fault else [])]


async def examined(
    folder: Path,
    protocol: str,
    *,
    style: str = "",
    fault: str = "",
    only: str = "*",
    situation: str = "",
    library: bool = EVERYTHING,
) -> Run:
    """The record of one examination of one agent. Scenarios, which tests/scenarios asks of agents
    in less time, belong to it in a sweep.
    """
    return await run_suite(
        folder,
        protocol=protocol,
        role="agent",
        command=command(protocol, style=style, fault=fault),
        only=only,
        situation=situation,
        patience=_PATIENCE,
        library=library,
    )
