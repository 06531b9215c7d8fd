"""Reads our own files, YAML or JSON, and holds each against its meta-schema.

The fast path only parses; where something is wrong the file is read a second time, with
positions, so that the complaint can name the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import jsonschema_rs
import orjson
import yaml

from schemas import pointer as json_pointer
from schemas.complaints import complaints
from schemas.errors import PackError, Problem

__all__ = [
    "META",
    "Lines",
    "check",
    "line_of",
    "meta_schema",
    "read",
    "read_checked",
    "read_kept",
    "read_marked",
]

_T = TypeVar("_T")

META = Path(__file__).parent / "meta"

_URN = "urn:assay:meta:"

# The C parser is ten times the speed of the other; it is there wherever libyaml was.
_Base: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _JsonLoader(_Base):  # type: ignore[misc]  # chosen at run time
    """YAML with JSON's types only: no dates, no `yes` for true, keys are text and stand once."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                what = "a key is text, and here it is a list or a mapping"
                raise yaml.constructor.ConstructorError(None, None, what, key.start_mark)
            if key.value in seen:
                what = f"the key {key.value!r} stands here twice"
                raise yaml.constructor.ConstructorError(None, None, what, key.start_mark)
            seen.add(key.value)
            key.tag = "tag:yaml.org,2002:str"  # `200:` is the text "200", as in JSON
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def _resolve(tag: str, pattern: str, first: str) -> None:
    _JsonLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


_resolve("bool", r"^(?:true|false)$", "tf")
_resolve("int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789")
_resolve("float", r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$", "-0123456789")
_JsonLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), None)


class Lines:
    """Where the values of a file stand in it."""

    def __init__(self, node: yaml.Node | None) -> None:
        self._node = node

    def line(self, steps: Sequence[str]) -> int:
        """The line, from 1, on which the value at `steps` begins; the nearest parent's if need be,
        and 0 where the file has no lines that we know of.
        """
        node = self._node
        if node is None:
            return 0
        line = node.start_mark.line
        for step in steps:
            found = _child(node, step)
            if found is None:
                break
            key, node = found
            line = key.start_mark.line
        return int(line) + 1


def read(path: Path) -> Any:
    """The content of a YAML or JSON file. Raises `PackError` where it cannot be read or parsed."""
    return parse(_bytes(path), str(path), as_json=path.suffix == ".json")


def read_marked(path: Path) -> tuple[Any, Lines]:
    """The content of a YAML file, JSON being YAML as well, and where it stands: at no more cost
    than `read`. Raises `PackError`.
    """
    text, name = _bytes(path), str(path)
    if path.suffix == ".json":
        return parse(text, name, as_json=True), Lines(_composed(path))
    return _parsed(text, name, _load_marked)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise PackError(
            Problem(file=str(path), message=f"cannot be read: {reason}", hint="check the path")
        ) from error


def _load_marked(text: bytes) -> tuple[Any, Lines]:
    loader: Any = _JsonLoader(text)
    try:
        node = loader.get_single_node()
        _refuse_circles(node, set(), set())
        return None if node is None else loader.construct_document(node), Lines(node)
    finally:
        loader.dispose()


def _refuse_circles(node: Any, above: set[int], sound: set[int]) -> None:
    """An alias may stand for what holds it, and JSON has no such thing."""
    if not isinstance(node, yaml.CollectionNode) or id(node) in sound:
        return
    if id(node) in above:
        what = "a value holds itself"
        raise yaml.constructor.ConstructorError(None, None, what, node.start_mark)
    above.add(id(node))
    for child in node.value:
        for each in child if isinstance(child, tuple) else (child,):
            _refuse_circles(each, above, sound)
    above.remove(id(node))
    sound.add(id(node))


def parse(text: bytes, name: str, *, as_json: bool) -> Any:
    """Text to data. `name` is how the file is called in complaints."""
    return _parsed(text, name, orjson.loads if as_json else _load)


def _load(text: bytes) -> Any:
    return yaml.load(text, _JsonLoader)  # noqa: S506


def _parsed(text: bytes, name: str, load: Callable[[bytes], _T]) -> _T:
    try:
        return load(text)
    except orjson.JSONDecodeError as error:
        raise PackError(
            Problem(file=name, line=error.lineno, message=f"is not JSON: {error.msg}")
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        raise PackError(
            Problem(
                file=name,
                line=mark.line + 1 if mark else 0,
                message=f"is not YAML that we read: {what}",
                hint="a key once, spaces and not tabs, quotes around text with a colon",
            )
        ) from error


def read_checked(path: Path, meta: str) -> Any:
    """`read`, then hold the content against the meta-schema of that name."""
    return _checked(read(path), meta, path)


def read_kept(path: Path, meta: str) -> Any:
    """`read_checked`, and at next to no cost where the file was read before and says the same.
    Readers share what they get: it is not to be changed.
    """
    return _kept(_bytes(path), meta, path)


@lru_cache(maxsize=8)
def _kept(text: bytes, meta: str, path: Path) -> Any:
    return _checked(parse(text, str(path), as_json=path.suffix == ".json"), meta, path)


def _checked(data: Any, meta: str, path: Path) -> Any:
    problems = list(check(data, meta, path))
    if problems:
        raise PackError(*problems)
    return data


def check(
    data: Any, meta: str, path: Path, *, line: int = 0, lines: Lines | None = None
) -> Iterator[Problem]:
    """What the meta-schema `meta` has against `data`, each with its line in the file.

    `meta` may name a part: `run-record#/$defs/verdict`. `line` is where all of `data` stands on
    one line (JSON Lines); without it, and without `lines`, the line is looked for.
    """
    validator = _meta_validator(meta)
    if validator.is_valid(data):
        return
    if not line:
        lines = lines or Lines(_composed(path))
    for steps, message, hint, _ in complaints(validator.iter_errors(data), _schema_at):
        yield Problem(
            file=str(path),
            line=lines.line(steps) if lines else line,
            pointer=json_pointer.join(steps),
            message=message,
            value=_worth_showing(data, steps),
            hint=hint,
        )


def _schema_at(address: str) -> Any:
    """The meta-schema in which a keyword stands; nothing for one of JSON Schema's own."""
    uri = address.partition("#")[0]
    return meta_schema(uri.removeprefix(_URN)) if uri.startswith(_URN) else None


@cache
def meta_schema(meta: str) -> Any:
    """The meta-schema of that name, parsed."""
    return orjson.loads((META / f"{meta}.schema.json").read_bytes())


@cache
def _meta_validator(meta: str) -> jsonschema_rs.Draft202012Validator:
    schema = {"$ref": f"{_URN}{meta}"} if "#" in meta else meta_schema(meta)
    # A retriever and not a registry: most meta-schemas refer to no other, and none is read in vain.
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True, retriever=_retrieve)


def _retrieve(uri: str) -> Any:
    """A meta-schema by its `$id`: it stands in for the network, which is never asked."""
    if not uri.startswith(_URN):
        raise LookupError(uri)
    return meta_schema(uri.removeprefix(_URN))


def line_of(path: Path, steps: list[str]) -> int:
    """The line, from 1, on which the value at `steps` begins; the nearest parent's if need be."""
    return Lines(_composed(path)).line(steps)


def _composed(path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_bytes(), yaml.SafeLoader)
    except (OSError, yaml.YAMLError):
        return None


def _child(node: yaml.Node, step: str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
        return node.value[int(step)], node.value[int(step)]
    return None


def _worth_showing(data: Any, steps: list[str]) -> object:
    value = json_pointer.dig(data, steps)
    return None if isinstance(value, dict | list) and len(repr(value)) > 120 else value
