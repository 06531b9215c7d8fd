"""Opens a scenario's file and every Arazzo document that it refers to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from schemas.arazzo.page import Page, nearest
from schemas.arazzo.shape import shape_problems
from schemas.errors import PackError, Problem
from schemas.files import read_marked
from schemas.loader import pack_folder, protocol_ids

__all__ = ["locate", "open_pages"]


def open_pages(path: Path) -> Page:
    """The document at `path`, with those that it refers to, each of the right shape.

    Raises `PackError` with all that is wrong with their shape, or where one can't be read.
    """
    page = _open(path, [], "", ())
    if page.problems:
        raise PackError(*page.problems)
    return page


def _open(path: Path, problems: list[Problem], prefix: str, above: tuple[Path, ...]) -> Page:
    said, lines = read_marked(path)
    found = list(shape_problems(said, path, lines))
    problems += found
    page = Page(path=path, said=said, lines=lines, problems=problems, prefix=prefix)
    for index, source in enumerate([] if found else said["sourceDescriptions"]):
        if source.get("type") == "arazzo":
            _open_nested(page, source, index, (*above, path.resolve()))
    return page


def _open_nested(
    page: Page, source: Mapping[str, Any], index: int, above: tuple[Path, ...]
) -> None:
    at = ("sourceDescriptions", str(index), "url")
    path = locate(page, source["url"], at)
    if path is None or source["name"] in page.nested:
        return
    if path.resolve() in above:
        circle = [*above[above.index(path.resolve()) :], path.resolve()]
        told = " -> ".join(each.name for each in circle)
        page.complain(at, f"the document leads back to itself: {told}", source["url"])
        return
    prefix = f"{page.prefix}{source['name']}."
    try:
        page.nested[source["name"]] = _open(path, page.problems, prefix, above)
    except PackError as error:
        page.problems += error.problems


def locate(page: Page, url: str, at: tuple[str, ...]) -> Path | None:
    """The file that a source's `url` means, or `None` and a complaint."""
    parts = urlsplit(url)
    if parts.scheme == "assay":
        path = _ours(page, unquote(parts.path), url, at)
    elif parts.scheme in ("", "file"):
        path = page.path.parent / unquote(parts.path)
    else:
        hint = "keep a copy beside the scenario, or use assay:PROTOCOL/FILE"
        page.complain(at, "is not read over the network", url, hint)
        return None
    if path is not None and not path.is_file():
        page.complain(at, "no such file", url, _beside(path))
        return None
    return path


def _ours(page: Page, name: str, url: str, at: tuple[str, ...]) -> Path | None:
    protocol, _, file = name.partition("/")
    if protocol not in protocol_ids():
        page.complain(
            at, f"{protocol} is no protocol that ships", url, nearest(protocol, protocol_ids())
        )
        return None
    return pack_folder(protocol) / file


def _beside(path: Path) -> str:
    """What there is in its place."""
    names = [each.name for each in path.parent.glob("*.yaml")] if path.parent.is_dir() else []
    return nearest(path.name, sorted(names)) if names else f"there is nothing in {path.parent}"
