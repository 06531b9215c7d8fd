"""All seeded faults by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.mutants.architect_agents.faults_conduct import CONDUCT_FAULTS
from tests.mutants.architect_agents.faults_dialogue import DIALOGUE_FAULTS
from tests.mutants.architect_agents.faults_requests import REQUEST_FAULTS
from tests.mutants.architect_agents.faults_upgrade import UPGRADE_FAULTS
from tests.mutants.architect_agents.faults_wire import WIRE_FAULTS
from tests.mutants.architect_agents.model import Fault

__all__ = ["FAULTS"]

_ALL: Final = (
    *UPGRADE_FAULTS,
    *REQUEST_FAULTS,
    *DIALOGUE_FAULTS,
    *CONDUCT_FAULTS,
    *WIRE_FAULTS,
)
FAULTS: Final[Mapping[str, Fault]] = {fault.name: fault for fault in _ALL}
