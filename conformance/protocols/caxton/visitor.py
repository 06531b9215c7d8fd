"""The examiner of caxton clients."""

from __future__ import annotations

import secrets
from dataclasses import replace

from conformance.examiner import Examiner
from mockserver import Settings

__all__ = ["CaxtonExaminer"]


class CaxtonExaminer(Examiner):
    """As any other, but that each mock has a token that nobody else has, so that it shows where it
    leaks. No command takes it for an option.
    """

    def _settings(self) -> Settings:
        return replace(super()._settings(), token=secrets.token_hex(24))
