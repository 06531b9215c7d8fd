"""The summary of a pull request: findings first, and nothing that a peer says is markup."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt

from reports.markdown import markdown, write_markdown
from tests.reports.builders import (
    error,
    exchange,
    footer,
    header,
    known,
    requirement,
    run,
    verdict,
)
from tests.reports.lifelike import records

HOSTILE = (
    "@somebody #12 ![x](http://evil/x.png) <img src=http://evil/y> </code></details>\n"
    "```\n# shout\n| a | b |\n[a]: http://evil\n````` www.evil.example <!-- $x$ :tada: **b**"
)


def test_the_verdict_comes_first_and_then_what_fails(tmp_path: Path) -> None:
    text = markdown(run(tmp_path, *records()))
    assert text.startswith("## Not conformant: <code>staging coordinator 2.4.1</code>\n")
    order = ["**85 %**", "### Failures (2)", "### Warnings (2)", "### Faults of Assay",
             "### Known failures (1)", "### Inconclusive ("]  # fmt: skip
    places = [text.index(each) for each in order]
    assert places == sorted(places)
    assert 'at: /status = "ok"' in text
    assert "assay replay" in text


def test_a_conformant_run_is_short(tmp_path: Path) -> None:
    made = run(tmp_path, header("A-1"), verdict("A-1"), footer())
    assert markdown(made) == (
        "## Conformant: <code>a peer</code>\n\n"
        "Demo Protocol 1.0, coordinator, standard profile, seed 7\n\n"
        "**100 %** of 1 applicable requirement passed, 100 % were judged.\n\n"
        "| fail | warn | pass | inconclusive | not-applicable |\n|---:|---:|---:|---:|---:|\n"
        "| 0 | 0 | 1 | 0 | 0 |\n\n"
    )


def test_a_run_that_was_cut_off_says_so(tmp_path: Path) -> None:
    text = markdown(run(tmp_path, header("A-1"), verdict("A-1")))
    assert text.startswith("## Inconclusive")
    assert "has no footer" in text


def hostile(tmp_path: Path) -> str:
    evidence = {"exchanges": [exchange(HOSTILE, HOSTILE)], "reproduce": HOSTILE}
    rows = [requirement(f"A-{n}") for n in range(4)]
    head = header(*rows, peer={"name": HOSTILE}, baseline=[known("A-2", HOSTILE)])
    found = [
        verdict(f"A-{n}", kind, HOSTILE, HOSTILE, evidence=evidence)
        for n, kind in enumerate(["fail", "warn", "fail", "inconclusive"])
    ]
    return markdown(run(tmp_path, head, *found, error(HOSTILE, HOSTILE), footer()))


def test_what_a_peer_says_is_text(tmp_path: Path) -> None:
    """Read by a parser of Markdown: all of it lies in code, and no tag is there but ours."""
    html = MarkdownIt("commonmark").enable("table").render(hostile(tmp_path))
    blocks = re.sub(r"<pre><code .*?</code></pre>", "", html, flags=re.DOTALL)
    tags = set(re.findall(r"</?([a-z][a-z0-9]*)", blocks))
    ours = {
        "b", "code", "details", "h2", "h3", "li", "p", "strong", "summary", "table", "tbody", "td",
        "th", "thead", "tr", "ul",
    }  # fmt: skip
    assert tags <= ours
    assert blocks.count("<details>") == blocks.count("</details>") == 2
    assert "somebody" not in re.sub(r"<code>.*?</code>", "", blocks, flags=re.DOTALL)


def test_evidence_is_left_out_before_findings_are(tmp_path: Path) -> None:
    evidence = {"exchanges": [exchange({"a": "x" * 900}, {"b": "y" * 900})]}
    names = [f"A-{number}" for number in range(300)]
    found = [verdict(name, "fail", message="wrong", evidence=evidence) for name in names]
    made = run(tmp_path, header(*names), *found, footer())
    text = markdown(made)
    assert len(text) < 60_000
    assert 3 < text.count("<details>") < 100
    assert all(f"<b>{name}</b>" in text for name in names)
    short = markdown(made, 3_000)
    assert len(short) < 3_000
    left = re.search(r"Left out here for want of room: (\d+) more\.", short)
    assert left is not None
    assert int(left[1]) + short.count("<b>") == 300


def test_many_checks_of_one_requirement_are_counted(tmp_path: Path) -> None:
    found = [verdict("A-1", "fail", f"test_{number}") for number in range(5)]
    text = markdown(run(tmp_path, header("A-1"), *found, footer()))
    assert "test_2" in text
    assert "test_3" not in text
    assert "and 2 more checks" in text


def test_it_is_written_as_it_is(tmp_path: Path) -> None:
    made = run(tmp_path, *records())
    write_markdown(made, tmp_path / "summary.md")
    assert (tmp_path / "summary.md").read_text("utf-8") == markdown(made)
