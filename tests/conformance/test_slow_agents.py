"""An agent that takes its time is waited for as long as it takes; one that never answers is not."""

from __future__ import annotations

import sys

from conformance.context import RunContext
from conformance.examiner import Examiner, Situation
from conformance.protocols.echocenter.prompter import Prompter
from conformance.protocols.echocenter.replies import read_account
from conformance.stage import Stage
from conformance.target import Target
from schemas import load

AGENT = """
import json, os, time
from websockets.sync.client import connect
url = os.environ["ASSAY_WS_URL"] + "/api/ws?token=" + os.environ["ASSAY_TOKEN"]
with connect(url) as line:
    for text in line:
        said = json.loads(text)
        answer = {"type": "CHAT", "target_id": said["sender_id"], "payload": "yes"}
        ANSWER
"""

THINKS = """
        time.sleep(3)
        line.send(json.dumps(answer))
"""
NEVER = """
        pass
"""
GOES_ON_AND_ON = """
        while True:
            time.sleep(0.1)
            line.send(json.dumps({**answer, "type": "CHAT_STREAM", "stream_id": "s"}))
"""


async def ask(stage: Stage) -> None:
    await Prompter(stage).ask("Are you there?")


def examined(answer: str, patience: float) -> Examiner:
    context = RunContext(
        protocol="echocenter",
        role="agent",
        target=Target(),
        run="r1",
        command=(sys.executable, "-c", AGENT.replace("        ANSWER\n", answer)),
        patience=patience,
    )
    situations = (Situation(name="first", play=ask), Situation(name="again", play=ask))
    return Examiner(load("echocenter"), context, situations)


async def test_a_slow_agent_is_waited_for() -> None:
    examiner = examined(THINKS, patience=2.0)
    for name in ("first", "again"):
        account = read_account((await examiner.observe(name)).frames)
        assert len(account.instructions) == 1
        assert account.unanswered == [], name
        assert examiner.excuse(name) == ""


async def test_an_agent_that_never_answers_has_no_excuse() -> None:
    examiner = examined(NEVER, patience=0.3)
    for name in ("first", "again"):
        assert len(read_account((await examiner.observe(name)).frames).unanswered) == 1, name
        assert examiner.excuse(name) == ""


async def test_an_agent_that_is_cut_short_is_excused() -> None:
    examiner = examined(GOES_ON_AND_ON, patience=0.5)
    await examiner.observe("first")
    assert "still answering" in examiner.excuse("first")
