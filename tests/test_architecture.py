"""The house keeps its arrows: who imports whom, what the pure core never touches, and size."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from schemas import protocol_ids

HOME = Path(__file__).resolve().parent.parent
ROOMS = ("schemas", "mockserver", "conformance", "reports")
OURS = (*ROOMS, "assay", "tests", "benchmarks")
LONGEST = 400

ARROWS: dict[str, set[str]] = {
    "schemas": set(),
    "mockserver": {"schemas"},
    "conformance": {"schemas", "mockserver"},
    "conformance/cli": {"schemas", "mockserver", "reports"},
    "reports": {"schemas"},
    "assay": set(),
}

# Sans-I/O: no socket, no asyncio, no wall clock, no global chance. What is left out does touch the
# world: server.py, wire/ and log.py are shells, and world.py is the one door to clock and chance.
# session.py is in: it makes a `random.Random` of its seed, and that is all that it may.
PURE = (
    "app.py",
    "bodies.py",
    "coordinator.py",
    "faults",
    "forms.py",
    "json_text.py",
    "life.py",
    "pages.py",
    "passage.py",
    "router.py",
    "scenario",
    "session.py",
    "sockets.py",
    "striking.py",
    "transcript.py",
    "verdicts.py",
    "protocols",
)
IMPURE_MODULES = {
    "aiohttp",
    "asyncio",
    "concurrent",
    "datetime",
    "http",
    "multiprocessing",
    "os",
    "queue",
    "secrets",
    "select",
    "selectors",
    "signal",
    "socket",
    "ssl",
    "subprocess",
    "sys",
    "threading",
    "urllib.request",
    "uvloop",
    "websockets",
}
ALLOWED_CALLS = {
    # durations of a request, told in the transcript; no answer depends on them
    "app.py": {"time.perf_counter", "time.monotonic"},
    "candidates.py": {"random.Random"},
    "session.py": {"random.Random"},
    "sockets.py": {"time.monotonic"},
}

PACK_FILES = ("protocol.yaml", "openapi.yaml", "requirements.yaml", "asyncapi.yaml")

HEAVY = (
    "allure_commons",
    "faker",
    "grpc",
    "hypothesis",
    "jinja2",
    "jsonschema",
    "openapi_spec_validator",
    "pytest",
    "requests",
    "schemathesis",
)


def _modules(room: str) -> list[Path]:
    return sorted((HOME / room).rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(HOME).as_posix()


ALL = [path for room in (*ROOMS, "assay") for path in _modules(room)]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


@cache
def _imports(path: Path) -> tuple[tuple[str, ast.stmt], ...]:
    """Every module that is imported anywhere in a file, by its full name."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{_name(path)} imports relatively"
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


def _room(path: Path) -> str:
    name = _name(path)
    return "conformance/cli" if name.startswith("conformance/cli/") else name.split("/")[0]


def _wrong(paths: Iterable[Path], found: Callable[[Path], object]) -> dict[str, object]:
    """What was found wrong, by the module's name."""
    wrong = {_name(path): found(path) for path in paths}
    assert wrong, "there is nothing to look at"
    return {name: each for name, each in wrong.items() if each}


def test_rooms_are_not_empty() -> None:
    assert all(len(_modules(room)) > 3 for room in ROOMS)
    assert (HOME / "assay/__main__.py") in ALL


def test_modules_import_along_the_arrows_only() -> None:
    assert _wrong(ALL, _against_the_arrows) == {}


def _against_the_arrows(path: Path) -> set[str]:
    room = _room(path)
    allowed = ARROWS[room] | {room.split("/")[0]}
    if _name(path) == "assay/__main__.py":
        allowed |= {"conformance"}
    return ({name.split(".")[0] for name, _ in _imports(path)} & set(OURS)) - allowed


