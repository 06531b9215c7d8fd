"""report.html: whole, self-contained, and deaf to what the peer put into it."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports.frames import TINTS
from reports.html import html
from tests.reports.builders import (
    error,
    exchange,
    footer,
    frame,
    handshake,
    header,
    known,
    requirement,
    run,
    verdict,
)
from tests.reports.lifelike import records

_VOID = {"meta", "input", "link", "br", "img", "hr"}
_HOSTILE = (
    "</script></style></pre></textarea>-->\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
)


class Page(HTMLParser):
    """Every element of a page in order, with its attributes; text apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.raw: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style"):
            self.raw[self.open[-1]] = self.raw.get(self.open[-1], "") + data
        else:
            self.text += data

    def having(self, name: str) -> list[str | None]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


@pytest.fixture
def lifelike(tmp_path: Path) -> Page:
    return Page(html(run(tmp_path, *records())))


def test_page_is_well_formed(lifelike: Page) -> None:
    assert lifelike.open == []
    ids = lifelike.having("id")
    assert len(ids) == len(set(ids))


def test_page_needs_no_network_and_runs_only_our_script(lifelike: Page) -> None:
    names = [tag for tag, _ in lifelike.tags]
    assert names.count("script") == names.count("style") == 1
    assert not {"link", "img", "iframe", "object", "base", "form"} & set(names)
    assert lifelike.having("src") == []
    assert all(href and href.startswith("#") for href in lifelike.having("href"))
    assert not [name for _, attributes in lifelike.tags for name in attributes if name[:2] == "on"]
    assert lifelike.having("style") == []
    assert "url(" not in lifelike.raw["style"]


