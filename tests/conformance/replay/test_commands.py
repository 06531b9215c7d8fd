"""Commands that a shell takes apart into what was said."""

from __future__ import annotations

import asyncio
import shlex
from typing import Any

from conformance.replay.commands import commands
from conformance.replay.story import Opening, Request, Step, Story, Utterance
from conformance.target import Target, Tls

PLAIN = Target(url="http://h:1/base", grpc="h:2")
SECURE = Target(url="https://h:1", grpc="h:2", tls=Tls(ca="/ca.pem", cert="/me.pem", key="/me.key"))
TRUSTING = Target(url="https://h:1", grpc="h:2", tls=Tls(verify=False))
SECRETS = {"assay-secret-1": "ASSAY_TOKEN"}


def said(*steps: Step, target: Target = PLAIN) -> list[str]:
    story = Story(run="r", within="t", steps=steps, secrets=SECRETS)
    return commands(story, target).split("\n")


def request(**fields: Any) -> Request:
    return Request(**{"operation": "x", "method": "POST", "path": "/p", "shown": True, **fields})


def rpc(**fields: Any) -> Request:
    return request(method="RPC", path="/pack.Service/Do", headers={}, **fields)


def talk(**fields: Any) -> list[Step]:
    offered = {"sec-websocket-protocol": "v1, ann, assay-secret-1", "x-key": "assay-secret-1"}
    return [
        Opening(connection="ann", channel="c", path="/ws?t=assay-secret-7", headers=offered),
        Utterance(connection="ann", sender="assay", kind="text", data=b'{"it": "is \'so\'"}'),
        Utterance(connection="ann", sender="peer", kind="text", data=b"{}"),
        Utterance(connection="bob", sender="assay", kind="text", data=b"{}"),
        Utterance(connection="ann", sender="peer", kind="binary", shown=True, **fields),
    ]


def test_a_request_is_a_curl_with_variables_for_secrets() -> None:
    step = request(headers={"authorization": "Bearer assay-secret-1"}, body=b"it's $HOME")
    (line,) = said(step)
    assert line == (
        "curl -i -X POST -H 'authorization: Bearer '\"$ASSAY_TOKEN\" "
        "--data-raw 'it'\"'\"'s $HOME' http://h:1/base/p"
    )


async def test_a_shell_fills_the_variables_in_and_nothing_else() -> None:
    step = request(headers={"x": "a assay-secret-1 b assay-secret-2"}, body=b'$HOME `id` "q"')
    (line,) = said(step)
    shell = await asyncio.create_subprocess_shell(
        f"curl() {{ printf '<%s>' \"$@\"; }}; {line}",
        stdout=asyncio.subprocess.PIPE,
        env={"ASSAY_TOKEN": "t k", "ASSAY_SECRET_2": "two", "HOME": "/nowhere"},
    )
    out, _ = await shell.communicate()
    assert out.decode() == (
        '<-i><-X><POST><-H><x: a t k b two><--data-raw><$HOME `id` "q"><http://h:1/base/p>'
    )


def test_tls_is_that_of_the_target() -> None:
    (curl,) = said(request(), target=SECURE)
    assert "--cacert /ca.pem --cert /me.pem --key /me.key" in curl
    assert said(request(), target=TRUSTING)[0].startswith("curl -i -k ")
    assert said(rpc())[0] == "grpcurl -plaintext h:2 pack.Service/Do"
    assert said(rpc(), target=SECURE)[0] == (
        "grpcurl -cacert /ca.pem -cert /me.pem -key /me.key h:2 pack.Service/Do"
    )
    assert said(rpc(), target=TRUSTING)[0] == "grpcurl -insecure h:2 pack.Service/Do"


def test_a_form_has_its_files_by_name() -> None:
    form = {"wasm": {"base64": "AAAA"}, "config": {"a": 1}}
    (line,) = said(request(form=form, headers={"content-type": "multipart/form-data; boundary=x"}))
    assert shlex.split(line)[4:-1] == ["-F", "wasm=@wasm.bin", "-F", 'config={"a": 1}']


def test_a_message_is_a_websocat_that_says_what_was_said_before() -> None:
    (line,) = said(*talk())
    assert line == (
        "printf '%s\\n' '{\"it\": \"is '\"'\"'so'\"'\"'\"}' | websocat -n "
        "-H 'x-key: '\"$ASSAY_TOKEN\" --protocol 'v1, ann, '\"$ASSAY_TOKEN\" "
        "'ws://h:1/base/ws?t='\"$ASSAY_SECRET_7\""
    )
    assert " | websocat -n -k " in said(*talk(), target=TRUSTING)[0]
    authority = Target(url="https://h:1", tls=Tls(ca="/my ca.pem"))
    assert "| SSL_CERT_FILE='/my ca.pem' websocat -n" in said(*talk(), target=authority)[0]


def test_what_a_shell_cannot_say_has_no_command() -> None:
    lines = talk()
    lines[1] = Utterance(connection="ann", sender="assay", kind="text", data=b"two\nlines")
    assert said(*lines) == [""]
    lines[1] = Utterance(connection="ann", sender="assay", kind="raw", data=b"\x00")
    assert said(*lines) == [""]
    assert said(*talk(), target=SECURE) == [""], "it takes no certificate in PEM"
    assert said(*talk()[1:]) == [""]
