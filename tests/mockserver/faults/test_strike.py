"""Answers and messages that several faults strike together, and what is said to have struck."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from mockserver.coordinator import Answer
from mockserver.faults import Fault
from mockserver.faults.bodies import UNHEARD_OF
from mockserver.faults.kinds import Kind, Place
from mockserver.faults.plan import Stroke
from mockserver.faults.strike import Scene, Struck, strike_answer, strike_message
from mockserver.world import chance

BODY = {"status": "success", "count": 3}


def _strokes(*told: Kind | tuple[Kind, dict[str, Any]]) -> list[Stroke]:
    pairs = [(each, {}) if isinstance(each, str) else each for each in told]
    return [
        Stroke(Fault(kind=kind, **options), chance(0, f"fault {number}"))
        for number, (kind, options) in enumerate(pairs)
    ]


def _encode(said: Any) -> bytes:
    if not isinstance(said.get("count", 0), int):
        raise ValueError("count is a number")  # noqa: TRY004  # as a codec does
    return b"proto:" + orjson.dumps(said)


def _answered(
    strokes: list[Stroke],
    answer: Answer | None = None,
    place: Place = "http",
    previous: Answer | None = None,
) -> Struck:
    scene = Scene(place, (), lambda: previous, _encode)
    return strike_answer(answer or Answer(body=BODY), strokes, scene)


def test_faults_of_one_answer_apply_together_in_the_order_of_their_kinds() -> None:
    strokes = _strokes(
        "dribble",
        ("delay", {"seconds": 0.5}),
        "extra",
        ("corrupt_field", {"pointer": "/count", "value": "many"}),
        "truncate",
    )
    struck = _answered(strokes)
    whole = orjson.dumps(
        {"status": "success", "count": "many", "x_unheard_of": {"since": "a later version"}}
    )
    assert struck.wired == struck.body == whole[: len(whole) // 2]
    assert struck.manner.promised == len(whole)
    assert struck.manner.delay == 0.5
    assert struck.manner.dribble is not None
    assert struck.faults == ("dribble", "delay", "extra", "corrupt_field", "truncate")


def test_stale_answer_is_the_one_before_and_is_struck_like_any_other() -> None:
    before = Answer(status=404, body={"detail": "nobody"}, headers={"X-Was": "before"})
    struck = _answered(_strokes("extra", "stale"), previous=before)
    assert (struck.answer.status, struck.answer.headers) == (404, {"X-Was": "before"})
    assert set(orjson.loads(struck.wired)) == {"detail", "x_unheard_of"}
    assert struck.faults == ("extra", "stale")


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ("stale", Answer(body=BODY)),
        ("extra", Answer(body=[])),
        ("extra", Answer(raw=b"<html>", media_type="text/html")),
        (("corrupt_field", {"pointer": "/nowhere"}), Answer(body=BODY)),
        ("corrupt_field", Answer(raw=b"<html>", media_type="text/html")),
        ("wrong_correlation", Answer(body=BODY)),
        ("empty", Answer(raw=b"")),
        ("truncate", Answer(raw=b"")),
        ("status", Answer(body=BODY)),
    ],
)
def test_fault_that_finds_nothing_to_strike_is_not_said_to_have_struck(
    told: Any, answer: Answer
) -> None:
    struck = _answered(_strokes(told), answer)
    assert struck.faults == ()
    assert struck.wired == _answered([], answer).wired
    assert struck.manner.promised == 0


def test_what_was_done_before_is_told_in_its_place() -> None:
    strokes = _strokes(("delay", {"seconds": 1}), "status", "rate_limit")
    scene = Scene("http", [strokes[1]], lambda: None, _encode)
    assert strike_answer(Answer(body=BODY), strokes, scene).faults == ("delay", "status")


def test_garbage_takes_the_place_of_all_that_was_said() -> None:
    struck = _answered(_strokes("extra", "garbage", "truncate"))
    assert struck.wired[:1] == b"\xff"
    assert (len(struck.wired), struck.manner.promised) == (32, 64)
    assert _answered(_strokes("empty", "garbage")).wired == b""


def test_message_of_a_procedure_is_struck_before_it_is_written() -> None:
    struck = _answered(_strokes("extra", ("corrupt_field", {"pointer": "/count"})), place="grpc")
    said = orjson.loads(struck.body)
    assert said["count"] != 3
    assert struck.wired == b"proto:" + struck.body + UNHEARD_OF
    assert struck.faults == ("extra", "corrupt_field")


def test_value_that_no_procedure_can_answer_is_left_out() -> None:
    told = ("corrupt_field", {"pointer": "/count", "value": "many"})
    struck = _answered(_strokes(told), place="grpc")  # type: ignore[arg-type]  # mypy sees a text
    assert orjson.loads(struck.body) == {"status": "success"}


def test_id_that_its_type_cannot_hold_is_left_alone() -> None:
    def encode(said: Any) -> bytes:
        if said != BODY:
            raise ValueError("count is 3")
        return orjson.dumps(said)

    strokes = _strokes(("wrong_correlation", {"pointer": "/count"}))
    struck = strike_answer(Answer(body=BODY), strokes, Scene("grpc", (), lambda: None, encode))
    assert (struck.wired, struck.faults) == (orjson.dumps(BODY), ())


@pytest.mark.parametrize("kind", ["garbage", "empty"])
def test_bytes_of_a_procedure_are_seen_as_they_go_out(kind: Kind) -> None:
    struck = _answered(_strokes(kind), place="grpc")
    assert struck.wired == struck.body
    assert struck.faults == (kind,)
    assert struck.wired[:1] == (b"\x0f" if kind == "garbage" else b"")


def test_refusal_of_a_procedure_has_no_message_to_strike() -> None:
    refusal = Answer(status=404, body={"error": "nobody"})
    struck = _answered(_strokes("extra", "garbage", "delay"), refusal, place="grpc")
    assert orjson.loads(struck.wired) == {"error": "nobody"}
    assert struck.faults == ("delay",)


def test_message_is_struck_in_the_same_order() -> None:
    strokes = _strokes("duplicate", "truncate", "wrong_correlation", "extra")
    struck = strike_message({"id": "5c1f", "text": "x"}, strokes, "/id")
    assert struck.faults == ("duplicate", "truncate", "wrong_correlation", "extra")
    assert struck.manner.copies == 2
    assert struck.manner.promised // 2 == len(struck.data)
    assert b'"id":"5c1f"' not in struck.data


def test_message_without_the_id_of_its_document_is_left_alone() -> None:
    assert strike_message({"text": "x"}, _strokes("wrong_correlation"), "/id").faults == ()
