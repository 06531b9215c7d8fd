"""Lawful agents are certified, from the first word to the last. A whole run takes minutes: in a
sweep only.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conformance.test_cli_certificates import assay, refused
from tests.mutants.agents import command
from tests.mutants.sample import EVERYTHING

pytestmark = pytest.mark.skipif(not EVERYTHING, reason="takes minutes: make sweep")

# A script of Architect's shows no more than it does: two connections, and calls given up. Two at
# once may warn, for both come back at the same time.
_ARCHITECT = "for style in twins abandoning; do {} --style $style & done; wait"


def _words(protocol: str) -> list[str]:
    words = command(protocol)
    if protocol != "architect":
        return words
    quoted = " ".join([sys.executable, words[1], "--ws-url $0 --username $1 --password $2"])
    return ["sh", "-c", _ARCHITECT.format(quoted), "{ws_url}", "{username}", "{password}"]


@pytest.mark.parametrize("protocol", ["aitbc", "architect", "caxton", "echocenter", "stella"])
def test_lawful_agent_is_certified(protocol: str, tmp_path: Path) -> None:
    assert assay(tmp_path, "keygen", "--out", "our").code == 0
    done = assay(
        tmp_path, "certify", protocol, "--role", "agent", "--key", "our.key",
        "--peer-name", "Agent", "--peer-version", "1.0", "--", *_words(protocol),
    )  # fmt: skip
    assert done.code == 0, done.said
    words = ["verify", "assay-report/certificate.json", "--key", "our.pub"]
    said = assay(tmp_path, *words, "--run", "assay-report", "--protocol", protocol)
    assert said.code == 0, said.said
    assert "role          agent" in said.out


def test_broken_agent_is_not(tmp_path: Path) -> None:
    assert assay(tmp_path, "keygen", "--out", "our").code == 0
    done = assay(
        tmp_path, "certify", "aitbc", "--role", "agent", "--key", "our.key",
        "--peer-name", "Agent", "--peer-version", "1.0", "--",
        *command("aitbc", fault="register_agent_type_number"),
    )  # fmt: skip
    refused(done, "no certificate", "broken: AITBC-AGENT-REG-")
