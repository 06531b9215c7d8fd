"""Messages by descriptors go into bytes, and bytes that are none are refused."""

from __future__ import annotations

import pytest

from conformance.fuzz.protobuf import calls, malformed
from schemas import load
from schemas.protobuf import codec
from tests.conformance.fuzz.test_strategies import drawn

CODEC = codec(load("caxton"))
NAMES = sorted(
    f"{file.package}.{message.name}"
    for file in CODEC.files
    if file.package == "caxton.v1"
    for message in file.message_type
)


@pytest.mark.parametrize("name", NAMES)
def test_each_message_is_drawn_to_what_its_bytes_say(name: str) -> None:
    descriptor = CODEC.descriptor(name)
    assert descriptor is not None
    for said in drawn(calls(descriptor), 15):
        read = CODEC.decode(name, CODEC.encode(name, said))
        assert said.keys() <= read.keys()


@pytest.mark.parametrize("name", ["caxton.v1.SendMessageRequest", "caxton.v1.ListAgentsRequest"])
def test_malformed_bytes_are_no_message(name: str) -> None:
    for data in drawn(malformed(CODEC, name), 40):
        with pytest.raises(ValueError, match="is no"):
            CODEC.decode(name, data)
