"""The evidence of a story as commands of the trade: curl, grpcurl, websocat. Pure.

Secrets stand in them as variables of the shell: those of the target by their names, and those that
the peer told as `$ASSAY_SECRET_1` and so on.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.replay.story import Deed, Opening, Request, Story, Utterance
from conformance.shell import curl, grpcurl
from conformance.target import Target

__all__ = ["commands"]

_LONGEST = 20_000
"""Characters of a body that a command holds."""

_MARK = re.compile(r"assay-secret-(\d+)")
_OF_HANDSHAKE = re.compile(r"(host|upgrade|connection|user-agent|sec-websocket-.*)$")


def commands(story: Story, target: Target) -> str:
    """One a line, for each request that is evidence, and for each connection that a message came
    on; empty where a shell could not say them.
    """
    speech = _Speech(story.secrets, target)
    lines: list[str] = []
    spoken: set[str] = set()
    for at, step in enumerate(story.steps):
        if not step.shown:
            continue
        if isinstance(step, Request):
            lines.append(speech.request(step))
        elif isinstance(step, Deed):
            continue
        elif step.connection not in spoken:
            spoken.add(step.connection)
            lines.append(speech.talk(step.connection, story.steps[: at + 1]))
    return "\n".join(filter(None, lines))


class _Speech:
    def __init__(self, secrets: Mapping[str, str], target: Target) -> None:
        self._secrets = secrets
        self._target = target
        self._secure = target.url.startswith("https")

    def request(self, step: Request) -> str:
        return self._grpcurl(step) if step.method == "RPC" else self._curl(step)

    def _curl(self, step: Request) -> str:
        form = step.form
        words = curl(
            step.method,
            step.path if "://" in step.path else self._target.url.rstrip("/") + step.path,
            headers=step.headers,
            body=_text(step.body),
            form=None if form is None else {name: _part(name, form[name]) for name in form},
            identity=step.identity,
            flags=self._tls("--cacert", "-k", "--cert", "--key"),
        )
        return self._joined(words)

    def _grpcurl(self, step: Request) -> str:
        words = grpcurl(
            self._target.grpc,
            step.path.removeprefix("/"),
            headers=step.headers,
            body=_text(step.body),
            flags=[
                *([] if self._secure else ["-plaintext"]),
                *self._tls("-cacert", "-insecure", "-cert", "-key"),
            ],
        )
        return self._joined(words)

    def talk(self, connection: str, before: Sequence[Any]) -> str:
        """What we said on a connection until then, and how it was opened."""
        own = [each for each in before if getattr(each, "connection", "") == connection]
        opening = next((each for each in own if isinstance(each, Opening)), None)
        said = [each for each in own if isinstance(each, Utterance) and each.sender == "assay"]
        if opening is None or opening.identity or self._target.tls.cert or not _sayable(said):
            return ""
        words = ["websocat", "-n", *(["-k"] if self._secure and self._trusting else [])]
        for name, value in opening.headers.items():
            if not _OF_HANDSHAKE.match(name):
                words += ["-H", f"{name}: {value}"]
        offered = opening.headers.get("sec-websocket-protocol", "")
        words += ["--protocol", offered] if offered else []
        command = self._joined([*words, self._target.ws_url + opening.path])
        if self._secure and self._target.tls.ca:
            command = f"SSL_CERT_FILE={shlex.quote(self._target.tls.ca)} {command}"
        messages = [_text(each.data) for each in said if each.kind == "text"]
        if messages:
            typed = self._joined(["printf", "%s\\n", *messages])
            command = f"{typed} | {command}"
        return command

    @property
    def _trusting(self) -> bool:
        return self._target.tls.verify is False

    def _tls(self, authority: str, trusting: str, cert: str, key: str) -> list[str]:
        if not self._secure:
            return []
        tls = self._target.tls
        words = [authority, tls.ca] if tls.ca else [trusting] if self._trusting else []
        words += [cert, tls.cert] if tls.cert else []
        return [*words, key, tls.key] if tls.key else words

    def _joined(self, words: Sequence[str]) -> str:
        return " ".join("".join(self._quoted(word)) for word in words)

    def _quoted(self, word: str) -> Iterator[str]:
        """A word for a shell, in which variables are filled in and nothing else is."""
        end = 0
        for match in _MARK.finditer(word):
            if match.start() > end:
                yield shlex.quote(word[end : match.start()])
            yield f'"${self._secrets.get(match[0], f"ASSAY_SECRET_{match[1]}")}"'
            end = match.end()
        if end < len(word) or not word:
            yield shlex.quote(word[end:])


def _sayable(said: Sequence[Utterance]) -> bool:
    """Is it all text, each message on a line of its own?"""
    texts = [each for each in said if each.kind not in ("ping", "pong", "close")]
    return all(
        each.kind == "text" and b"\n" not in each.data and len(each.data) < _LONGEST
        for each in texts
    )


def _part(name: str, part: Any) -> str:
    if isinstance(part, Mapping) and part.keys() == {"base64"}:
        return f"@{name}.bin"
    return part if isinstance(part, str) else json.dumps(part, ensure_ascii=False)


def _text(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")[:_LONGEST]
