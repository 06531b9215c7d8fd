"""What would make it conclusive, by causes as the suite words them."""

from __future__ import annotations

import pytest

from reports.remedy import remedy


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("the target has no hook 'advance'", "a hook “advance”"),
        ("30 s must pass on the peer's clock, and the target has no hook 'advance'", "“advance”"),
        ("the target file has no hook expire_agent", ""),
        ("judged from the profile 'exhaustive' on", "--profile exhaustive"),
        ("nothing was answered FORBIDDEN", "answer FORBIDDEN once"),
        ("nothing that was said touched it", "under Coverage"),
        ("the target has no address for gRPC: give one with --grpc HOST:PORT", "with --grpc."),
        ("the target file can name `principals`", "in the target file"),
        ("The run ended before it was judged. The run was interrupted.", "to its end"),
        ("the peer no longer accepts connections", "to its end"),
        ("step too-much: getSystemMetrics: the peer says 429, not now", "has room"),
        ("a fault in Assay broke the check off: KeyError()", "is ours"),
        ("the machine was too busy to tell", "less to do"),
        ("the agent breaks down even when all is well", "Mend what breaks down"),
        ("the script was not there to lose its connection", "stay connected"),
        ("no agent could be registered: 500", "did not work"),
        ("the registration handed over no certificate and key", "did not work"),
        ("the document gives no way to see it", ""),
    ],
)
def test_a_cause_has_its_remedy(cause: str, words: str) -> None:
    assert words in remedy(cause)
    assert bool(remedy(cause)) is bool(words)
