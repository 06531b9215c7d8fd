"""What all that checks a step beforehand has in common."""

from __future__ import annotations

from typing import Any

from schemas.arazzo.drafts import StepDraft, WorkflowDraft
from schemas.arazzo.page import Spot
from schemas.validation import Validators

__all__ = ["StepChecker"]


class StepChecker:
    """Looks at one step of a workflow, and complains to the page that it stands on."""

    def __init__(self, workflow: WorkflowDraft, draft: StepDraft, validators: Validators) -> None:
        self._workflow = workflow
        self._draft = draft
        self._validators = validators

    def _complain(self, at: Spot, message: str, value: Any = None, hint: str = "") -> None:
        self._workflow.page.complain(at, message, value, hint)
