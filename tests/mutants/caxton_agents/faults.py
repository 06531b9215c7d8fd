"""All seeded faults by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.mutants.caxton_agents.faults_conduct import CONDUCT_FAULTS
from tests.mutants.caxton_agents.faults_fields import FIELD_FAULTS
from tests.mutants.caxton_agents.faults_forms import FORM_FAULTS
from tests.mutants.caxton_agents.faults_grpc import GRPC_FAULTS
from tests.mutants.caxton_agents.faults_socket import SOCKET_FAULTS
from tests.mutants.caxton_agents.faults_sturdy import STURDY_FAULTS
from tests.mutants.caxton_agents.faults_wire import WIRE_FAULTS
from tests.mutants.caxton_agents.model import Fault

__all__ = ["FAULTS"]

_ALL: Final = (
    *WIRE_FAULTS,
    *FORM_FAULTS,
    *FIELD_FAULTS,
    *GRPC_FAULTS,
    *CONDUCT_FAULTS,
    *SOCKET_FAULTS,
    *STURDY_FAULTS,
)

FAULTS: Final[Mapping[str, Fault]] = {fault.name: fault for fault in _ALL}
