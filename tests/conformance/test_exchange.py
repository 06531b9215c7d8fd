"""An exchange as data, as a record, and as a command that shows it again."""

from __future__ import annotations

import asyncio
import json
import math
import shlex
from typing import Any

import pytest

import mockserver
from conformance.exchange import MISSING, Exchange, of_transcript, parse_json, shell_commands
from conformance.masking import MASK, Masker
from mockserver.transcript import HttpExchange

OPEN = Masker()


def exchange(**fields: Any) -> Exchange:
    return Exchange(**{"operation": "getHealth", "method": "GET", "url": "http://h/x", **fields})


class TestJson:
    @pytest.mark.parametrize(
        "body",
        [
            b"", b" ", b"{", b"NaN", b'{"a": Infinity}', b"[-Infinity]", b"\xff\xfe", b"{'a': 1}",
            b'"\xed\xa0\x80"', b'{"a": 1} x', b"\xef\xbb\xbf{}",
        ],
    )  # fmt: skip
    def test_what_is_not_json_is_missing(self, body: bytes) -> None:
        with pytest.raises(ValueError):  # noqa: PT011  # each in words of its own
            parse_json(body)
        assert exchange(answer=body).json is MISSING
        assert exchange(answer=body).at("") is MISSING

    @pytest.mark.parametrize("body", [b"null", b"0", b'""', b"[]", b"{}", b" {} \n", b"1e999"])
    def test_what_is_json_is_there(self, body: bytes) -> None:
        assert exchange(answer=body).json is not MISSING

    @pytest.mark.parametrize(
        ("body", "whole"), [(b"7.0", True), (b"7e2", True), (b"-7.0", True), (b"7.5", False)]
    )
    def test_a_whole_number_is_one_however_it_is_written(self, body: bytes, whole: bool) -> None:
        found = exchange(answer=body).json
        assert isinstance(found, int) is whole
        assert found == float(body)

    @pytest.mark.parametrize("body", [b"1" * 5000, b"-" + b"9" * 4400, b"1e999", b"-1e400"])
    def test_a_peer_may_say_a_number_of_any_size(self, body: bytes) -> None:
        said = exchange(answer=b"[%s]" % body).json
        assert math.isfinite(said[0])
        assert (said[0] < 0) is body.startswith(b"-")

    def test_a_peer_need_not_read_a_number_of_any_length(self) -> None:
        with pytest.raises(ValueError, match="digits"):
            parse_json(b"1" * 5000)

    def test_a_number_beyond_what_is_exact_stays_as_it_is(self) -> None:
        assert isinstance(exchange(answer=b"1e300").json, float)

    @pytest.mark.parametrize(("depth", "there"), [(199, True), (201, False), (90_000, False)])
    @pytest.mark.parametrize(("start", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
    def test_nesting_is_read_as_far_as_it_can_be_judged(
        self, depth: int, there: bool, start: bytes, end: bytes
    ) -> None:
        seen = exchange(answer=start * depth + b"1" + end * depth)
        assert (seen.json is not MISSING) is there

    @pytest.mark.parametrize("text", ["7.0", "7e0", "70E-1", "7"])
    def test_an_integer_is_one_however_it_is_written(self, text: str) -> None:
        said = exchange(status=200, answer=f'{{"total": {text}}}'.encode())
        assert type(said.at("/total")) is int
        assert said.at("/total") == 7
        kept = said.record(OPEN)["response"]["body"]["total"]
        assert type(kept) is type(json.loads(text)), "evidence has it as it was said"

    @pytest.mark.parametrize("text", ["7.5", "1e300", "-1e999"])
    def test_other_numbers_are_none(self, text: str) -> None:
        assert type(exchange(answer=text.encode()).json) is float

    def test_a_pointer_finds_its_value_or_nothing(self) -> None:
        seen = exchange(answer=b'{"a/b": [{"c": null}]}')
        assert seen.at("/a~1b/0/c") is None
        assert seen.at("/a~1b/1") is MISSING
        assert seen.at("/a~1b/0/c/d") is MISSING

    @pytest.mark.parametrize(
        ("status", "ok"), [(200, True), (299, True), (199, False), (300, False), (None, False)]
    )
    def test_success_is_the_two_hundreds(self, status: int | None, ok: bool) -> None:
        assert exchange(status=status).ok is ok


class TestRecord:
    def test_an_answered_exchange_is_written_whole(self) -> None:
        seen = exchange(
            method="POST",
            headers={"content-type": "application/json"},
            body=b'{"a": 1}',
            status=201,
            answer_headers={"x": "y"},
            answer=b"plain",
            seconds=0.12345678,
        )
        assert seen.record(OPEN) == {
            "operation": "getHealth",
            "request": {
                "method": "POST",
                "url": "http://h/x",
                "headers": {"content-type": "application/json"},
                "body": {"a": 1},
            },
            "response": {"status": 201, "headers": {"x": "y"}, "body": "plain"},
            "failure": None,
            "seconds": 0.123457,
        }

    def test_an_unanswered_exchange_says_why(self) -> None:
        record = exchange(failure="it hung with hunter22").record(Masker(["hunter22"]))
        assert record["response"] is None
        assert record["failure"] == f"it hung with {MASK}"

    def test_bytes_that_are_no_text_are_shown_as_escapes(self) -> None:
        record = exchange(body=b"a\xffb").record(OPEN)
        assert record["request"]["body"] == "a\\xffb"

    @pytest.mark.parametrize("body", [b"x" * 50_000, json.dumps(["y" * 10] * 9000).encode()])
    def test_long_bodies_are_cut_and_say_so(self, body: bytes) -> None:
        shown = exchange(status=200, answer=body).record(OPEN)["response"]["body"]
        assert isinstance(shown, str)
        assert shown.endswith(f"… ({len(body)} bytes)")
        assert len(shown) < 20_100
        assert shown[:20] == body[:20].decode()

    def test_a_body_at_the_limit_is_kept_whole(self) -> None:
        assert exchange(body=b"x" * 20_000).record(OPEN)["request"]["body"] == "x" * 20_000

    @pytest.mark.parametrize("depth", [150, 250, 600, 960, 5_000])
    def test_deep_bodies_survive(self, depth: int) -> None:
        body = b'{"password": "hunter22", "x": ' + b"[" * depth + b"]" * depth + b"}"
        record = exchange(status=200, body=body, answer=body).record(Masker(["hunter22"]))
        assert "hunter22" not in repr(record)
        assert record["request"]["body"] == record["response"]["body"]

    def test_what_a_mock_heard_becomes_an_exchange(self) -> None:
        heard = HttpExchange(
            number=3, at=0.0, real=0.0, took=0.25, method="POST", path="/tasks/submit", query="a=b",
            headers={"X-Thing": "1"}, body=b"{}", operation="submitTask", parameters={}, allowed=(),
            violations=(), status=0, answer_headers={"Y": "2"}, answer=b"",
        )  # fmt: skip
        seen = of_transcript(heard, "http://mock")
        assert seen.url == "http://mock/tasks/submit?a=b"
        assert seen.headers == {"x-thing": "1"}
        assert seen.answer_headers == {"y": "2"}
        assert (seen.status, seen.seconds) == (None, 0.25)
        assert "dropped" in seen.failure


class TestCurl:
    @pytest.mark.parametrize(
        "text",
        [
            "{}",
            'it\'s "quoted" `thrice` $HOME $(rm -rf x) \\ ; & | > * ? !',
            "line\nbreak\r\n\ttab",
            "ü 世界 🌍",
            "@/etc/passwd",
            "-d",
            "",
        ],
    )
    def test_a_command_is_what_a_shell_takes_apart_again(self, text: str) -> None:
        seen = exchange(
            method="POST",
            url="http://h/a'b?c=d&e=$f",
            headers={"x-odd": text.replace("\n", " "), "host": "h", "content-length": "3"},
            body=text.encode(),
        )
        words = shlex.split(shell_commands([seen], OPEN))
        header = f"x-odd: {text.replace(chr(10), ' ')}"
        data = ["--data-raw", text] if text else []
        url = "http://h/a'b?c=d&e=$f"
        assert words == ["curl", "-i", "-X", "POST", "-H", header, *data, url]

    def test_each_exchange_has_its_command(self) -> None:
        two = [exchange(url="http://h/1"), exchange(url="http://h/2"), exchange(url="")]
        assert shell_commands(two, OPEN) == "curl -i http://h/1\ncurl -i http://h/2"

    def test_secret_fields_of_a_body_are_masked_and_the_rest_is_json_still(self) -> None:
        body = b'{"api_key": "k-12345", "note": "say \\"hunter22\\"", "n": 1.50}'
        seen = exchange(method="POST", body=body)
        words = shlex.split(shell_commands([seen], Masker(["hunter22"])))
        assert json.loads(words[words.index("--data-raw") + 1]) == {
            "api_key": MASK,
            "note": f'say "{MASK}"',
            "n": 1.5,
        }

    def test_a_body_without_secrets_is_left_as_it_was_written(self) -> None:
        body = b'{"a" :1.50,"a":  2}'
        words = shlex.split(shell_commands([exchange(body=body)], OPEN))
        assert body.decode() in words

    async def test_a_command_really_does_it_again(self) -> None:
        name = 'it\'s\nan "agent" of $HOME'
        body = json.dumps({"agent_id": name, "agent_type": "worker"}).encode()
        async with mockserver.start("aitbc") as mock:
            seen = exchange(
                method="POST",
                url=f"{mock.url}/agents/register",
                headers={"content-type": "application/json"},
                body=body,
            )
            shell = await asyncio.create_subprocess_shell(
                f"{shell_commands([seen], OPEN)} -s --noproxy '*'",
                stdout=asyncio.subprocess.PIPE,
            )
            out, _ = await asyncio.wait_for(shell.communicate(), 20)
            (heard,) = mock.session.transcript
        assert out.startswith(b"HTTP/1.1 200")
        assert heard.json() == {"agent_id": name, "agent_type": "worker"}
        assert heard.violations == []


def test_parts_of_a_form_are_masked_by_name_and_in_commands() -> None:
    form = {"password": "canary", "file": b"abc", "known": {"token": "canary"}}
    sent = Exchange(operation="upload", method="POST", url="http://h/a", form=form, status=200)
    told = sent.record(Masker(["known"]))["request"]["body"]
    assert told == {"password": MASK, "file": "(3 bytes)", MASK: {"token": MASK}}
    assert "canary" not in shell_commands([sent], Masker())
