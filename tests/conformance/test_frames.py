"""A frame as data and as a record, and how a conversation is watched."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import jsonschema
import pytest

from conformance.conversation import MOST_FRAMES, Conversation
from conformance.exchange import MISSING, Exchange
from conformance.frames import Frame, Kind
from conformance.masking import MASK, Masker
from schemas.files import META, read

OPEN = Masker()


def frame(kind: Kind = "text", data: bytes = b"", **fields: Any) -> Frame:
    known = {"connection": "agent-1", "sender": "peer", "at": 1.0, "seconds": 0.5}
    return Frame(**{**known, "kind": kind, "data": data, **fields})


class TestFrame:
    def test_text_is_json_where_it_is_json(self) -> None:
        assert frame(data=b'{"a": [1]}').json == {"a": [1]}
        assert frame(data=b'{"a": [1]}').value("/a/0") == 1
        assert frame(data=b'{"a": [1]}').value("/b") is MISSING
        assert frame(data=b"null").json is None

    @pytest.mark.parametrize("data", [b"", b"{", b"NaN", b"\xff"])
    def test_what_is_no_json_is_missing(self, data: bytes) -> None:
        assert frame(data=data).json is MISSING
        assert frame(data=data).value("") is MISSING

    def test_only_text_is_read(self) -> None:
        assert frame("binary", b"{}").json is MISSING
        assert frame("raw", b"{}").json is MISSING

    @pytest.mark.parametrize(
        ("said", "body"),
        [
            (frame(data=b'{"a": 1}'), {"a": 1}),
            (frame(data=b"null"), None),
            (frame(), ""),
            (frame(data=b"hello"), "hello"),
            (frame("binary", b"\xff\x00"), "\\xff\x00"),
            (frame("ping", b"1"), 1),
            (frame("close", code=1001, reason="bye"), "1001 bye"),
            (frame("close", code=1005), "1005"),
            (frame("lost", reason="it broke"), "it broke"),
            (frame("raw", b"\x80{}", reason="a mask"), "a mask: \\x80{}"),
            (frame("raw", b'{"a": 1}', reason="opcode 1, not final"),
             'opcode 1, not final: {"a": 1}'),
        ],
    )  # fmt: skip
    def test_record_shows_what_was_said(self, said: Frame, body: Any) -> None:
        record = said.record(OPEN)
        assert record == {
            "connection": "agent-1",
            "sender": "peer",
            "kind": said.kind,
            "seconds": 0.5,
            "body": body,
        }
        schema = read(META / "run-record.schema.json")
        jsonschema.validate(record, schema["$defs"]["frame"])

    def test_record_keeps_no_secret(self) -> None:
        mask = Masker(["hunter22"])
        record = frame(data=b'{"token": "t", "say": "hunter22"}').record(mask)
        assert record["body"] == {"token": MASK, "say": MASK}
        assert frame("close", code=4000, reason="no hunter22").record(mask)["body"].endswith(MASK)
        assert "hunter22" not in str(frame("raw", b"\x80hunter22", reason="r").record(mask))

    def test_record_is_cut(self) -> None:
        body = frame(data=b"x" * 50_000).record(OPEN)["body"]
        assert len(body) < 21_000
        assert body.endswith("… (50000 bytes)")


class Told(Conversation):
    """A conversation that the test carries itself."""

    aborted = False

    async def send_text(self, text: str, *, lawful: bool = True) -> Frame:
        return self._said("text", text.encode(), lawful=lawful)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._over(f"{code} {reason}")

    def abort(self) -> None:
        self.aborted = True

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def peer(self, text: str) -> None:
        self._heard("text", text.encode())


def told(see: Any = lambda _: None) -> Told:
    handshake = Exchange(operation="", method="GET", url="ws://h/")
    return Told(label="t", handshake=handshake, subprotocol=None, see=see, opened=time.monotonic())


def says(text: str) -> Any:
    return lambda frame: frame.data == text.encode()


class TestWatching:
    async def test_what_was_heard_before_is_found_from_the_mark_on(self) -> None:
        it = told()
        it.peer("a")
        mark = it.mark()
        it.peer("b")
        assert await it.wait(says("a"), 0) is it.frames[0]
        assert await it.wait(says("a"), 0.01, after=mark) is None
        assert await it.wait(says("b"), 0, after=mark) is it.frames[1]

    async def test_our_own_words_are_not_awaited(self) -> None:
        it = told()
        await it.send({"ü": 1})
        assert it.frames[0].data == '{"ü":1}'.encode()
        assert await it.wait(lambda _: True, 0.01) is None

    async def test_waits_go_on_at_the_same_time(self) -> None:
        it = told()
        waits = [asyncio.create_task(it.wait(says(x), 5)) for x in ("b", "a", "a")]
        await asyncio.sleep(0)
        it.peer("a")
        it.peer("b")
        found = await asyncio.gather(*waits)
        assert [f.data for f in found if f] == [b"b", b"a", b"a"]

    async def test_wait_ends_with_the_time(self) -> None:
        it = told()
        began = time.monotonic()
        assert await it.wait(says("a"), 0.05) is None
        assert 0.05 <= time.monotonic() - began < 1

    async def test_wait_ends_with_the_connection(self) -> None:
        it = told()
        wait = asyncio.create_task(it.wait(says("a"), 60))
        never = asyncio.create_task(it.never(says("a"), 60))
        await asyncio.sleep(0)
        await it.close()
        assert await asyncio.wait_for(wait, 1) is None
        assert await asyncio.wait_for(never, 1) is None
        assert await it.ended(0) is it.closed is it.frames[-1]
        assert await it.gone(0)

    async def test_never_is_over_when_it_happens(self) -> None:
        it = told()
        never = asyncio.create_task(it.never(says("a"), 60))
        await asyncio.sleep(0)
        it.peer("a")
        assert await asyncio.wait_for(never, 1) is it.frames[0]

    async def test_never_does_not_count_what_comes_later(self) -> None:
        it = told()
        never = asyncio.create_task(it.never(says("a"), 0.02))
        await asyncio.sleep(0)
        time.sleep(0.05)  # noqa: ASYNC251  # the loop is late
        it.peer("a")
        assert await never is None

    async def test_never_takes_its_whole_time(self) -> None:
        it = told()
        it.peer("a")
        began = time.monotonic()
        assert await it.never(says("a"), 0.05, after=it.mark()) is None
        assert time.monotonic() - began >= 0.05

    async def test_a_lasting_connection_has_not_ended(self) -> None:
        it = told()
        assert await it.ended(0.01) is None
        assert not await it.gone(0.01)

    async def test_flood_ends_it(self) -> None:
        it = told()
        for _ in range(MOST_FRAMES + 10):
            it.peer("x")
        assert it.flooded
        assert it.aborted
        assert len(it.frames) == MOST_FRAMES + 1
        assert it.closed
        assert (it.closed.kind, it.closed.sender) == ("lost", "assay")
        assert await it.wait(says("y"), 60) is None

    async def test_see_is_told_of_the_peer_alone(self) -> None:
        seen: list[Frame] = []
        it = told(seen.append)
        await it.send(1)
        it.peer("a")
        await it.close()
        assert [each.kind for each in seen] == ["text", "lost"]

    async def test_fault_of_ours_comes_out_where_one_waits(self) -> None:
        def wrong(_: Frame) -> None:
            raise KeyError("ours")

        it = told(wrong)
        it.peer("a")
        with pytest.raises(KeyError):
            await it.wait(says("a"), 1)

    async def test_what_follows_our_own_breach_is_told_apart(self) -> None:
        it = told()
        it.peer("a")
        await it.send_text("x", lawful=False)
        it.peer("b")
        assert [each.lawful for each in it.frames] == [True, False, False]

    async def test_lone_surrogates_are_sent_as_escapes(self) -> None:
        it = told()
        assert (await it.send("\ud800ü")).data == b'"\\ud800\\u00fc"'