def test_policy_allows_these_very_texts(lifelike: Page) -> None:
    policy = next(
        attributes["content"] or ""
        for tag, attributes in lifelike.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    for kind in ("style", "script"):
        digest = hashlib.sha256(lifelike.raw[kind].encode()).digest()
        assert f"{kind}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy


def test_links_lead_somewhere(lifelike: Page) -> None:
    ids = {f"#{name}" for name in lifelike.having("id")}
    assert set(lifelike.having("href")) <= ids


def test_page_tells_what_was_found(lifelike: Page, tmp_path: Path) -> None:
    told = run(tmp_path, *records())
    for part in (
        "Not conformant",
        "2 requirements fail beyond the baseline: AITBC-REG-005, AITBC-REG-007.",
        f"{told.conformance_percent}",
        f"passed: {told.counts['pass']} of {told.applicable} applicable requirements",
        "says “ok” where “success” is fixed",
        "/agent/registered_at",
        "200 OK",
        "No answer",
        "the connection was closed",
        "cut here: the first 20 of about",
        "the target file has no hook expire_agent",
        "the vendor mends it in 2.5, ticket COORD-118",
        "KeyError: 'agent_id'",
        "assay test aitbc --url https://coordinator.example.test/v1",
    ):
        assert part in lifelike.text
    pressed = [one for tag, one in lifelike.tags if tag == "button" and "aria-pressed" in one]
    assert [one["data-filter"] for one in pressed] == [
        "fail",
        "warn",
        "pass",
        "inconclusive",
        "not-applicable",
    ]


def test_offending_values_are_marked(tmp_path: Path) -> None:
    evidence = {"exchanges": [exchange(None, {"a": {"b": 7}})], "pointers": ["/a/b", "/a/c"]}
    record = verdict("A-1", "fail", evidence=evidence)
    page = html(run(tmp_path, header("A-1"), record, footer()))
    assert "<b>&#34;b&#34;: </b><mark>7</mark>" in page
    assert '<b>&#34;c&#34;: </b><mark class="missing">missing</mark>' in page


def test_conversation_tells_who_spoke_where(tmp_path: Path) -> None:
    said = [
        frame({"a": 1}, "assay", seconds=0.001),
        frame("", kind="ping", connection="human"),
        frame({"a": {"b": 7}}, connection="human", seconds=1.5),
    ]
    evidence = {"exchanges": [handshake()], "frames": said, "pointers": ["/a/b"]}
    record = verdict("A-1", "fail", evidence=evidence)
    text = html(run(tmp_path, header("A-1"), record, footer()))
    page = Page(text)
    assert "101 Switching Protocols" in page.text
    assert "Offending, in frame 3" in page.text
    assert "1. assay agent-1 text, 0.001 s" in page.text
    assert "2. coordinator human ping, 0.250 s" in page.text
    assert "3. coordinator human text, 1.500 s" in page.text
    assert "<b>&#34;b&#34;: </b><mark>7</mark>" in text
    sides = [value for value in page.having("class") if value and value.startswith("said ")]
    assert sides[-3:] == ["said ours tint-0", "said theirs tint-1", "said theirs tint-1"]


def test_frames_need_no_exchange(tmp_path: Path) -> None:
    evidence = {"frames": [frame("1002", kind="close")]}
    record = verdict("A-1", "fail", evidence=evidence)
    page = Page(html(run(tmp_path, header("A-1"), record, footer())))
    assert "Said over WebSocket" in page.text
    assert "What was said" not in page.text
    assert "1. coordinator agent-1 close, 0.250 s" in page.text


def test_each_colour_of_a_connection_has_its_style(lifelike: Page) -> None:
    worn = {name for value in lifelike.having("class") for name in (value or "").split()}
    tints = {f"tint-{number}" for number in range(TINTS)}
    assert {name for name in worn if name.startswith("tint-")} == tints
    assert all(f".{tint} {{ --tone:" in lifelike.raw["style"] for tint in tints)


def test_long_conversation_is_bounded(tmp_path: Path) -> None:
    evidence = {"frames": [frame({"number": number}) for number in range(20_000)]}
    record = verdict("A-1", "fail", evidence=evidence)
    text = html(run(tmp_path, header("A-1"), record, footer()))
    assert len(text) < 500_000
    assert "earlier frames, see results.json" in text
    assert ">20000.</span>" in text


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    evil = _HOSTILE + "\x1b\u202e"
    first = exchange({evil: evil}, evil, operation=evil)
    first["request"].update(method=evil, url=evil, headers={evil: evil})
    evidence = {
        "exchanges": [first, exchange(evil, {evil: [evil]}, failure=evil)],
        "pointers": [f"/{evil.replace('/', '~1')}", "/x" + evil],
        "expected": evil,
        "actual": {evil: evil},
        "reproduce": evil,
    }
    said = [
        frame(evil, kind="raw", connection=evil),
        frame({evil: evil}, connection=evil),
    ]
    spoken = {**evidence, "frames": said}
    rows = [
        requirement(evil, text=evil, section=evil, capability=evil),
        requirement("A-2", section=evil),
    ]
    made = run(
        tmp_path,
        header(
            *rows,
            peer={"name": evil, "url": evil, "command": [evil]},
            protocol=dict.fromkeys(("id", "title", "version", "document"), evil),
            run=evil,
            assay=evil,
            only=evil,
            command=evil,
            claimed=[evil],
            unclaimed=[evil],
            baseline=[known("A-2", evil), known(evil, evil)],
        ),
        verdict(evil, "warn", evil, evil, evidence=evidence),
        verdict("A-2", "fail", evil, evil, evidence=spoken),
        error(evil, evil),
        footer("broken", evil),
    )
    text = html(made)
    page = Page(text)
    names = [tag for tag, _ in page.tags]
    assert page.open == []
    assert names.count("script") == names.count("style") == 1
    assert "img" not in names
    assert page.having("onerror") == []
    assert "alert(1)" not in page.raw["script"]
    assert page.text.count("<script>alert(1)</script>") > 30
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([verdict("A-1"), footer()], "No requirement fails"),
        ([], "The run has no footer: its record ends after line 1."),
        ([footer("unreachable", "refused")], "The peer could not be reached: refused."),
        ([verdict("A-1", "not-applicable"), footer()], "0 of 0 applicable requirements"),
    ],
)
def test_other_endings(tmp_path: Path, found: list[dict[str, object]], words: str) -> None:
    assert words in Page(html(run(tmp_path, header("A-1"), *found))).text


def test_many_failures_begin_folded(tmp_path: Path) -> None:
    for count, unfolded in ((5, 5), (6, 0)):
        ids = [f"A-{number}" for number in range(count)]
        made = run(tmp_path, header(*ids), *(verdict(name, "fail") for name in ids), footer())
        page = Page(html(made))
        assert len(page.having("open")) == unfolded
