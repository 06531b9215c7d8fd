"""A badge says what the certificate says, and harms no page that it is put into."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from reports.badge import shields_badge, svg_badge
from reports.certificate import Peer
from tests.reports.certifiable import certificate, names

_SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("verdicts", "level", "colour"),
    [({}, "full", "brightgreen"), ({names("MUST", "implied")[0]: "warn"}, "core", "blue")],
)
def test_badge_names_the_peer_the_level_and_the_last_day(
    tmp_path: Path, verdicts: dict[str, str], level: str, colour: str
) -> None:
    issued = certificate(tmp_path, verdicts)
    root = ET.fromstring(svg_badge(issued))
    label, message = (each.text for each in root.iter(f"{_SVG}text"))
    assert label == f"Assay aitbc {issued.revision}"
    assert message == f"Scheduler 1.4: coordinator {level} until 2027-11-21"
    assert root.get("role") == "img"
    assert root.get("aria-label") == f"{label}: {message}"
    assert "passed" in (root.findtext(f"{_SVG}title") or "")
    said = json.loads(shields_badge(issued))
    assert said == {"schemaVersion": 1, "label": label, "message": message, "color": colour}


@pytest.mark.parametrize("name", ['<script>alert("1")</script>&', "\x1b[2J\u202eevil", "n" * 5000])
def test_badge_is_harmless_whatever_the_peer_is_called(tmp_path: Path, name: str) -> None:
    issued = replace(certificate(tmp_path), peer=Peer(name=name, version="'\">"))
    root = ET.fromstring(svg_badge(issued))
    assert {each.tag.removeprefix(_SVG) for each in root.iter()} == {
        "svg", "title", "rect", "g", "text",
    }  # fmt: skip
    assert int(root.get("width", "0")) < 1000


def test_fields_lie_side_by_side_and_words_within_them(tmp_path: Path) -> None:
    root = ET.fromstring(svg_badge(certificate(tmp_path)))
    left, right = root.iter(f"{_SVG}rect")
    assert left.get("width") == right.get("x")
    wide = int(left.get("width", "0")) + int(right.get("width", "0"))
    assert root.get("width") == str(wide)
    for field, text in zip((left, right), root.iter(f"{_SVG}text"), strict=True):
        assert int(text.get("textLength", "0")) < int(field.get("width", "0"))
