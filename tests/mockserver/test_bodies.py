"""Forms as they come off the wire."""

from __future__ import annotations

import base64

import pytest

from mockserver.bodies import read_form
from mockserver.forms import write_form

_LABEL = "multipart/form-data; boundary=edge"
_WASM = b"\0asm\x01\0\0\0\r\n--not-the-edge"


def _form(*parts: tuple[str, bytes]) -> bytes:
    lines = [b"--edge\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n" for head, data in parts]
    return b"".join(lines) + b"--edge--\r\n"


def test_file_is_base64_and_json_is_what_it_says() -> None:
    body = _form(
        ('Content-Disposition: form-data; name="wasm"; filename="a.wasm"', _WASM),
        ('Content-Disposition: form-data; name="config"', b'{"name": "pilot"}'),
    )
    wanted = {"wasm": base64.b64encode(_WASM).decode(), "config": {"name": "pilot"}}
    assert read_form(body, _LABEL) == wanted


def test_what_the_suite_writes_is_read_back() -> None:
    body, label = write_form({"wasm": _WASM, "config": {"name": "naïve ✓"}, "note": "plain"})
    assert read_form(body, label) == {
        "wasm": base64.b64encode(_WASM).decode(),
        "config": {"name": "naïve ✓"},
        "note": "plain",
    }


def test_json_file_is_json_where_it_says_so() -> None:
    head = 'Content-Disposition: form-data; name="config"; filename="c.json"'
    head += "\r\nContent-Type: application/json"
    assert read_form(_form((head, b"[1]")), _LABEL) == {"config": [1]}


def test_part_of_another_type_is_base64_without_a_file_name() -> None:
    head = 'Content-Disposition: form-data; name="wasm"\r\nContent-Type: application/wasm'
    assert read_form(_form((head, b"\0asm")), _LABEL) == {"wasm": "AGFzbQ=="}


def test_text_that_is_no_json_is_text() -> None:
    head = 'Content-Disposition: form-data; name="config"'
    assert read_form(_form((head, b"{name: pilot")), _LABEL) == {"config": "{name: pilot"}


def test_first_of_two_parts_counts() -> None:
    head = 'Content-Disposition: form-data; name="config"'
    assert read_form(_form((head, b"1"), (head, b"2")), _LABEL) == {"config": 1}


@pytest.mark.parametrize(
    ("body", "label", "why"),
    [
        (b"--edge--\r\n", "multipart/form-data", "names no boundary"),
        (b"{}", "application/json", "is labelled application/json"),
        (b"{}", "", "is labelled not at all"),
        (b"", _LABEL, "is no form"),
        (b"nonsense", _LABEL, "is no form"),
        (b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n1', _LABEL, "is no form"),
        (b"--edge\r\n\r\nnameless\r\n--edge--\r\n", _LABEL, "is no form"),
    ],
)
def test_what_is_no_form_is_refused(body: bytes, label: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_form(body, label)
