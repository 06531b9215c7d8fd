"""Makes an OpenAPI or AsyncAPI document self-contained: its types move into its components."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from schemas import pointer as json_pointer
from schemas.errors import PackError, Problem
from schemas.files import line_of, read

__all__ = ["bundle"]


def bundle(document: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """A copy of `document` in which `types/x.json` has become `#/components/schemas/x`.

    `file` is where it stands. Only the types that are reached are taken in, each once. Raises
    `PackError` for a reference to a file that is not there.
    """
    types: dict[str, Any] = {}
    bundled: dict[str, Any] = _rewrite(document, file, (), types)
    bundled.pop("$schema", None)  # of the file, and none of the dialect of JSON Schema
    components = bundled.setdefault("components", {})
    components["schemas"] = {**components.get("schemas", {}), **dict(sorted(types.items()))}
    return bundled


def _rewrite(node: Any, file: Path, at: tuple[str, ...], types: dict[str, Any]) -> Any:
    """A copy of what stands at `at` in `file`, with its references turned inward."""
    if isinstance(node, list):
        return [_rewrite(item, file, (*at, str(index)), types) for index, item in enumerate(node)]
    if not isinstance(node, dict):
        return node
    result = {key: _rewrite(value, file, (*at, key), types) for key, value in node.items()}
    target = node.get("$ref")
    if isinstance(target, str) and target.endswith(".json"):
        result["$ref"] = _take_in(target, file, (*at, "$ref"), types)
    return result


def _take_in(target: str, file: Path, at: tuple[str, ...], types: dict[str, Any]) -> str:
    name = PurePosixPath(target).stem
    if name not in types:
        folder = file.parent if file.suffix == ".json" else file.parent / "types"
        path = folder / f"{name}.json"
        if not path.exists():
            known = ", ".join(sorted(found.stem for found in folder.glob("*.json")))
            message = "refers to a type that is not there"
            raise _problem(file, at, message, target, f"the types are: {known}")
        types[name] = None  # taken before it is read: types may refer to each other in a circle
        content = read(path)
        if not isinstance(content, dict):
            raise _problem(path, (), "a type is a JSON object", content)
        types[name] = _rewrite(content, path, (), types)
        types[name].pop("$schema", None)
    return f"#/components/schemas/{name}"


def _problem(
    file: Path, at: tuple[str, ...], message: str, value: object, hint: str = ""
) -> PackError:
    return PackError(
        Problem(
            file=str(file),
            line=line_of(file, list(at)),
            pointer=json_pointer.join(at),
            message=message,
            value=value,
            hint=hint,
        )
    )