def test_command_enters_the_rooms_by_one_door_and_late() -> None:
    path = HOME / "assay/__main__.py"
    ours = [(name, node) for name, node in _imports(path) if name.split(".")[0] in ROOMS]
    assert [name for name, _ in ours] == ["conformance.cli.run"]
    assert all(node.col_offset > 0 for _, node in ours), "it enters as it is imported"
    at_import = [node for node in _tree(path).body if isinstance(node, ast.ImportFrom)]
    assert {node.module for node in at_import} <= {"__future__", "pathlib"}


def test_plugin_for_users_brings_nothing_of_the_rooms() -> None:
    rooms = set(OURS) - {"assay"}
    for path in set(_modules("assay")) - {HOME / "assay/__main__.py"}:
        assert not {name.split(".")[0] for name, _ in _imports(path)} & rooms, path
    loaded = _loaded_by("import sys, assay.pytest_plugin; print(*sorted(sys.modules))")
    assert not {name.split(".")[0] for name in loaded} & rooms


# The same of what is pure elsewhere.
PURE_ELSEWHERE = (
    "conformance/mutation/breaking/breaker.py",
    "conformance/mutation/breaking/changes.py",
    "conformance/mutation/breaking/exchanges.py",
    "conformance/mutation/breaking/form_parts.py",
    "conformance/mutation/breaking/messages.py",
    "conformance/mutation/breaking/streams.py",
    "conformance/mutation/breaking/whole.py",
    "conformance/mutation/candidates.py",
    "conformance/mutation/catalogue.py",
    "conformance/mutation/catalogue_channels.py",
    "conformance/mutation/catalogue_fields.py",
    "conformance/mutation/catalogue_names.py",
    "conformance/mutation/catalogue_operations.py",
    "conformance/mutation/catalogue_places.py",
    "conformance/mutation/catalogue_rules.py",
    "conformance/mutation/catalogue_samples.py",
    "conformance/mutation/mutant.py",
    "conformance/mutation/operators.py",
    "conformance/mutation/verdicts.py",
    "conformance/proxy/changing.py",
    "conformance/proxy/connection.py",
    "conformance/proxy/frame_stream.py",
    "conformance/proxy/http_stream.py",
    "conformance/proxy/rewriting.py",
    "conformance/proxy/watch.py",
    "conformance/recording/clients.py",
    "conformance/recording/concealing.py",
    "conformance/recording/correlation.py",
    "conformance/recording/document.py",
    "conformance/recording/issued.py",
    "conformance/recording/meaning.py",
    "conformance/recording/places.py",
    "conformance/recording/records.py",
    "conformance/recording/steps.py",
    "conformance/shell.py",
    "reports/badge.py",
    "reports/baseline.py",
    "reports/baseline_file.py",
    "reports/certificate.py",
    "reports/certificate_text.py",
    "reports/comparison.py",
    "reports/diff.py",
    "reports/diff_file.py",
    "reports/diff_text.py",
    "reports/envelope.py",
    "reports/lines.py",
    "reports/matrix.py",
    "reports/matrix_file.py",
    "reports/matrix_text.py",
    "reports/requirement_set.py",
)


def _pure() -> list[Path]:
    folder = HOME / "mockserver"
    return [HOME / name for name in PURE_ELSEWHERE] + [
        module
        for name in PURE
        for module in ([folder / name] if name.endswith(".py") else (folder / name).rglob("*.py"))
    ]


def test_pure_core_is_all_but_the_shells() -> None:
    shells = {"__init__.py", "server.py", "log.py", "world.py", "authority.py"}
    left = {
        path for path in _modules("mockserver") if "wire" not in path.relative_to(HOME).parts
    } - set(_pure())
    assert {path.relative_to(HOME / "mockserver").as_posix() for path in left} == shells


def test_pure_modules_import_nothing_of_the_world() -> None:
    assert _wrong(_pure(), _of_the_world) == {}


def _of_the_world(path: Path) -> set[str]:
    shells = ("mockserver.wire", "mockserver.server", "mockserver.log")
    return {
        name
        for name, _ in _imports(path)
        if name.split(".")[0] in IMPURE_MODULES
        or any(name == each or name.startswith(f"{each}.") for each in IMPURE_MODULES)
        or name.startswith(shells)
    }


