"""The page that shows every operation."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import orjson
import pytest

from mockserver.pages import documentation_page
from schemas import Protocol


class Page(HTMLParser):
    """Elements that are opened and not closed, the cards, and what text areas hold."""

    VOID = ("meta", "input", "link", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cards: list[dict[str, str | None]] = []
        self.references: list[str | None] = []
        self.editors: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "details":
            self.cards.append(dict(attrs))
        self.references += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "textarea":
            self.editors.append(data)


@pytest.fixture(scope="module")
def page(aitbc: Protocol) -> Page:
    return Page(documentation_page(aitbc).decode())


def test_page_is_well_formed(page: Page) -> None:
    assert page.open == []


def test_page_has_a_card_for_every_operation(page: Page, aitbc: Protocol) -> None:
    assert [(card["data-method"], card["data-path"]) for card in page.cards] == [
        (operation.method, operation.path) for operation in aitbc
    ]


def test_page_needs_no_network(page: Page) -> None:
    assert page.references == ["openapi.json"]


def test_page_offers_the_examples(page: Page, aitbc: Protocol) -> None:
    examples = [each.request_example for each in aitbc if each.request_example is not None]
    assert [orjson.loads(text) for text in page.editors] == examples


def test_page_escapes_what_a_pack_says(aitbc: Protocol) -> None:
    fields: dict[str, Any] = {name: getattr(aitbc, name) for name in Protocol.__slots__}
    hostile = Protocol(**{**fields, "title": "<script>alert(1)</script>", "summary": "a & b"})
    text = documentation_page(hostile).decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "a &amp; b" in text
