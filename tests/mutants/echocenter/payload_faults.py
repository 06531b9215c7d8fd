"""What was said: the payload, the type and the JSON around them."""

from __future__ import annotations

import asyncio
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import unquote_plus

from .fault import Fault, Seed, Talk, table
from .seeds import chat, lose, payload, send

__all__ = ["PAYLOAD_FAULTS"]


def _parsed(text: str) -> Any:
    """A text that happens to be JSON becomes what it says."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _cut(size: int) -> Callable[[str], Any]:
    return lambda text: text[:size]


def _no_format(text: str) -> str:
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf")


def _mojibake(text: str) -> str:
    return text.encode().decode("latin-1")


def _mark(name: str) -> str:
    """Nobody says that such signs, or so many, must pass."""
    return "~" if name in {"no_controls", "nul", "cut_60k"} else ""


def _texts() -> Iterator[tuple[str, str, Callable[[str], Any]]]:
    yield "trimmed", "white space at both ends is lost", str.strip
    yield "collapsed", "runs of white space become one blank", lambda t: re.sub(r" {2,}", " ", t)
    yield "one_line", "line ends become blanks", lambda t: t.replace("\n", " ")
    yield "first_line", "only the first line is delivered", lambda t: t.split("\n", 1)[0]
    yield "crlf", "CR LF becomes LF", lambda t: t.replace("\r\n", "\n")
    yield "tabs", "tabs become blanks", lambda t: t.replace("\t", "    ")
    yield "newline", "a line end is added", lambda t: t + "\n"
    for size in (64, 255, 1024, 4096):
        yield f"cut_{size}", f"the text is cut after {size} signs", _cut(size)
    yield (
        "cut_bytes",
        "the text is cut after 500 bytes",
        lambda t: t.encode()[:500].decode(errors="ignore"),
    )
    yield "cut_60k", "the text is cut after 60000 signs", lambda t: t[:60000]
    yield "nfc", "the text is normalised to NFC", lambda t: unicodedata.normalize("NFC", t)
    yield "nfkc", "the text is normalised to NFKC", lambda t: unicodedata.normalize("NFKC", t)
    yield "escaped", "the text is escaped for HTML", html.escape
    yield "unescaped", "HTML entities are resolved", html.unescape
    yield "tags", "what looks like a tag is removed", lambda t: re.sub(r"<[^>]*>", "", t)
    yield "backslash", "backslashes are lost", lambda t: t.replace("\\", "")
    yield "quotes", "quotation marks are lost", lambda t: t.replace('"', "")
    yield "apostrophes", "apostrophes are doubled", lambda t: t.replace("'", "''")
    yield "smart", "quotation marks become typographic", lambda t: t.replace('"', "\u201d")
    yield "percent", "percent escapes are resolved", unquote_plus
    yield (
        "ascii",
        "letters beyond ASCII become question marks",
        lambda t: t.encode("ascii", "replace").decode(),
    )
    yield (
        "no_emoji",
        "signs beyond the BMP are lost",
        lambda t: "".join(s for s in t if ord(s) < 0x10000),
    )
    yield "mojibake", "UTF-8 is taken for Latin-1", _mojibake
    yield "no_format", "joiners and marks of direction are lost", _no_format
    yield (
        "no_controls",
        "control signs are lost",
        lambda t: "".join(s for s in t if s >= " " or s in "\n\r\t"),
    )
    yield "nul", "the text ends at a NUL", lambda t: t.split("\0", 1)[0]
    yield "lower", "the text is in lower case", str.lower
    yield "title", "the first letter becomes a capital", lambda t: t[:1].upper() + t[1:]
    yield "parsed", "a text that is JSON is delivered parsed", _parsed
    yield (
        "number",
        "a text of digits becomes a number",
        lambda t: int(t) if t.isascii() and t.isdigit() else t,
    )
    yield (
        "yes",
        "the texts true, false and null become literals",
        lambda t: {"true": True, "false": False, "null": None}.get(t, t),
    )
    yield "null", "an empty text becomes null", lambda t: t or None
    yield "wrapped", "the text is put into an object", lambda t: {"text": t}
    yield "listed", "the text is put into an array", lambda t: [t]
    yield "quoted", "the text is encoded as JSON once more", json.dumps
    yield "named", "the text has a prefix", lambda t: f"message: {t}"
    yield (
        "masked",
        "what looks like a secret is starred out",
        lambda t: re.sub(r"[0-9a-f]{8,}", "***", t),
    )
    yield "directive", "the mark [DIRECTIVE] is removed", lambda t: t.removeprefix("[DIRECTIVE] ")
    yield "templated", "braces are taken for a template", lambda t: re.sub(r"\{\w*\}", "", t)
    yield "linked", "an address becomes a link", lambda t: re.sub(r"(https?://\S+)", r"<\1>", t)
    yield "constant", "the text is always the same", lambda t: "message received"


def _type(change: Callable[[Any], Any]) -> Seed:
    return chat(lambda one: one.out.update(type=change(one.out["type"])))


def _renamed(new: str) -> Seed:
    def edit(one: Talk) -> None:
        if "payload" in one.out:
            one.out[new] = one.out.pop("payload")

    return chat(edit)


def _previous(one: Talk) -> None:
    """The text of the message before."""
    true = one.out.get("payload")
    one.out["payload"] = one.memo.get("text", true)
    one.memo["text"] = true


def _first(one: Talk) -> None:
    one.out["payload"] = one.memo.setdefault(one.line.principal.id, one.out.get("payload"))


def _grown(one: Talk) -> None:
    """Each message holds all that its sender said before."""
    key = one.line.principal.id
    one.memo[key] = f"{one.memo.get(key, '')}{one.out.get('payload')}"
    one.out["payload"] = one.memo[key]


def _repeated(one: Talk) -> bool:
    """The same text as before is taken for a mistake."""
    key, text = ("text", one.line.principal.id), one.out.get("payload")
    same = key in one.memo and one.memo[key] == text
    one.memo[key] = text
    return same


def _long(limit: int) -> Seed:
    return lose(lambda one: len(str(one.out.get("payload"))) > limit)


def _closes_if_long(one: Talk) -> None:
    if len(str(one.out.get("payload"))) > 2000:
        one.copies = 0
        one.after.append(lambda: one.line.close(1009, "too long"))


def _says(*texts: str) -> Seed:
    return lose(lambda one: str(one.out.get("payload")).startswith(texts))


def _envelopes() -> Iterator[tuple[str, str, Seed]]:
    yield "chat.payload.renamed.message", "the text is in `message`", _renamed("message")
    yield "chat.payload.renamed.content", "the text is in `content`", _renamed("content")
    yield (
        "chat.payload.missing",
        "the payload is left out",
        chat(lambda one: one.out.pop("payload")),
    )
    yield "chat.payload.previous", "the text is that of the message before", chat(_previous)
    yield "chat.payload.first", "a sender's first text comes again and again", chat(_first)
    yield "chat.payload.grown", "a text holds all earlier ones of its sender", chat(_grown)
    yield "chat.payload.repeat_lost", "a text equal to the one before is lost", lose(_repeated)
    yield (
        "~chat.payload.empty_lost",
        "an empty text is lost",
        lose(lambda one: one.out.get("payload") == ""),
    )
    yield (
        "~chat.payload.blank_lost",
        "a text of blanks is lost",
        lose(lambda one: not str(one.out.get("payload", "x")).strip()),
    )
    yield "chat.payload.4k_lost", "a text of more than 4 KiB is lost", _long(4096)
    yield "chat.payload.1k_lost", "a text of more than 1000 signs is lost", _long(1000)
    yield (
        "~chat.payload.long_closes",
        "a text of 2001 signs ends the connection",
        chat(_closes_if_long),
    )
    yield "chat.payload.command_lost", "a text that starts with / or ! is lost", _says("/", "!")
    yield "chat.payload.braces_lost", "a text that starts with { or [ is lost", _says("{", "[")
    yield "chat.payload.at_lost", "a text that starts with @ or # is lost", _says("@", "#")
    yield "chat.type.lower", "the type is chat", _type(str.lower)
    yield "chat.type.message", "the type is MESSAGE", _type(lambda _: "MESSAGE")
    yield "chat.type.suffix", "the type is CHAT_MESSAGE", _type(lambda _: "CHAT_MESSAGE")
    yield "chat.type.number", "the type is a number", _type(lambda _: 1)
    yield "chat.type.missing", "the type is left out", chat(lambda one: one.out.pop("type"))
    yield (
        "chat.type.called_event",
        "the type is in `event`",
        chat(lambda one: one.out.update(event=one.out.pop("type"))),
    )
    yield "chat.type.stream", "a CHAT is delivered as CHAT_STREAM", _type(lambda _: "CHAT_STREAM")
    yield (
        "chat.envelope.data",
        "everything but the type is in `data`",
        chat(lambda one: setattr(one, "out", {"type": "CHAT", "data": one.out})),
    )
    yield "chat.envelope.array", "the message is in an array", send(lambda s: f"[{s}]")
    yield "chat.envelope.quoted", "the message is a JSON string of JSON", send(json.dumps)
    yield "~chat.frame.binary", "the message is in a binary frame", send(lambda s: s.encode())
    yield (
        "chat.frame.python",
        "the message is a Python literal",
        send(lambda s: repr(json.loads(s))),
    )
    yield "chat.frame.comma", "there is a comma too many", send(lambda s: s[:-1] + ",}")
    yield (
        "chat.frame.comment",
        "there is a comment in the JSON",
        send(lambda s: s[:-1] + " // sent\n}"),
    )
    yield "chat.frame.bom", "a byte order mark stands before the JSON", send(lambda s: "\ufeff" + s)
    yield "chat.frame.nul", "a NUL stands behind the JSON", send(lambda s: s + "\0")
    yield "chat.frame.prefix", "the JSON has a prefix as in socket.io", send(lambda s: "42" + s)
    yield "chat.frame.half", "the second half is missing", send(lambda s: s[: len(s) // 2])
    yield (
        "~chat.frame.nan",
        "a field has the value NaN",
        send(lambda s: s[:-1] + ', "latency": NaN}'),
    )
    yield "chat.frame.joined", "messages close together share a frame", Seed(talk=_joined)
    yield "chat.frame.split", "a long message is sent as two", Seed(talk=_split)


async def _joined(one: Talk) -> None:
    """The write pump of a well-known example: whatever waits is joined by line ends."""
    if one.kind != "CHAT":
        return
    waiting = one.memo.setdefault("waiting", {})
    for line in one.lines:
        texts = waiting.setdefault(line, [])
        texts.append(one.hub.encode(one.out))
        if len(texts) == 1:
            one.hub.spawn(_flush(one, texts, waiting))
    one.copies = 0


async def _flush(one: Talk, texts: list[str], waiting: dict[Any, list[str]]) -> None:
    await asyncio.sleep(0.03)
    for line in [line for line, found in waiting.items() if found is texts]:
        del waiting[line]
        line.send("\n".join(texts))


async def _split(one: Talk) -> None:
    text = one.out.get("payload")
    if one.kind == "CHAT" and isinstance(text, str) and len(text) > 500:
        one.out["payload"] = text[:500]
        one.more += [(line, {**one.out, "payload": text[500:]}) for line in one.lines]


PAYLOAD_FAULTS: Final[tuple[Fault, ...]] = tuple(
    table(
        "3.B Receiving Instructions",
        [
            *(
                (f"{_mark(name)}chat.payload.{name}", summary, payload(change))
                for name, summary, change in _texts()
            ),
            *_envelopes(),
        ],
    )
)
