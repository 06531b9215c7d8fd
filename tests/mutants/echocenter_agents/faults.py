"""All seeded faults by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.mutants.echocenter_agents.faults_chat import CHAT_FAULTS
from tests.mutants.echocenter_agents.faults_conduct import CONDUCT_FAULTS
from tests.mutants.echocenter_agents.faults_dial import DIAL_FAULTS
from tests.mutants.echocenter_agents.faults_enrol import ENROL_FAULTS
from tests.mutants.echocenter_agents.faults_frames import FRAME_FAULTS
from tests.mutants.echocenter_agents.faults_hearing import HEARING_FAULTS
from tests.mutants.echocenter_agents.faults_log import LOG_FAULTS
from tests.mutants.echocenter_agents.faults_loss import LOSS_FAULTS
from tests.mutants.echocenter_agents.faults_stream import STREAM_FAULTS
from tests.mutants.echocenter_agents.faults_sturdy import STURDY_FAULTS
from tests.mutants.echocenter_agents.model import Fault

__all__ = ["FAULTS"]

FAULTS: Final[Mapping[str, Fault]] = {
    fault.name: fault
    for fault in (
        *ENROL_FAULTS,
        *DIAL_FAULTS,
        *LOSS_FAULTS,
        *LOG_FAULTS,
        *CHAT_FAULTS,
        *HEARING_FAULTS,
        *CONDUCT_FAULTS,
        *STREAM_FAULTS,
        *STURDY_FAULTS,
        *FRAME_FAULTS,
    )
}
