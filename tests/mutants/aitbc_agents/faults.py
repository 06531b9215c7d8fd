"""All seeded faults by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.mutants.aitbc_agents.faults_bodies import BODY_FAULTS
from tests.mutants.aitbc_agents.faults_conduct import CONDUCT_FAULTS
from tests.mutants.aitbc_agents.faults_wire import WIRE_FAULTS
from tests.mutants.aitbc_agents.model import Fault

__all__ = ["FAULTS"]

FAULTS: Final[Mapping[str, Fault]] = {
    fault.name: fault for fault in (*BODY_FAULTS, *WIRE_FAULTS, *CONDUCT_FAULTS)
}
