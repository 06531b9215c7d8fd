"""Every module says what it offers, and offers it."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
ROOMS = ("schemas", "mockserver", "conformance", "reports", "assay")

# What asks for a command line, a run's environment or pytest's own loading is no library module.
_CHECKS = ("test_", "conftest")


def _modules() -> list[str]:
    names = []
    for room in ROOMS:
        for path in sorted((HOME / room).rglob("*.py")):
            parts = path.relative_to(HOME).with_suffix("").parts
            if not parts[-1].startswith(_CHECKS):
                names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def _path(module: str) -> Path:
    path = HOME.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@dataclass(frozen=True, slots=True)
class _Told:
    """What a module says of itself: `offers` is its `__all__`."""

    offers: list[str] | None
    documented: bool
    bare: bool
    """Is there nothing but a docstring?"""


@cache
def _told() -> dict[str, _Told]:
    """Of each module that is not empty."""
    trees = ((name, ast.parse(_path(name).read_text("utf-8"))) for name in _modules())
    return {name: _read(tree) for name, tree in trees if tree.body}


def _read(tree: ast.Module) -> _Told:
    documented = ast.get_docstring(tree) is not None
    return _Told(_offers(tree), documented, bare=documented and len(tree.body) == 1)


def _offers(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            value = node.value  # type: ignore[attr-defined]
            names: list[str] = ast.literal_eval(value)
            return names
    return None


def _of(room: str) -> dict[str, _Told]:
    found = {name: told for name, told in _told().items() if name.split(".")[0] == room}
    assert found
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_modules_say_what_they_offer(room: str) -> None:
    assert [n for n, told in _of(room).items() if told.offers is None and not told.bare] == []


@pytest.mark.parametrize("room", ROOMS)
def test_exports_are_there_and_told_once(room: str) -> None:
    for module, told in _of(room).items():
        said = told.offers or []
        assert len(set(said)) == len(said), module
        assert said == sorted(said, key=_order), module
        loaded = importlib.import_module(module)
        assert [name for name in said if not hasattr(loaded, name)] == [], module


def _order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as ruff sorts them."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


@pytest.mark.parametrize(
    ("package", "names"),
    [
        ("schemas", {"load", "Protocol", "Validators", "PackError"}),
        ("mockserver", {"start", "Mock", "Fault", "RunningMock"}),
        ("reports", {"Run", "write_all"}),
    ],
)
def test_package_offers_what_its_readers_are_told(package: str, names: set[str]) -> None:
    loaded = importlib.import_module(package)
    assert names <= set(loaded.__all__)


@pytest.mark.parametrize("room", ROOMS)
def test_private_names_are_not_offered(room: str) -> None:
    offered = {module: told.offers or [] for module, told in _of(room).items()}
    assert [m for m, names in offered.items() if any(n.startswith("_") for n in names)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_public_module_has_a_docstring(room: str) -> None:
    assert [module for module, told in _of(room).items() if not told.documented] == []


def test_import_says_and_changes_nothing() -> None:
    """Importing every library module prints nothing and leaves nothing running."""
    names = [name for room in ("schemas", "mockserver", "reports") for name in _of(room)]
    code = (
        "import importlib, sys, threading\n"
        f"[importlib.import_module(name) for name in {names!r}]\n"
        "assert threading.active_count() == 1\n"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        cwd=HOME,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
