"""Every module says what it offers, and offers it."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
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


def _tree(module: str) -> ast.Module:
    return ast.parse(_path(module).read_text("utf-8"))


MODULES = _modules()
NOT_EMPTY = [module for module in MODULES if _tree(module).body]


def _said(module: str) -> list[str] | None:
    for node in _tree(module).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            value = node.value  # type: ignore[attr-defined]
            names: list[str] = ast.literal_eval(value)
            return names
    return None


def _only_a_docstring(module: str) -> bool:
    body = _tree(module).body
    return len(body) == 1 and isinstance(body[0], ast.Expr)


@pytest.mark.parametrize("module", NOT_EMPTY)
def test_module_says_what_it_offers(module: str) -> None:
    if not _only_a_docstring(module):
        assert _said(module) is not None


@pytest.mark.parametrize("module", [module for module in NOT_EMPTY if _said(module)])
def test_exports_are_there_and_told_once(module: str) -> None:
    said = _said(module) or []
    assert len(set(said)) == len(said)
    assert said == sorted(said, key=_order)
    loaded = importlib.import_module(module)
    assert [name for name in said if not hasattr(loaded, name)] == []


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


@pytest.mark.parametrize("module", [m for m in NOT_EMPTY if "." not in m or m.count(".") == 1])
def test_private_names_are_not_offered(module: str) -> None:
    assert not [name for name in _said(module) or [] if name.startswith("_")]


@pytest.mark.parametrize("room", ROOMS)
def test_public_module_has_a_docstring(room: str) -> None:
    silent = [
        module
        for module in NOT_EMPTY
        if module.split(".")[0] == room and not ast.get_docstring(_tree(module))
    ]
    assert silent == []


def test_import_says_and_changes_nothing() -> None:
    """Importing every library module prints nothing and leaves nothing running."""
    names = [m for m in NOT_EMPTY if m.split(".")[0] in ("schemas", "mockserver", "reports")]
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
