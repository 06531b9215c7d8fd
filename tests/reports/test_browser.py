"""report.html in a real browser: what it does, who can use it, and how it looks where it is shown.

Any Chromium that is installed serves; `ASSAY_BROWSER` names another one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reports.html import write_html
from tests.reports.builders import exchange, footer, frame, header, requirement, run, verdict
from tests.reports.lifelike import records

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install --group dev"
)
axe = pytest.importorskip(
    "axe_playwright_python", reason="axe is not installed: pip install --group dev"
)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_COMMAND = 'curl -i -X POST --data-binary \'{"a": "ö <b>"}\'\nhttp://127.0.0.1:9001/x'

# What is folded or out of sight is looked at too; of a thousand things alike, some will do.
_ALL_OPEN = """() => {
  const alike = [
    ".frames > li:nth-child(n+20)", ".requirement.pass:nth-child(n+3)", "pre > b:nth-of-type(n+30)"
  ];
  for (const each of document.querySelectorAll(alike.join())) each.remove();
  for (const each of document.querySelectorAll("details")) each.open = true;
  for (const each of document.querySelectorAll(".chapter")) {
    each.style.contentVisibility = "visible";
  }
}"""


def _installed() -> str:
    names = [os.environ.get("ASSAY_BROWSER", ""), *_NAMES]
    return next((path for path in map(shutil.which, filter(None, names)) if path), "")


pytestmark = pytest.mark.skipif(
    not _installed(), reason="no Chromium here: apt-get install chromium, or set ASSAY_BROWSER"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        try:  # root has no sandbox; the pages are our own and need no network
            path = _installed()
            chromium = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except playwright.Error as error:
            pytest.skip(f"{path} does not start: {error}")
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def lifelike(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with every kind of finding, and with hostile text in it."""
    folder = tmp_path_factory.mktemp("report")
    path = folder / "report.html"
    write_html(run(folder, *records()), path)
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four requirements that differ in all that can be asked for."""
    folder = tmp_path_factory.mktemp("small")
    evidence = {"exchanges": [exchange(None, {"a": 7})], "pointers": ["/a"]}
    made = run(
        folder,
        header(
            requirement("A-1", text="One holds."),
            requirement("A-2", level="SHOULD", basis="example", capability="tasks"),
            requirement("B-1", section="Tasks", basis="implied", capability="tasks"),
            requirement("B-2", section="Tasks", level="MAY"),
        ),
        verdict("A-1", "fail", message="seven", evidence={**evidence, "reproduce": _COMMAND}),
        verdict("A-2", "warn", message="eleven"),
        verdict("B-1", "inconclusive", message="the target has no hook 'advance'"),
        verdict("B-2"),
        footer(),
    )
    path = folder / "report.html"
    write_html(made, path)
    return path


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    """Opens a file in a page of its own; what goes wrong in it is in the page's `wrong`."""
    contexts = []

    def opened(path: Path, **options: Any) -> Any:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.wrong = []
        page.on("console", lambda message: page.wrong.append(message.text))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("dialog", lambda dialog: page.wrong.append(dialog.message))
        page.on("request", lambda request: page.wrong.append(request.url))
        page.goto(path.as_uri())
        assert page.wrong.pop(0) == path.as_uri()
        return page

    yield opened
    for context in contexts:
        context.close()


def _shown(page: Any) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        ".requirement",
        "rows => rows.filter(row => row.checkVisibility()).map(row => row.id.slice(2))",
    )
    return found


