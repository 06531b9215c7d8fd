"""All seeded faults by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.mutants.stella_agents.faults_bodies import BODY_FAULTS
from tests.mutants.stella_agents.faults_pulse import PULSE_FAULTS
from tests.mutants.stella_agents.faults_stream import STREAM_FAULTS
from tests.mutants.stella_agents.faults_sturdy import STURDY_FAULTS
from tests.mutants.stella_agents.faults_tasks import TASK_FAULTS
from tests.mutants.stella_agents.faults_wire import WIRE_FAULTS
from tests.mutants.stella_agents.model import Fault

__all__ = ["FAULTS"]

FAULTS: Final[Mapping[str, Fault]] = {
    fault.name: fault
    for fault in (
        *WIRE_FAULTS,
        *BODY_FAULTS,
        *PULSE_FAULTS,
        *TASK_FAULTS,
        *STREAM_FAULTS,
        *STURDY_FAULTS,
    )
}