def test_pure_modules_ask_neither_clock_nor_chance() -> None:
    """Names of `time`, `random` and `uuid` are used nowhere, but for what is listed above."""
    assert _wrong(_pure(), _asks) == {}


def _asks(path: Path) -> set[str]:
    world = {"time", "random", "uuid"}
    used: set[str] = set()
    for name, node in _imports(path):
        if isinstance(node, ast.ImportFrom) and name.split(".")[0] in world:
            used.add(name)
    for each in ast.walk(_tree(path)):
        if (
            isinstance(each, ast.Attribute)
            and isinstance(each.value, ast.Name)
            and each.value.id in world
        ):
            used.add(f"{each.value.id}.{each.attr}")
    return used - ALLOWED_CALLS.get(path.name, set())


def test_schemas_ask_neither_clock_nor_chance_nor_network() -> None:
    world = {"time", "random", "socket", "asyncio", "aiohttp", "requests", "os", "sys"}
    asked = _wrong(
        _modules("schemas"), lambda path: {name.split(".")[0] for name, _ in _imports(path)} & world
    )
    assert asked == {}


def test_loader_is_the_only_reader_of_protocols() -> None:
    """No other module knows where packs lie or what their files are called.

    examples.py and lint.py are of the same house: they read what the loader's `Protocol` points
    at. bundle.py reads `types/` for the loader, openapi.py and asyncapi.py name the file at fault.
    """
    of_the_house = ("loader", "openapi", "asyncapi", "examples", "lint", "bundle")
    readers = {f"schemas/{name}.py" for name in of_the_house}
    signs = ("PROTOCOLS", ".folder", *PACK_FILES)  # only whoever says one of them need be parsed
    suspects = [path for path in ALL if any(sign in path.read_text("utf-8") for sign in signs)]
    found = {_name(path) for path in suspects if any(map(_reads_packs, ast.walk(_tree(path))))}
    assert "schemas/loader.py" in found
    assert found <= readers


def _reads_packs(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return node.value in PACK_FILES
    if isinstance(node, ast.ImportFrom):
        return any(alias.name == "PROTOCOLS" for alias in node.names)
    return isinstance(node, ast.Attribute) and node.attr == "folder"


def test_protocols_are_the_same_in_every_room() -> None:
    def packages(room: str) -> set[str]:
        folder = HOME / room / "protocols"
        folders = {path.parent.name for path in folder.glob("*/__init__.py")}
        return folders | {path.stem for path in folder.glob("*.py") if path.stem != "__init__"}

    assert set(protocol_ids()) == packages("mockserver") == packages("conformance")


def _loaded_by(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded once it ran `code`, which prints them."""
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=HOME, timeout=60, check=True)
    return set(ran.stdout.split())


def test_mock_starts_without_heavy_modules() -> None:
    loaded = _loaded_by(
        "import asyncio, sys, mockserver\n"
        "async def main():\n"
        "    async with mockserver.start('aitbc') as mock:\n"
        "        reader, writer = await asyncio.open_connection(mock.host, mock.port)\n"
        "        writer.write(b'GET /health HTTP/1.0\\r\\n\\r\\n')\n"
        "        assert b'healthy' in await reader.read()\n"
        "        writer.close()\n"
        "asyncio.run(main())\n"
        "print(*sorted(sys.modules))\n"
    )
    assert "mockserver.wire.http" in loaded
    assert not loaded & set(HEAVY)
    assert not {name for name in loaded if name.split(".")[0] in ("conformance", "reports")}


@pytest.mark.parametrize("room", ["schemas", "reports"])
def test_room_is_light_to_import(room: str) -> None:
    loaded = _loaded_by(f"import sys, {room}; print(*sorted(sys.modules))")
    assert not loaded & ({*HEAVY, "aiohttp", "asyncio"} - {"jinja2"})


def test_no_module_is_too_long() -> None:
    lines = {_name(path): len(path.read_text("utf-8").splitlines()) for path in ALL}
    assert {name: number for name, number in lines.items() if number > LONGEST} == {}