def test_opens_from_disk_and_stays_there(opened: Any, lifelike: Path) -> None:
    page = opened(lifelike)
    page.click("#fold")
    page.mouse.wheel(0, 20_000)
    assert page.title().startswith("Not conformant: ")  # and not what a body wants it to be
    assert page.wrong == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_axe_finds_nothing(opened: Any, lifelike: Path, width: int, scheme: str) -> None:
    page = opened(lifelike, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.evaluate(_ALL_OPEN)
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    told = [
        (each["id"], node["html"][:200], node.get("failureSummary", "")[:200])
        for each in found["violations"]
        for node in each["nodes"]
    ]
    assert told == []
    assert len(found["passes"]) > 20
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_filters_and_search_narrow_together(opened: Any, small: Path) -> None:
    page = opened(small)
    assert _shown(page) == ["A-1", "A-2", "B-1", "B-2"]
    page.select_option("[data-by=capability]", "tasks")
    assert _shown(page) == ["A-2", "B-1"]
    page.select_option("[data-by=section]", label="Tasks")
    assert _shown(page) == ["B-1"]
    assert page.inner_text("#shown") == "1 of 4 requirements shown"
    page.click("#reset")
    assert _shown(page) == ["A-1", "A-2", "B-1", "B-2"]
    assert page.inner_text("#shown") == ""
    page.click("[data-filter=fail]")
    page.click("[data-filter=warn]")
    assert _shown(page) == ["A-1", "A-2"]
    page.select_option("[data-by=level]", "SHOULD")
    page.select_option("[data-by=basis]", "example")
    assert _shown(page) == ["A-2"]
    page.fill("#search", "seven")
    assert _shown(page) == []
    assert page.is_visible("#nothing")
    page.click("#failed ~ ul a")  # a link shows what it leads to, whatever was asked for
    assert _shown(page) == ["A-1", "A-2", "B-1", "B-2"]
    assert page.wrong == []


def test_keyboard_alone_is_enough(opened: Any, small: Path) -> None:
    page = opened(small)
    focused = "document.activeElement"
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.dataset.filter") == "fail"
    page.keyboard.press("Space")
    assert _shown(page) == ["A-1"]
    assert page.get_attribute("[data-filter=fail]", "aria-pressed") == "true"
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate(f"{focused}.tagName") == "SUMMARY":
            break
    was = page.evaluate(f"{focused}.parentElement.open")
    page.keyboard.press("Enter")
    assert page.evaluate(f"{focused}.parentElement.open") is not was


def test_commands_are_copied_to_the_letter(opened: Any, small: Path) -> None:
    page = opened(small, permissions=["clipboard-read", "clipboard-write"])
    page.click("text=Reproduce by hand >> xpath=following-sibling::div[1] >> .copy")
    page.wait_for_selector("#copied:text('Copied')", state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == _COMMAND


def test_prints_what_broke_and_reads_without_script(opened: Any, small: Path) -> None:
    page = opened(small)
    page.click("#fold")  # all is folded then
    assert page.pdf()[:5] == b"%PDF-"
    page.emulate_media(media="print")
    assert not page.is_visible(".tools")
    plain = opened(small, java_script_enabled=False)
    assert plain.is_visible("text=A-1 >> nth=0")
    assert not plain.is_visible(".copy")
    assert not plain.is_visible(".narrow")


def test_what_a_peer_says_is_never_markup(opened: Any, tmp_path: Path) -> None:
    evil = "</script></pre><img src=x onerror=alert(1)><script>alert(2)</script>\u202e\x00"
    first = exchange({evil: evil}, evil * 2_000)
    first["response"]["headers"] = {evil: evil * 500, **{f"x-{n}": evil for n in range(500)}}
    first["request"]["url"] = "javascript:alert(3)//" + evil * 1_000
    evidence = {
        "exchanges": [first],
        "frames": [
            frame(evil, connection=evil),
            frame("\ufffd" + evil, kind="raw"),
            frame('{"half a pair": "\\ud800"}'),
        ],
        "pointers": [f"/{evil}"] * 50,
        "reproduce": evil,
    }
    made = run(tmp_path, header("A-1"), verdict("A-1", "fail", message=evil, evidence=evidence))
    path = tmp_path / "report.html"
    write_html(made, path)
    page = opened(path)
    assert page.wrong == []
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    assert page.evaluate("document.scripts.length") == 1
